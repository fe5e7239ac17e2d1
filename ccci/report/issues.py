"""What is wrong, one thing each, as code hosts take it: a rule, a level, words, a place. Pure.

A run has one for each service that failed, a sweep one for each finding; the writers of SARIF, of
annotations and of Code Quality reports know nothing else.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256

from ccci.exits import WORST_FIRST
from ccci.report import services_text
from ccci.report.model import Report, ServiceReport
from ccci.report.quoting import brief
from ccci.report.services_text import words


class Level(StrEnum):
    """How bad an issue is; the values are SARIF's."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"


@dataclass(frozen=True, slots=True)
class Issue:
    """One thing that is wrong.

    `subject` is the service (empty for the whole), `scope` the recipe or stack; `file` is None
    where nobody knows in which file it would be put right. `fingerprint` stays when lines move.
    """

    rule: str
    level: Level
    scope: str
    subject: str
    message: str
    hint: str
    fingerprint: str
    file: str | None = None
    line: int | None = None

    @property
    def name(self) -> str:
        """Return whose it is: the scope and the service."""
        return "/".join(each for each in (self.scope, self.subject) if each)

    @property
    def place(self) -> str:
        """Return a path for readers that insist on one: whose it is, where no file is known."""
        return self.file or self.name or "ccci"


def is_refusal(report: Report) -> bool:
    """Say whether a report tells only why nothing could be told."""
    parts = (report.services, report.checks, report.teardown, report.leftovers, report.sandbox)
    return report.verdict.is_refusal and not any(parts)


def failing(report: Report) -> list[ServiceReport]:
    """Return the services that failed, the worst first; an interrupted one did not fail."""
    return services_text.failing(report.services)


def of_report(report: Report) -> list[Issue]:
    """Return what is wrong, the worst first; nothing of a run that passed.

    The run itself comes first where its verdict is no service's, or no service failed.
    """
    if report.exit_code == 0:
        return []
    services = failing(report)
    found = [_of_service(report, each) for each in services]
    if not services or report.verdict not in WORST_FIRST:
        found.insert(0, _of_run(report))
    return found


def scope(report: Report) -> str:
    """Return what was judged: the stack, else what was named."""
    return report.stack or report.target or ""


def _of_run(report: Report) -> Issue:
    rule = report.outcome.value
    message = brief(report.summary)
    level = Level.ERROR if report.outcome.says_something else Level.WARNING
    return Issue(
        rule, level, scope(report), "", message, report.hint, fingerprint(rule, scope(report))
    )


def _of_service(report: Report, service: ServiceReport) -> Issue:
    cause = service.cause
    rule = cause.code.value if cause else service.verdict.value
    detail = (cause.detail if cause else "") or service.detail
    return Issue(
        rule,
        Level.ERROR,
        scope(report),
        service.name,
        f"{words(service.verdict)}: {brief(detail)}" if detail else words(service.verdict),
        (cause.hint if cause else "") or report.hint,
        fingerprint(rule, scope(report), service.name),
    )


def fingerprint(*parts: str) -> str:
    """Return what is the same for the same thing in another run."""
    return sha256("\0".join(parts).encode(errors="replace")).hexdigest()[:32]


def worst_first(issues: Iterable[Issue]) -> list[Issue]:
    """Return issues by their level, else in their order."""
    return sorted(issues, key=lambda each: list(Level).index(each.level))


def distinct(issues: Sequence[Issue]) -> list[tuple[Issue, str]]:
    """Return each issue with a fingerprint of its own: readers drop what has another's."""
    seen: dict[str, int] = {}
    found = []
    for each in issues:
        count = seen[each.fingerprint] = seen.get(each.fingerprint, 0) + 1
        mark = each.fingerprint if count == 1 else fingerprint(each.fingerprint, str(count))
        found.append((each, mark))
    return found
