"""A compose file for people, without the values that its services are given. Pure.

Whatever a recipe puts together from an app's settings may be secret (`postgres://user:…`), so that
of variables only the names are shown, and of labels and build arguments those that sound secret.
"""

import re
from collections.abc import Iterable, Iterator

from ccci.compose.events import parse
from ccci.compose.tree import ComposeError, Map, Seq
from ccci.compose.writing import written
from ccci.host.masking import HIDDEN
from ccci.host.secret_values import sounds_secret

_DOCUMENT = re.compile(r"^---\n", re.MULTILINE)


def without_values(text: str) -> str:
    """Return the text of compose files, one after the other, without their secrets.

    What docker wrote, a key a line, keeps its looks; a file of another style is written anew. One
    that cannot be read is left out: it may hold anything.
    """
    return "---\n".join(_hidden(each) for each in _DOCUMENT.split(text))


def _hidden(text: str) -> str:
    try:
        tree = parse(text.encode("utf-8", "surrogateescape"))
    except (ComposeError, ValueError):
        return "# left out: it cannot be read\n" if text.strip() else text
    found = list(_secrets(tree))
    lines = text.split("\n")
    if all(_stands_alone(lines, holder, key) for holder, key in found):
        begins = {holder.line_of(str(key)) - 1 for holder, key in found if isinstance(holder, Map)}
        return "\n".join(_without(lines, sorted(begins)))
    for holder, key in found:
        if isinstance(holder, Map):
            holder[str(key)] = HIDDEN
        elif isinstance(key, int):
            holder[key] = f"{str(holder[key]).partition('=')[0]}={HIDDEN}"
    head = "".join(f"{line}\n" for line in lines[:1] if line.startswith("#"))
    return head + written(tree).replace("$$", "$")


def _secrets(tree: Map) -> Iterator[tuple[Map | Seq, str | int]]:
    """Yield where each value that is not shown stands."""
    services = tree.get("services")
    for service in services.values() if isinstance(services, Map) else ():
        if not isinstance(service, Map):
            continue
        deploy, build = service.get("deploy"), service.get("build")
        yield from _entries(service.get("environment"), every=True)
        yield from _entries(service.get("labels"), every=False)
        if isinstance(deploy, Map):
            yield from _entries(deploy.get("labels"), every=False)
        if isinstance(build, Map):
            yield from _entries(build.get("args"), every=False)


def _entries(holder: object, *, every: bool) -> Iterator[tuple[Map | Seq, str | int]]:
    if isinstance(holder, Map):
        for name, value in holder.items():
            if value not in {None, ""} and (every or sounds_secret(name)):
                yield holder, name
    elif isinstance(holder, Seq):
        for number, entry in enumerate(holder):
            name, equals, _ = str(entry).partition("=")
            if equals and (every or sounds_secret(name)):
                yield holder, number


def _stands_alone(lines: list[str], holder: Map | Seq, key: str | int) -> bool:
    """Say whether a value has lines of its own, which begin with its key."""
    if not isinstance(holder, Map):
        return False
    line = holder.line_of(str(key))
    key_alone = rf"\s*['\"]?{re.escape(str(key))}['\"]?:(\s|$)"
    block = 0 < line <= len(lines) and re.match(key_alone, lines[line - 1])
    return bool(block) and not lines[line - 1].rstrip().endswith((",", "}", "{"))


def _without(lines: list[str], begins: Iterable[int]) -> list[str]:
    """Return lines without the values that begin in these, and what belongs to them below."""
    found: list[str] = []
    done = 0
    for begin in begins:
        if begin < done:
            continue
        key = re.match(r"\s*(?:'[^']*'|\"(?:[^\"\\]|\\.)*\"|[^:]+):", lines[begin])
        found += lines[done:begin]
        found.append(f"{key[0] if key else ''} '{HIDDEN}'")
        done = _end_of(lines, begin)
    return found + lines[done:]


def _end_of(lines: list[str], begin: int) -> int:
    """Return the line behind the value that begins in one: deeper lines and blanks are its own."""
    end = at = begin + 1
    while at < len(lines) and (not lines[at].strip() or _margin(lines[at]) > _margin(lines[begin])):
        at += 1
        end = at if lines[at - 1].strip() else end
    return end


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))
