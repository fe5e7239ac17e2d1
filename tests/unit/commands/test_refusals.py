"""What is refused of a command line is quoted harmlessly: a CI puts names of branches into it."""

import os

import pytest

from ccci import cli

HARMFUL = "\x1b[2J\x1b]0;title\x07\u202e##vso[task.complete]\n::error::mine\r##[group]"


class Refused:
    """Runs a command line that is refused, and returns what is said of it."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys

    def __call__(self, *words: str) -> str:
        with pytest.raises(SystemExit) as ended:
            cli.run(words)
        said = self._capsys.readouterr()
        assert ended.value.code == 2, said
        return said.out + said.err


@pytest.fixture
def refused(capsys: pytest.CaptureFixture[str]) -> Refused:
    return Refused(capsys)


@pytest.mark.parametrize(
    "words",
    [
        (HARMFUL,),
        (f"--{HARMFUL}",),
        (f"-{HARMFUL}", "deploy", "x"),
        ("deploy", "x", f"--{HARMFUL}"),
        ("deploy", "x", HARMFUL),
        ("deploy", HARMFUL),
        ("upgrade", "x", "--head", "a", "--repeat", HARMFUL),
        ("upgrade", "x", "--head", "a", "--soak", HARMFUL),
        ("converge", "x", "--timeout", HARMFUL),
        ("sweep", HARMFUL),
        ("sweep", "rollback-policy", "--format", HARMFUL),
        ("--completion", HARMFUL),
        ("schema", HARMFUL),
    ],
)
def test_a_refused_word_commands_no_terminal_and_no_ci(
    words: tuple[str, ...], refused: Refused
) -> None:
    said = refused(*words)
    assert not [each for each in "\x1b\x07\r\u202e" if each in said]
    assert "##vso[" not in said
    assert "##[" not in said
    assert "::error::" not in said


def test_a_secret_in_a_refused_word_is_hidden(refused: Refused) -> None:
    assert "hunter2" not in refused("deploy", "x", "--https://ann:hunter2@forge.test")
    assert "hunter2" not in refused("https://ann:hunter2@forge.test")


@pytest.mark.parametrize(
    "words", [(b"\xff\xfe",), (b"deploy", b"--\xff"), (b"deploy", b"x", b"--soak", b"\xff")]
)
def test_bytes_that_are_no_text_are_refused_and_shown(
    words: tuple[bytes, ...], refused: Refused
) -> None:
    assert "udcff" in refused(*map(os.fsdecode, words))


LONG = "a" * 5000


@pytest.mark.parametrize("path", [LONG, f"./{LONG}"])
@pytest.mark.parametrize(
    "words",
    [
        ("explain",),
        ("runs", "bundle"),
        ("sweep", "rollback-policy"),
        ("sweep", "rollback-policy", "-c"),
        ("sweep", "upgrade"),
        ("deploy", "x", "--dry-run", "--source"),
        ("deploy", "x", "--dry-run", "--overlay"),
        ("deploy", "x", "--dry-run", "--overlays"),
        ("identity", "x", "--source"),
    ],
)
def test_a_path_that_no_file_can_have_is_refused_and_not_quoted_whole(
    words: tuple[str, ...], path: str, refused: Refused
) -> None:
    said = refused(*words, path)
    assert "File name too long" in said
    assert len(said) < 1000


@pytest.mark.parametrize("name", ["CCCI_RUNS_DIR", "XDG_STATE_HOME"])
def test_a_setting_that_no_folder_can_have_is_refused(
    name: str, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("CCCI_RUNS_DIR", raising=False)
    monkeypatch.setenv(name, f"/{LONG}")
    assert "File name too long" in refused("runs")


@pytest.mark.parametrize(("value", "document"), [("off", False), ("No", False), ("on", True)])
def test_a_refusal_is_a_document_where_the_variable_asks_for_one(
    value: str, document: bool, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCCI_JSON", value)
    assert ('"exit_code": 2' in refused("upgrade", "x", "--no-such-option")) is document
