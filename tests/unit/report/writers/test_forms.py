"""Every form of a report: as it was approved, the same from a recording, harmless in any text."""

import json

import pytest
from hypothesis import given
from support.forms import ALL, ODD, SUFFIXES, rendered
from support.hostile_reports import hostile, repeated
from support.hostile_texts import DANGEROUS, TEXTS
from support.stories import GOLDEN, approved

from ccci.report.formats import FORMATS
from ccci.report.model import read
from ccci.report.rendering import render
from ccci.report.settled import settled

KEPT = ("oom", "mixed-stack", "image-missing", "thirty-of-which-two-failed", "scaled", *ODD)
LINES = tuple(form for form in SUFFIXES if form != "github")
"""The forms whose file must be nothing to a CI that prints it; the other is made of its words."""


def test_every_form_is_tried_here() -> None:
    assert set(SUFFIXES) <= set(FORMATS)
    assert set(FORMATS) - set(SUFFIXES) <= {"html"}


@pytest.mark.parametrize("form", [form for form in SUFFIXES if form != "json"])
@pytest.mark.parametrize("name", KEPT)
def test_a_report_is_written_as_it_was_approved(name: str, form: str) -> None:
    told = rendered(form, ALL[name]())
    assert told == approved(GOLDEN / "forms" / f"{name}.{SUFFIXES[form]}", told)


@pytest.mark.parametrize("name", ALL)
def test_what_was_recorded_gives_the_same_bytes_in_each_form(name: str) -> None:
    told = settled(ALL[name]())
    kept = settled(read(json.loads(render("json", told))))
    for form in SUFFIXES:
        text = render(form, told)
        assert render(form, kept) == text
        assert text.endswith("\n")
        assert not text.endswith("\n\n")


@pytest.mark.slow
@pytest.mark.parametrize("form", LINES)
@given(text=TEXTS)
def test_no_file_that_is_printed_commands_a_ci(form: str, text: str) -> None:
    for report in (hostile(text), repeated(hostile(text))):
        lines = rendered(form, report).split("\n")
        assert [line for line in lines if DANGEROUS.search(line)] == []


@given(text=TEXTS)
def test_a_report_that_is_settled_stays_so(text: str) -> None:
    once = settled(hostile(text), {"s3cretly"})
    assert settled(once, {"s3cretly"}) == once


def test_a_secret_is_hidden_in_every_form_also_where_an_escape_cuts_it() -> None:
    report = settled(hostile("x s3cr\x1b[0metly converged"), {"s3cretly", "converged"})
    for form in SUFFIXES:
        told = render(form, report)
        assert "etly" not in told
        assert "***" in told.replace("\\*", "*")
