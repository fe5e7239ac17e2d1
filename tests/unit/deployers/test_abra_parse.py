import pytest

from ccci.deployers.abra import parse
from ccci.deployers.abra.parse import Complaint, Fatal, complaint, fatal, last_words
from ccci.deployers.abra.run import Transcript, failure
from ccci.errors import CcciError, DeployRefused
from ccci.host.masking import secret_values
from ccci.host.terminal_text import plain


@pytest.mark.parametrize(
    ("line", "text"),
    [
        ("FATA deploy failed 🛑", "deploy failed 🛑"),
        ("\x1b[1;38;5;134mFATA\x1b[0m deploy timed out", "deploy timed out"),
        ("2026/06/01 12:00:00 FATA secret not generated: db", "secret not generated: db"),
        ("FATA <app/deploy.go:372> no recipe", "<app/deploy.go:372> no recipe"),
        ("FATA[0003] no recipe 'x' exists?", "no recipe 'x' exists?"),
        ('time="2022-01-01T00:00:00Z" level=fatal msg="no such app"', "no such app"),
        ("working...\rFATA deploy failed", "deploy failed"),
    ],
)
def test_the_fatal_line_is_found_in_every_dress(line: str, text: str) -> None:
    found = fatal(["INFO before", line, "after it"])
    assert found is not None
    assert found.text == text


def test_the_last_fatal_line_counts() -> None:
    found = fatal(["FATA first", "FATA second"])
    assert found is not None
    assert found.text == "second"


@pytest.mark.parametrize("line", ["FATALITY", "INFO not FATA here", "fatal: git", "", "FATAL"])
def test_what_only_looks_like_it_is_no_fatal_line(line: str) -> None:
    assert fatal([line]) is None


@pytest.mark.parametrize(
    ("text", "about"),
    [
        ("deploy timed out 🟠", Complaint.CONVERGENCE),
        ("Deploy Failed", Complaint.CONVERGENCE),
        ("unable to fetch tags: authentication required: Unauthorized", Complaint.NOT_OURS),
        ("inappropriate ioctl for device", Complaint.NOT_OURS),
        ("Cannot connect to the Docker daemon at unix:///x", Complaint.NOT_OURS),
        ("shop has locally unstaged changes?", Complaint.RECIPE),
        ("secret not generated: db", Complaint.RECIPE),
        ("anything else", Complaint.RECIPE),
    ],
)
def test_a_complaint_says_whose_it_is(text: str, about: Complaint) -> None:
    assert complaint(text) is about


def test_escapes_and_overwritten_text_are_gone() -> None:
    assert plain("\x1b]0;title\x07\x1b[2K10%\r\x1b[32m20%\x1b[0m\r\n") == "20%"


def test_the_last_words_leave_out_frames_and_blanks() -> None:
    lines = ["one", "┃ two ┃", "", "──────", "three", "four"]
    assert last_words(lines, 3) == "two; three; four"


def test_the_recipe_is_blamed_for_its_own_faults_alone() -> None:
    refused = failure("abra app deploy a", 1, ["FATA secret not generated: db"])
    assert isinstance(refused, DeployRefused)
    assert "secret not generated: db" in refused.message
    ours = failure("abra app deploy a", 1, ["FATA authentication required: Unauthorized"])
    assert type(ours) is CcciError
    assert ours.exit_code == 3


def test_an_end_without_a_fatal_line_quotes_the_last_words_unless_quiet() -> None:
    lines = ["┃ db ┃ s3cr3t-value ┃"]
    assert "s3cr3t-value" in failure("abra x", 1, lines).message
    assert "s3cr3t-value" not in failure("abra x", 1, lines, quiet=True).message


def test_secret_values_are_hidden_line_by_line() -> None:
    values = secret_values(
        {
            "DB_PASSWORD": "hunter2hunter2",
            "API_TOKEN": "tok",
            "SECRET_DB_VERSION": "v1",
            "DOMAIN": "a.test",
            "AWS_ACCESS_KEY": "",
        }
    )
    assert values == ("hunter2hunter2", "tok")
    transcript = Transcript(values)
    transcript.add("\x1b[1mDEBU\x1b[0m DB_PASSWORD=hunter2hunter2 tok")
    transcript.add("")
    # A value of three letters would hide half of the words there are.
    assert transcript.lines == ["DEBU DB_PASSWORD=*** tok"]


def test_a_fatal_says_its_text_and_what_it_is_about() -> None:
    assert fatal(["FATA deploy failed"]) == Fatal("deploy failed", Complaint.CONVERGENCE)


@pytest.mark.parametrize(
    "rows",
    [
        ["┃ db_password ┃ hUnTeR22x ┃"],
        ["\x1b[1m│ db_password │ v1 │ hUnTeR22x │\x1b[0m", "┃ NAME ┃ VALUE ┃"],
        ["shop_test_db_password_v1: hUnTeR22x"],
        ['"db_password": "hUnTeR22x",'],
        ["INFO generated secrets", "db_password_v1 hUnTeR22x"],
    ],
)
def test_values_that_abra_made_are_known_so_that_they_can_be_hidden(rows: list[str]) -> None:
    assert parse.generated(rows, {"shop_test_db_password_v1"}) == ("hUnTeR22x",)
