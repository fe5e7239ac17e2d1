"""What a task printed and what its probes said, short enough to be read. Pure."""

import re
from collections.abc import Sequence

LONGEST = 200
_PAGE = re.compile(r"<!doctype html|<html\b", re.IGNORECASE)
_TITLE = re.compile(r"<title\b[^>]{0,200}>([^<]{1,200})", re.IGNORECASE)
_READ = 20_000
"""How much of a text is looked at: a page's title stands near its beginning."""


def quoted(key: str, texts: Sequence[str], most: int) -> list[tuple[str, str]]:
    """Return the last `most` of these texts as rows, the first with a key before it."""
    return [
        (key if not number else "", f"| {text}") for number, text in enumerate(last(texts, most))
    ]


def last(texts: Sequence[str], most: int) -> list[str]:
    """Return the last `most` of these texts, equal ones as one.

    The whole texts are in the run's files; what is left out here is counted.
    """
    folded: list[tuple[str, int]] = []
    for text in texts:
        short = brief(text)
        if folded and folded[-1][0] == short:
            folded[-1] = (short, folded[-1][1] + 1)
        else:
            folded.append((short, 1))
    # The row that counts takes the place of one: what it counts is one more.
    shown = folded[-max(most - 1, 0) :] if len(folded) > most > 1 else folded[-most:]
    told = [text + (f"  ({count} times)" if count > 1 else "") for text, count in shown]
    left = sum(count for _, count in folded[: len(folded) - len(shown)])
    if left and told and most > 1:
        told.insert(0, f"… {left} earlier")
    return told


def brief(text: str) -> str:
    """Return a text of at most 200 characters; of a web page its title and what stands before."""
    page = _PAGE.search(text, 0, _READ)
    if page is not None:
        title = _TITLE.search(text, page.start(), _READ)
        named = f" {' '.join(title[1].split())!r}" if title else ""
        text = f"{text[: page.start()].strip()} (a web page{named}, {len(text)} characters)"
    text = " ".join(text[:_READ].split("\n")).strip()
    return text if len(text) <= LONGEST else text[: LONGEST - 1].rstrip() + "…"
