"""Markdown: read by a parser of CommonMark as we meant it, whatever the texts of others are."""

import re
from dataclasses import replace
from itertools import pairwise

import pytest
from hypothesis import given
from markdown_it import MarkdownIt
from markdown_it.token import Token
from support.forms import ALL, rendered
from support.hostile_reports import hostile, repeated
from support.hostile_texts import TEXTS

from ccci.report.model import Report, Status, Step
from ccci.report.writers.markdown import LONGEST

READER = MarkdownIt("commonmark", {"linkify": False}).enable("table")
OURS = re.compile(r"</?(?:details|summary|code|sub)>|Steps: [\w, ]+|\s+")
"""The tags that we write, and what stands between those of one block."""


def tokens(text: str) -> list[Token]:
    found = []
    for token in READER.parse(text):
        found += [token, *(token.children or ())]
    return found


def harmless(text: str) -> None:
    for token in tokens(text):
        assert token.type not in {"link_open", "image", "s_open"}
        if token.type in {"html_block", "html_inline"}:
            assert OURS.sub("", token.content) == ""
    # What GitHub and GitLab make of plain words: mentions, issues, addresses.
    prose = re.sub(r"^(`{3,})text\n.*?^\1$", "", text, flags=re.MULTILINE | re.DOTALL)
    assert not re.search(r"@\w|://|www\.|(?<!&)#\d", prose)


@given(TEXTS)
def test_no_text_is_a_link_an_image_a_tag_or_a_mention(text: str) -> None:
    harmless(rendered("markdown", hostile(text)))
    harmless(rendered("markdown", repeated(hostile(text))))


@pytest.mark.parametrize(
    "text", ["```", "~~~~", "`" * 50, "</details>", "```\n# head\n```", "@all"]
)
def test_no_log_line_gets_out_of_its_fence(text: str) -> None:
    report = ALL["oom"]()
    cause = report.services[0].cause
    assert cause is not None
    logs = ("before", *text.split("\n"), "after")
    service = replace(report.services[0], cause=replace(cause, logs=logs))
    found = tokens(rendered("markdown", replace(report, services=(service,))))
    (fence,) = [each for each in found if each.type == "fence"]
    assert fence.content.split("\n")[:-1] == [*logs]


def headings(text: str) -> list[str]:
    pairs = pairwise(tokens(text))
    return [after.content for each, after in pairs if each.type == "heading_open"]


def test_the_headline_says_how_it_ended_and_each_failure_has_its_own() -> None:
    text = rendered("markdown", ALL["thirty-of-which-two-failed"]())
    assert headings(text)[0].endswith(": rolled back (exit 10)")
    assert len(headings(text)) == 3
    assert "2 of 30 services failed" in text
    assert text.index("worker-01</code> | rolled back") < text.index("28 others: ")


@pytest.mark.parametrize("name", ALL)
def test_the_next_step_and_the_end_are_told(name: str) -> None:
    report = ALL[name]()
    text = rendered("markdown", report)
    assert f"(exit {report.exit_code})" in text.split("\n")[0]
    assert ("**Next:**" in text) is bool(
        report.hint or any(each.cause and each.cause.hint for each in report.services)
    )
    harmless(text)


def huge() -> Report:
    word = "<@x>" * 60
    bad = ALL["oom"]().services[0]
    assert bad.cause is not None
    cause = replace(bad.cause, logs=(word,) * 12, detail=word, hint=word, health=(word,) * 3)
    services = tuple(replace(bad, name=f"{word}{number}", cause=cause) for number in range(120))
    return replace(
        ALL["upgrade-rolled-back"](),
        services=services,
        summary=word,
        notes=tuple(f"{word}{number}" for number in range(40)),
        steps=tuple(Step(word, Status.FAILED, 1.0, f"{word}{number}") for number in range(120)),
    )


@pytest.mark.slow
def test_a_page_is_never_longer_than_a_comment_may_be() -> None:
    for report in (huge(), replace(huge(), services=huge().services[:1])):
        text = rendered("markdown", report)
        assert len(text.encode()) <= LONGEST
        assert " more" in text
        assert text.count("<details>") == text.count("</details>") == 1
        harmless(text)
