"""One compose file as it lies on the disk: read with care, parsed, its comments to us found."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.compose.events import Texts, read
from ccci.compose.service import Place
from ccci.compose.tree import ComposeError, Map, Older
from ccci.plain_file import read_plain

_IGNORE = re.compile(r"(?:^|(?<=\s))#\s*ccci:\s*ignore\b[\s:]*(.*)")
_RULES = re.compile(r"(?:(?:ccci|all\b)\w*[\s,:-]*)*", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Fault:
    """Why docker would refuse a set, and where; `place.line` is 0 where there is no line.

    `needs` names the variables or files whose absence is all that is wrong, where that is so.
    """

    message: str
    place: Place
    unreadable: bool = False
    needs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment `# ccci: ignore CCCI001 reason`; `service` is None where the whole file is meant.

    It is meant for the service in whose block it stands, or that it stands right above. `rules` are
    in capitals, as written: whether there is such a rule is not known here.
    """

    place: Place
    rules: tuple[str, ...]
    reason: str
    service: str | None = None


Answered = frozenset[tuple[str, str | None]]
"""Rules that comments answer, each with the service that is meant, None for the whole file."""


def answered_by(ignores: Iterable[Ignore]) -> Answered:
    """Return what these comments answer."""
    return frozenset((rule, each.service) for each in ignores for rule in each.rules)


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name as given, its tree before variables, what is wrong with it already.

    `older` is what docker CLIs before 28.0 read in another way.
    """

    name: str
    path: Path
    tree: Map
    fault: Fault | None = None
    ignores: tuple[Ignore, ...] = ()
    older: tuple[Older, ...] = ()


def open_source(
    name: str, path: Path, *, inside: Path | None = None, content: bytes | None = None
) -> Source:
    """Return a file read and parsed; `name` is what to call it, `content` stands for what it holds.

    With `inside`, a link that leads out of that folder is not followed. Nothing that is no plain
    file is opened, so that a pipe cannot hang us. Every trouble is the source's `fault`.
    """
    try:
        content = read_plain(path, inside) if content is None else content
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        return Source(name, path, Map(), Fault(reason, Place(name, 0), unreadable=True))
    fault = None
    older: tuple[Older, ...] = ()
    try:
        tree, older = read(content)
    except ComposeError as error:
        fault = Fault(error.message, Place(name, error.line))
        tree = error.kept or Map()
    ignores = _ignores(content, name, tree) if b"ccci:" in content else ()
    return Source(name, path, tree, fault, ignores, older)


def _ignores(content: bytes, name: str, tree: Map) -> tuple[Ignore, ...]:
    lines = content.decode(errors="replace").splitlines()
    services = tree.get("services")
    starts: dict[int, str] = {}
    end = len(lines) + 1
    if isinstance(services, Map):
        starts = {line: key for key, line in services.lines.items()}
        below = [line for line in tree.lines.values() if line > tree.lines["services"]]
        end = min(below, default=end)
    texts = Texts(content)
    found: list[Ignore] = []
    around: str | None = None
    waiting: list[tuple[Ignore, int]] = []
    for number, line in enumerate(lines, 1):
        indent = len(line) - len(line.lstrip())
        if line.strip() and line[indent] != "#":
            # Comments right above a service speak of it, unless they are set in deeper.
            above = starts.get(number)
            found += [
                replace(each, service=above) if above and column <= indent else each
                for each, column in waiting
            ]
            waiting = []
            around = above or (around if number < end else None)
        match = _IGNORE.search(line)
        if match and not texts.hold(number, match.start() + 1):
            named = _RULES.match(match[1])
            words = named[0] if named else ""
            rules = tuple(re.findall(r"\w+", words.upper()))
            service = around if indent else None
            ignore = Ignore(Place(name, number), rules, match[1][len(words) :].strip(), service)
            if indent:
                waiting.append((ignore, indent))
            else:
                found.append(ignore)
    return (*found, *(each for each, _ in waiting))
