"""The next step by the last words of a task's log. Pure text.

What a program says last is why it ended: the lines are read from the last one up, over what only
tells that it ends (frames of a stack, `aborting`, the words of whoever started it), to the first
that names a fault. A warning is none, for the program went on after it.
"""

import re
from collections.abc import Sequence
from functools import cache


def step(lines: Sequence[str]) -> str:
    """Return the next step that the last words of a log ask for, or nothing."""
    for line in reversed(lines):
        if _frame().search(line) or _warning().search(line):
            continue
        for words, found in _rows():
            if words.search(line):
                return found
        if _fault().search(line) and not _ending().search(line):
            return ""
    return ""


@cache
def _frame() -> re.Pattern[str]:
    """Show where JavaScript, Java, Python or PHP was."""
    return re.compile(r'^\s+at |^\s+File "|^\s*#\d+ ')


@cache
def _warning() -> re.Pattern[str]:
    return re.compile(
        r"\b(?:warn(?:ing)?|notice|info|debug|trace)\b|\bignor(?:ed|ing)\b|\bskipp(?:ed|ing)\b"
        r"|\bnon-fatal\b|\bretrying\b",
        re.IGNORECASE,
    )


@cache
def _fault() -> re.Pattern[str]:
    return re.compile(
        r"error|exception|\b(?:fatal|panic|critical|emerg|fail(?:ed|ure)?|cannot|can't|could not"
        r"|couldn't|unable|denied|missing|invalid|required|not found|not set|refused|undefined"
        r"|unknown|usage)\b",
        re.IGNORECASE,
    )


@cache
def _ending() -> re.Pattern[str]:
    """Tell that it ends, and not why."""
    return re.compile(
        r"\babort(?:ed|ing)?\b|\bexit(?:ed|ing|s)?\b|\bshut(?:ting)? ?down\b|\bshutdown\b"
        r"|\bterminat(?:ed|ing)\b|\bstopp(?:ed|ing)\b|\bgiving up\b|\bcommand failed\b"
        r"|^npm (?:ERR!|error)|\bELIFECYCLE\b|\bcould not bind\b",
        re.IGNORECASE,
    )


# What PostgreSQL says of a grant: `permission denied for table users`, `… to create role`.
_SQL = (
    r"permission denied (?:for (?:table|relation|schema|database|sequence|function|procedure"
    r"|language|view|materialized|type|tablespace|column|foreign|large object|operator)\b"
    r"|to (?:create|alter|drop|set|copy|execute|terminate|reload)\b)|\bmust be owner of\b"
)

_TABLE: tuple[tuple[str, str], ...] = (
    (
        r"exec format error",
        (
            "the image is built for another platform than the node's: build it for that "
            "(`docker buildx build --platform`), or constrain the service to nodes that fit"
        ),
    ),
    (
        r"heap out of memory|outofmemoryerror|cannot allocate memory",
        (
            "it reached a limit of memory of its own: raise that one (`NODE_OPTIONS`, `-Xmx`), and "
            "`deploy.resources.limits.memory` where it is lower"
        ),
    ),
    (
        r"no space left on device",
        "make room on the disk of the node, or of the volume it writes to",
    ),
    (
        r"address already in use|eaddrinuse",
        "inside of the container the address is taken: let only one of its processes listen there",
    ),
    (
        _SQL,
        (
            "its database does not let it do that: grant it to the user that the app logs in with, "
            "or give the app another one"
        ),
    ),
    (
        r"permission denied|operation not permitted|eacces",
        (
            "its user may not use what it names: mend `user:`, the `mode:`, `uid:` of its secrets "
            "and configs, or the owner of its volume"
        ),
    ),
    (
        r"read-only file system|\berofs\b",
        "it writes where it may not: mount a volume or a tmpfs there, or drop `read_only`",
    ),
)


def steps() -> tuple[str, ...]:
    """Return every next step that a log may ask for."""
    return tuple(found for _, found in _TABLE)


@cache
def _rows() -> tuple[tuple[re.Pattern[str], str], ...]:
    return tuple((re.compile(text, re.IGNORECASE), found) for text, found in _TABLE)
