"""One compose file as it lies on the disk: read with care, parsed, its comments to us found."""

import os
import re
import stat
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.compose.events import parse
from ccci.compose.service import Place
from ccci.compose.tree import ComposeError, Map

LARGEST = 1024 * 1024
_IGNORE = re.compile(r"#\s*ccci:\s*ignore\s+(CCCI\d{3}(?:[\s,]+CCCI\d{3})*)[\s,:-]*(.*)")


@dataclass(frozen=True, slots=True)
class Fault:
    """Why docker would refuse a set, and where; `place.line` is 0 where there is no line."""

    message: str
    place: Place
    unreadable: bool = False


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment `# ccci: ignore CCCI001 reason`; `service` is None where the whole file is meant.

    It is meant for the service in whose block it stands, or that it stands right above.
    """

    place: Place
    rules: tuple[str, ...]
    reason: str
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Source:
    """One file: its name as given, its tree before variables, what is wrong with it already."""

    name: str
    path: Path
    tree: Map
    fault: Fault | None = None
    ignores: tuple[Ignore, ...] = ()


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
    try:
        tree = parse(content)
    except ComposeError as error:
        fault = Fault(error.message, Place(name, error.line))
        tree = error.kept or Map()
    ignores = _ignores(content, name, tree) if b"ccci:" in content else ()
    return Source(name, path, tree, fault, ignores)


def read_plain(path: Path, inside: Path | None = None) -> bytes:
    """Return what a plain file of moderate size holds.

    With `inside`, what leads out of that folder, by a link or by `..`, is not followed. Nothing
    that is no plain file is read, so that a pipe cannot hang us. Raise OSError, or ValueError with
    the reason.
    """
    if inside is not None and not _real(path).is_relative_to(_real(inside)):
        raise ValueError("it leads out of the folder: not followed")
    number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    try:
        status = os.fstat(number)
        if not stat.S_ISREG(status.st_mode):
            raise ValueError("no plain file: not read")
        if status.st_size > LARGEST:
            raise ValueError(
                f"{status.st_size} bytes: larger than the {LARGEST} that are read of one file"
            )
        with open(number, "rb", closefd=False) as file:
            return file.read(LARGEST + 1)
    finally:
        os.close(number)


def _real(path: Path) -> Path:
    # Path.resolve raises RuntimeError on a circle of links, which opening then reports better.
    return Path(os.path.realpath(path))


def _ignores(content: bytes, name: str, tree: Map) -> tuple[Ignore, ...]:
    lines = content.decode(errors="replace").splitlines()
    services = tree.get("services")
    starts: dict[int, str] = {}
    end = len(lines) + 1
    if isinstance(services, Map):
        starts = {line: key for key, line in services.lines.items()}
        below = [line for line in tree.lines.values() if line > tree.lines["services"]]
        end = min(below, default=end)
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
        if match:
            rules = tuple(re.findall(r"CCCI\d{3}", match[1]))
            service = around if indent else None
            ignore = Ignore(Place(name, number), rules, match[2].strip(), service)
            if indent:
                waiting.append((ignore, indent))
            else:
                found.append(ignore)
    return (*found, *(each for each, _ in waiting))
