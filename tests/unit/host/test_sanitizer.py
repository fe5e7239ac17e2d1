"""Whatever others write, no reader of ours obeys it: each kind of reader, any text."""

import html as entities
import html.parser
import json
import re
import unicodedata
from collections.abc import Callable
from time import process_time
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from support.hostile_texts import COMMANDS, DANGEROUS, TEXTS

from ccci.host import sanitizer


def is_plain(text: str, *, keeping: str = "\t") -> bool:
    kinds = {"Cc", "Cf", "Cs", "Zl", "Zp"}
    return all(each in keeping or unicodedata.category(each) not in kinds for each in text)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b[2J\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("\x1b]8;;http://x\x1b\\link\x1b]8;;\x1b\\", "link"),
        ("\x9b31mred", "red"),
        ("disk\rprogress", "disk progress"),
        ("a\x00b\nc", "a b c"),
        ("adm\u200bin \u202etxt.exe", "admin txt.exe"),
        ("tab\tstays, so do é and 日本", "tab\tstays, so do é and 日本"),
        ("half \ud83d", "half \\ud83d"),
        ("ends\r\n", "ends"),
    ],
)
def test_a_line_says_the_words_and_does_nothing(given_text: str, shown: str) -> None:
    assert sanitizer.line(given_text) == shown


@pytest.mark.parametrize("command", COMMANDS)
@pytest.mark.parametrize("before", ["", "  ", "text ", "\x1b[0K", "\u200b"])
def test_no_line_of_a_log_is_a_command_to_the_ci(command: str, before: str) -> None:
    shown = sanitizer.log(before + command)
    assert not DANGEROUS.search(shown)
    assert is_plain(shown)


def test_names_with_two_colons_and_addresses_are_left_as_they_are() -> None:
    for text in ("ActiveRecord::Base::x", "fe80::1", "a::b", "# heading", "## [x]"):
        assert sanitizer.log(text) == text


@given(TEXTS)
def test_any_text_is_one_plain_line_of_a_log(text: str) -> None:
    shown = sanitizer.log(text)
    assert is_plain(shown)
    assert not DANGEROUS.search(shown)
    assert sanitizer.log(shown) == shown


@given(TEXTS)
def test_any_text_keeps_its_lines_where_lines_are_wanted(text: str) -> None:
    assert is_plain(sanitizer.lines(text), keeping="\t\n")
    assert "\n" not in sanitizer.line(text)


class Tags(html.parser.HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.seen: list[str] = []
        self.words = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.seen.append(f"{tag} {attrs}")

    def handle_data(self, data: str) -> None:
        self.words += data


@given(TEXTS)
def test_any_text_in_html_and_xml_is_text(text: str) -> None:
    tags = Tags()
    tags.feed(f"<p title='{sanitizer.html(text)}'>{sanitizer.html(text)}</p>")
    tags.close()
    assert tags.seen == [f"p {[('title', sanitizer.lines(text))]}"]
    assert tags.words == sanitizer.lines(text)
    tree = ET.fromstring(  # noqa: S314 -- made by us
        f'<a b="{sanitizer.xml(text)}">{sanitizer.xml(text)}</a>'
    )
    assert (tree.text or "") == sanitizer.lines(text)


LIVE = re.compile(r"(?<!\\)[\[\]<>`!*_|~]|://|www\.|@\w|\n")


@given(TEXTS)
def test_any_text_in_markdown_is_no_link_image_tag_mention_or_cell(text: str) -> None:
    assert not LIVE.search(sanitizer.markdown(text))
    code = sanitizer.markdown_code(text)
    assert not LIVE.search(code.removeprefix("<code>").removesuffix("</code>"))


@given(TEXTS)
def test_any_document_is_ascii_without_commands_and_says_the_same(text: str) -> None:
    value = {"summary": text, "diff": text, "list": [text, 1, None], text: True}
    clean = sanitizer.document(value)
    printed = sanitizer.json_text(json.dumps(clean, indent=2))
    assert json.loads(printed) == clean
    assert printed.isascii()
    assert not any(DANGEROUS.search(line) for line in printed.split("\n"))
    assert is_plain(clean["summary"])


@pytest.mark.slow
@pytest.mark.parametrize(
    "bomb",
    ["\x1b]", "\x9d", "\x1b[", "\x1b[0", "##a", "##", "::", "::error", "section_start", " "],
)
@pytest.mark.parametrize("clean", [sanitizer.log, sanitizer.markdown, sanitizer.html])
def test_a_long_text_takes_no_time(bomb: str, clean: Callable[[str], str]) -> None:
    text = bomb * (200_000 // len(bomb))
    before = process_time()
    clean(text)
    assert process_time() - before < 5


@pytest.mark.parametrize("make", [sanitizer.html, sanitizer.markdown, sanitizer.markdown_code])
def test_what_is_for_a_page_commands_no_ci_where_it_is_printed(make: Callable[[str], str]) -> None:
    for command in COMMANDS:
        assert not any(DANGEROUS.search(line) for line in make(command).split("\n")), command
    assert entities.unescape(sanitizer.html("a::b ##vso[x]")) == "a::b ##vso[x]"
