"""What abra printed, read by people's rules: no colours, one fatal line, what it means; pure."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from ccci.host.terminal_text import plain
from ccci.swarm.judge.wrapped_messages import fatal_of

_SHORTEST_VALUE = 4
_VERSION = re.compile(r"v\d+$")
_FRAME = re.compile(r"[│┃┌┐└┘─━╭╮╰╯█▀▄]+")


class Complaint(StrEnum):
    """What a fatal line of abra is about."""

    CONVERGENCE = "convergence"
    NOT_OURS = "not-ours"
    RECIPE = "recipe"


# Loosely matched: the texts are translatable (abra calls i18n on them), so LC_ALL=C is set too.
# Each was seen in public logs of abra 0.13.0-beta in recipe-maintainers/cc-ci.
_CONVERGENCE = (
    "deploy timed out",  # cc-ci docs/runbook.md: a cold pull outlasts the 300 s of TIMEOUT
    "deploy failed",  # cc-ci commit 7dab4f5: a task still in its start_period
)
_NOT_OURS = (
    "authentication required",  # cc-ci docs/runbook.md: a private origin
    "inappropriate ioctl",  # no terminal where abra wants one
    "cannot connect to the docker daemon",
    "could not open a new tty",
)


@dataclass(frozen=True, slots=True)
class Fatal:
    """Why abra gave up: its own words, and what they are about."""

    text: str
    complaint: Complaint


def fatal(lines: Iterable[str]) -> Fatal | None:
    """Return why abra gave up, from the last fatal line of what it printed, or None.

    The line comes on standard output in 0.13.0-beta (cc-ci commit d87cb8e), so no stream is
    preferred: both are read as one.
    """
    for line in reversed([plain(line) for line in lines]):
        said = fatal_of(line)
        if said is not None:
            return Fatal(said or line, complaint(said))
    return None


def complaint(text: str) -> Complaint:
    """Say what a fatal text is about: abra's own waiting, our machine, or the recipe."""
    lowered = text.lower()
    if any(words in lowered for words in _CONVERGENCE):
        return Complaint.CONVERGENCE
    if any(words in lowered for words in _NOT_OURS):
        return Complaint.NOT_OURS
    return Complaint.RECIPE


def generated(lines: Iterable[str], names: Iterable[str]) -> tuple[str, ...]:
    """Return what may be values in the rows that name secrets: each word that is no name of one.

    How `app secret generate` prints them is written down nowhere, and differs between releases. A
    word too many only hides a word; `names` are those on the swarm, `<stack>_<secret>_<version>`.
    """
    known = {part for name in names for part in (name, *_parts(name))}
    found: dict[str, None] = {}
    for line in lines:
        cells = _FRAME.sub(" ", plain(line)).replace("|", " ").split()
        words = [cell.strip('",:;') for cell in cells]
        if known.isdisjoint(words):
            continue
        found |= dict.fromkeys(
            value
            for value in words
            if value not in known and len(value) >= _SHORTEST_VALUE and not _VERSION.match(value)
        )
    return tuple(found)


def _parts(name: str) -> tuple[str, ...]:
    """Return what a secret may be called in a row: without its stack, and without its version."""
    words = name.split("_")
    return tuple("_".join(words[begin:end]) for begin in range(1, len(words)) for end in (-1, None))


def last_words(lines: Iterable[str], count: int = 3) -> str:
    """Return the last lines that say something, joined: no blank ones, no frames of tables."""
    said = [_FRAME.sub(" ", plain(line)).strip() for line in lines]
    return "; ".join([line for line in said if line][-count:])
