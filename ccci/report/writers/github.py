"""A report as workflow commands of GitHub: the story in a group, then what is wrong. Pure.

Forgejo's and Gitea's runners take the same words. GitHub shows ten errors of a step and forgets the
others, so that the worst stand first.
"""

from collections.abc import Iterable, Iterator, Sequence

from ccci.host import sanitizer
from ccci.host.counting import counted
from ccci.report.issues import Issue, Level, of_report, scope, worst_first
from ccci.report.model import Report
from ccci.report.text import story

SHOWN = 10
"""Annotations of a kind that GitHub shows per step (docs.github.com, "Workflow commands")."""
_WORDS = {Level.ERROR: "error", Level.WARNING: "warning", Level.NOTE: "notice"}


def write(report: Report) -> str:
    """Return the story in a group, and an annotation for each thing that is wrong."""
    head = " ".join(filter(None, (f"ccci {report.command}", scope(report))))
    lines = [
        *grouped(f"{head}: {report.verdict.value}", (str(line) for line in story(report))),
        *annotations(of_report(report), head),
    ]
    return "\n".join(lines) + "\n"


END = "::endgroup::"
"""What ends a group."""


def group(title: str) -> str:
    """Return what begins a group."""
    return f"::group::{_data(title)}"


def grouped(title: str, lines: Iterable[str]) -> Iterator[str]:
    """Give lines between the two that fold them."""
    yield group(title)
    yield from map(sanitizer.log, lines)
    yield END


def annotations(issues: Sequence[Issue], head: str) -> Iterator[str]:
    """Give a command for each issue, the worst first; the tenth counts those that are not shown."""
    found = worst_first(issues)
    shown = found if len(found) <= SHOWN else found[: SHOWN - 1]
    for each in shown:
        place = {"file": each.file or "", "line": str(each.line or "")}
        title = ": ".join(filter(None, (head, each.subject, each.rule)))
        said = [each.message, f"Next: {each.hint}" if each.hint else ""]
        yield _command(_WORDS[each.level], {**place, "title": title}, said)
    if len(found) > len(shown):
        more = f"{counted(len(found) - len(shown), 'more issue')}: see the log"
        yield _command(_WORDS[found[len(shown)].level], {"title": head}, [more])


def _command(word: str, properties: dict[str, str], lines: Iterable[str]) -> str:
    known = {key: _property(text) for key, text in properties.items() if text}
    told = ",".join(f"{key}={text}" for key, text in known.items())
    return f"::{word} {told}::{'%0A'.join(_data(line) for line in lines if line)}"


def _data(text: str) -> str:
    """Escape a command's message as @actions/core does (packages/core/src/command.ts)."""
    text = sanitizer.log(text).replace("%", "%25")
    return text.replace("\r", "%0D").replace("\n", "%0A")


def _property(text: str) -> str:
    return _data(text).replace(":", "%3A").replace(",", "%2C")
