"""Lines of a width: nothing is lost, no line is too long, however long a stranger's text is."""

import unicodedata
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from support.examples import examples

from ccci.report import layout
from ccci.report.columns import columns
from ccci.report.layout import Row, laid_out

WIDTH = 40
COMMAND = "run `docker service ps app` "


def filled_one_by_one(text: str, room: int) -> Iterator[str]:
    """Yield the lines of a text as they would be filled by hand, each from what is left."""
    while columns(text) > room:
        head = next(
            text[:end] for end in range(len(text), 0, -1) if columns(text[:end]) <= room + 1
        )
        at = head.rfind(" ")
        if at > 0:
            yield text[:at].rstrip()
            text = text[at:].lstrip()
            continue
        head = next(text[:end] for end in range(len(text), 0, -1) if columns(text[:end]) <= room)
        yield head
        text = text[len(head) :]
        if not text:
            return
    if text:
        yield text


@given(some.text(some.sampled_from("ab  é漢\u0301"), min_size=1, max_size=200))
@settings(max_examples=examples(500))
def test_a_text_is_broken_where_it_would_be_by_hand(text: str) -> None:
    expected = list(filled_one_by_one(text, WIDTH))
    lines = [line.text for line in laid_out([Row("", text)], WIDTH)]
    assert lines == (expected or [text])
    assert all(columns(line) <= WIDTH for line in lines)


@pytest.mark.parametrize(
    "text", ["é" * 5000, "é " * 2500, "漢" * 5000, f"é{COMMAND}" * 200], ids=lambda text: text[:4]
)
def test_each_character_is_looked_at_a_few_times_alone(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = 0
    width_of = unicodedata.east_asian_width

    def counted(character: str) -> str:
        nonlocal looked
        looked += 1
        return width_of(character)

    monkeypatch.setattr(unicodedata, "east_asian_width", counted)
    assert len(laid_out([Row("", text)], WIDTH)) > 100
    assert looked < 10 * len(text)


def test_of_a_text_full_of_commands_each_is_found_once(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []
    blanks = layout._BLANKS

    class Counted:
        @staticmethod
        def finditer(text: str, begin: int, end: int = 2**31) -> object:
            asked.append((begin, min(end, len(text))))
            return blanks.finditer(text, begin, end)

    monkeypatch.setattr(layout, "_BLANKS", Counted)
    lines = laid_out([Row("", COMMAND * 300)], WIDTH)
    assert sum(str(line).count("docker") for line in lines) == 300
    assert sum(end - begin for begin, end in asked) <= len(COMMAND * 300)
