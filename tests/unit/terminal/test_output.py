"""Whatever text reaches the printers, what comes out is plain, and each message is one line."""

import contextlib
import io
import json
import re
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.hostile_reports import hostile
from support.hostile_texts import COMMANDS, DANGEROUS, TEXTS

from ccci import __version__
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.report.layout import Row
from ccci.report.model import Report
from ccci.terminal import bugs
from ccci.terminal.output import Output
from ccci.terminal.story import tell, tell_error, tell_rows

MESSAGES: list[Callable[[Output, str], object]] = [
    lambda output, text: output.progress(text),
    lambda output, text: output.detail(text),
    lambda output, text: output.warn(text),
    lambda output, text: output.command_line(text),
    lambda output, text: output.command_error(text),
    lambda output, text: output.text(text),
    lambda output, text: tell_error(CcciError(text, "hint"), output, "converge"),
    lambda output, text: tell_error(CcciError("message", text), output, "converge"),
]


@contextlib.contextmanager
def printed() -> Iterator[tuple[io.StringIO, io.StringIO]]:
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        yield out, err


def plain(text: str) -> bool:
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return all(each in "\t\n" or unicodedata.category(each) not in kinds for each in text)


def harmless(text: str) -> bool:
    return plain(text) and not any(DANGEROUS.search(line) for line in text.split("\n"))


@pytest.mark.parametrize("say", MESSAGES)
def test_no_message_commands_the_ci_that_shows_it(say: Callable[[Output, str], object]) -> None:
    obeyed = {}
    for command in COMMANDS:
        with printed() as (out, err):
            say(Output(verbosity=1), command)
            say(Output(verbosity=1), f"first\n{command}")
        if not harmless(out.getvalue() + err.getvalue()):
            obeyed[command] = out.getvalue(), err.getvalue()
    assert not obeyed


@given(st.sampled_from(MESSAGES), TEXTS)
def test_any_message_is_one_plain_line(say: Callable[[Output, str], object], text: str) -> None:
    with printed() as (out, err):
        say(Output(verbosity=1), text)
    said = out.getvalue() + err.getvalue()
    assert harmless(said)
    assert said.count("\n") == len(re.findall(r"^(?:UNABLE: |  next\b)", said, re.MULTILINE)) or (
        said.count("\n") == 1
    )


@given(TEXTS)
def test_any_story_is_plain_and_has_as_many_lines_whatever_the_texts_say(text: str) -> None:
    with printed() as (out, _):
        tell(hostile(text), Output())
    assert harmless(out.getvalue())


@given(TEXTS)
def test_any_report_as_json_is_one_document_whose_texts_are_plain(text: str) -> None:
    with printed() as (out, _):
        tell(hostile(text), Output(json=True))
    assert out.getvalue().isascii()
    document = json.loads(out.getvalue())
    for told in (document["summary"], document["services"][0]["cause"]["logs"][0]):
        assert plain(told)
        assert "\n" not in told


def test_a_bug_is_told_without_the_escapes_that_are_in_its_message() -> None:
    with printed() as (_, err):
        bugs.tell(
            "Traceback:\n  ValueError: \x1b[2J::set-env name=x::y\n::error::z\n", Output(), "runs"
        )
    assert harmless(err.getvalue())
    assert len(err.getvalue().splitlines()) == 5


def test_a_bug_is_told_with_the_version_and_with_where_to_report_it() -> None:
    with printed() as (_, err):
        bugs.tell("Traceback", Output(), "runs")
    about = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text())["project"]
    assert f"ccci {__version__} met a bug" in err.getvalue()
    assert about["urls"]["Issues"] in err.getvalue()


@pytest.fixture
def plain_surroundings(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name in ("NO_COLOR", "FORCE_COLOR", "COLUMNS", "TERM"):
        monkeypatch.delenv(name, raising=False)
    return monkeypatch


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


BAD = Report("converge", Verdict.UNSTABLE, "app does not stay up")


def told(stream: io.StringIO) -> str:
    with contextlib.redirect_stdout(stream):
        tell(BAD, Output())
    return stream.getvalue()


def test_a_terminal_is_given_colour_and_a_log_is_not(
    plain_surroundings: pytest.MonkeyPatch,
) -> None:
    line = "UNSTABLE: app does not stay up (exit 14)"
    assert told(Terminal()) == f"\x1b[31m{line}\x1b[0m\n"
    assert told(io.StringIO()) == f"{line}\n"
    plain_surroundings.setenv("FORCE_COLOR", "1")
    assert told(io.StringIO()) == f"\x1b[31m{line}\x1b[0m\n"
    plain_surroundings.setenv("NO_COLOR", "1")
    assert told(Terminal()) == f"{line}\n"
    plain_surroundings.delenv("NO_COLOR")
    plain_surroundings.delenv("FORCE_COLOR")
    plain_surroundings.setenv("TERM", "dumb")
    assert told(Terminal()) == f"{line}\n"


def test_lines_are_wrapped_to_the_width_that_is_known(
    plain_surroundings: pytest.MonkeyPatch,
) -> None:
    plain_surroundings.setenv("COLUMNS", "30")
    assert told(io.StringIO()) == "UNSTABLE: app does not stay up\n  (exit 14)\n"
    for odd in ("many", "9" * 5000):
        plain_surroundings.setenv("COLUMNS", odd)
        assert len(told(io.StringIO()).splitlines()) == 1


def test_with_json_the_story_goes_to_standard_error_unless_quiet() -> None:
    with printed() as (out, err):
        assert tell(BAD, Output(json=True)) == 14
    assert json.loads(out.getvalue())["verdict"] == "unstable"
    assert err.getvalue().startswith("UNSTABLE: ")
    with printed() as (out, err):
        tell(BAD, Output(json=True, verbosity=-1))
    assert err.getvalue() == ""


def test_what_is_known_to_be_secret_is_hidden_in_all_that_is_printed() -> None:
    output = Output(verbosity=1)
    output.keep_secret(["s3cretly", "aB3dE"])
    with printed() as (out, err):
        for say in MESSAGES:
            say(output, "x s3cr\x1b[0metly and aB3dE and https://u:t0k3n@h/x")
        tell(replace(BAD, summary="it says s3cretly", notes=("s3cretly " * 30,)), output)
    said = out.getvalue() + err.getvalue()
    assert "***" in said
    assert not any(secret in said for secret in ("s3cr", "etly", "aB3dE", "t0k3n"))


def test_a_secret_that_is_wrapped_is_hidden_first(
    plain_surroundings: pytest.MonkeyPatch,
) -> None:
    plain_surroundings.setenv("COLUMNS", "30")
    output = Output()
    output.keep_secret(["two words that are one secret of somebody"])
    with printed() as (out, _):
        tell(replace(BAD, summary="says two words that are one secret of somebody"), output)
    assert "two words" not in out.getvalue()


def test_rows_stand_beside_a_copy_that_has_standard_output(
    plain_surroundings: pytest.MonkeyPatch,
) -> None:
    output = Output()
    plain_surroundings.setattr(output.copies, "streamed", True)
    with printed() as (out, err):
        tell_rows([Row("a row")], output)
    assert (out.getvalue(), err.getvalue()) == ("", "a row\n")
