"""A report as Markdown, for the comment on a pull request or a job's summary. Pure.

Bounded: GitHub takes comments of 65,536 characters. Texts of others are prose without meaning, or
stand in a fence that is longer than any of theirs.
"""

import re
from collections.abc import Callable, Iterable, Sequence

from ccci.host import sanitizer
from ccci.host.counting import counted
from ccci.host.sanitizer import markdown_code as code
from ccci.report import afterwards
from ccci.report.columns import shortened
from ccci.report.issues import failing, scope
from ccci.report.layout import Tone, tone
from ccci.report.model import Report, ServiceReport, Status, Step
from ccci.report.moments import seconds_between
from ccci.report.parts import Check, Health
from ccci.report.quoting import last
from ccci.report.services_text import failed, tasks_told, words

LONGEST = 60_000
"""How many bytes of UTF-8 a page has at most."""
_CELL = 200
_LOG_LINES = 10
_PROBES = 2
_SERVICES_TOLD = 20
_OTHERS_TOLD = 5
_NOTES_TOLD = 10
_FEWER = (300, 100, 30, 10, 3, 1)
_ICONS = {Status.PASSED: "✅", Status.FAILED: "❌", Status.SKIPPED: "⏭️"}
_HEALTH = {Health.OK: "✅", Health.WARNING: "⚠️", Health.MISSING: "❌"}


def write(report: Report) -> str:
    """Return the page."""
    page = _Page()
    page.add(_headline(report))
    page.add(f"{_SIGNS[tone(report.outcome)]} {prose(report.summary)}")
    hint = report.hint or next(
        (each.cause.hint for each in failing(report) if each.cause and each.cause.hint), ""
    )
    if hint:
        page.add(f"**Next:** {prose(hint)}")
    if going_on := afterwards.told(report):
        page.add(f"**At the end:** {prose(going_on)}")
    page.fold(lambda most: _services(report, most))
    for service in failing(report)[:_SERVICES_TOLD]:
        page.add(_detail(report, service, hint))
    page.add(_notes(report.notes))
    page.add(_attempts(report))
    page.fold(lambda most: _steps(report.steps, most))
    page.fold(lambda most: _checks(report.checks or (), most))
    page.add(_footer(report))
    return page.text()


class _Page:
    """Blocks that are put together as long as there is room; what has none is said so."""

    def __init__(self) -> None:
        self._blocks: list[str] = []
        self._left = LONGEST - len(_CUT.encode()) - 2
        self._cut = False

    def add(self, block: str) -> bool:
        """Put a block behind the others, and say whether there was room."""
        size = len(block.encode()) + 2
        if not block or size > self._left:
            self._cut = self._cut or bool(block)
            return False
        self._blocks.append(block)
        self._left -= size
        return True

    def fold(self, make: Callable[[int], str]) -> None:
        """Put a table behind the others, with as many of its rows as there is room for."""
        for most in _FEWER:
            block = make(most)
            # Half of what is left belongs to what comes behind.
            if len(block.encode()) * 2 <= self._left:
                self.add(block)
                return
        self._cut = True

    def text(self) -> str:
        """Return all of it."""
        return "\n\n".join([*self._blocks, *([_CUT] if self._cut else [])]) + "\n"


_CUT = "*There is more than fits here: see the run's files.*"


def prose(text: str, most: int = 4 * _CELL) -> str:
    """Return somebody's words as words, at most so many characters of them.

    The page may be printed in a CI's log, which obeys other words than a browser.
    """
    return sanitizer.markdown(shortened(sanitizer.log(text), most))


def _code(text: str) -> str:
    return code(shortened(sanitizer.log(text), _CELL))


_SIGNS = {Tone.GOOD: "✅", Tone.BAD: "❌", Tone.ODD: "⚠️"}


def _headline(report: Report) -> str:
    what = " ".join(filter(None, (prose(f"ccci {report.command}"), _code(scope(report)))))
    return f"### {what}: {words(report.verdict)} (exit {report.exit_code})"


def _services(report: Report, most: int) -> str:
    bad = failing(report)
    others = sorted(
        (each for each in report.services if each not in bad), key=lambda each: each.name
    )
    shown = [*bad, *(others if len(others) <= _OTHERS_TOLD else ())]
    if not report.services:
        return ""
    count = counted(len(report.services), "service")
    blocks = [f"{len(bad)} of {count} failed" if bad else count]
    if shown:
        rows = [
            (
                _SIGNS[tone(each.verdict)],
                _code(each.name),
                words(each.verdict),
                _code(each.cause.code.value if each.cause else ""),
                prose("; ".join(tasks_told(each)), _CELL),
            )
            for each in shown[:most]
        ]
        blocks.append(_table(("", "service", "verdict", "cause", "tasks"), rows))
    if len(shown) > most:
        blocks.append(f"… and {len(shown) - most} more.")
    if len(others) > _OTHERS_TOLD:
        names = ", ".join(_code(each.name) for each in others[:most])
        more = f" and {len(others) - most} more" if len(others) > most else ""
        sign = "✅" if all(each.verdict.passed for each in others) else "⚠️"
        blocks.append(f"{sign} {len(others)} others: {names}{more}")
    return "\n\n".join(blocks)


def _table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [f"| {' | '.join(heads)} |", f"| {' | '.join('---' for _ in heads)} |"]
    return "\n".join([*lines, *(f"| {' | '.join(cells)} |" for cells in rows)])


def _detail(report: Report, service: ServiceReport, but: str) -> str:
    """Tell of a service that failed: what is known as a list, then the last words of its task."""
    rows = [
        f"- {row.lead.strip()}: {prose(row.text)}"
        for row in failed(service, but=but)[1:]
        if row.lead.strip() and (row.text.rpartition(" [")[0] or row.text) not in report.summary
    ]
    blocks = [f"#### {_code(service.name)} {words(service.verdict)}", "\n".join(rows)]
    if service.cause is not None:
        for whose, texts, most in (
            ("its health probe", service.cause.health, _PROBES),
            ("its task", service.cause.logs, _LOG_LINES),
        ):
            said = last(texts, most)
            blocks += [f"Last words of {whose}:", _fenced(said)] if said else []
    return "\n\n".join(filter(None, blocks))


def _fenced(lines: Iterable[str]) -> str:
    """Return lines as they are, in a fence that none of them can end."""
    text = "\n".join(sanitizer.log(line) for line in lines)
    longest = max((len(found) for found in re.findall("`+", text)), default=0)
    fence = "`" * max(longest + 1, 3)
    return f"{fence}text\n{text}\n{fence}"


def _notes(notes: Sequence[str]) -> str:
    told = [f"- note: {prose(each)}" for each in dict.fromkeys(notes)]
    more = [f"- … and {len(told) - _NOTES_TOLD} more"] if len(told) > _NOTES_TOLD else []
    return "\n".join(told[:_NOTES_TOLD] + more)


def _attempts(report: Report) -> str:
    if report.repeat is None:
        return ""
    rows = [
        (
            "✅" if each.exit_code == 0 else "❌",
            str(number),
            words(each.verdict),
            prose(each.summary, _CELL),
        )
        for number, each in enumerate(report.repeat.runs[:_SERVICES_TOLD], start=1)
    ]
    return _table(("", "run", "verdict", "what came of it"), rows)


def _steps(steps: Sequence[Step], most: int) -> str:
    if not steps:
        return ""
    rows = [
        (
            _ICONS[each.status],
            prose(each.name, _CELL),
            f"{each.seconds:.1f}",
            prose(each.reason, _CELL),
        )
        for each in steps[:most]
    ]
    counts = [
        f"{count} {status.value}"
        for status in Status
        if (count := sum(each.status is status for each in steps))
    ]
    table = _table(("", "step", "seconds", "what came of it"), rows)
    return f"<details><summary>Steps: {', '.join(counts)}</summary>\n\n{table}\n\n</details>"


def _checks(checks: Sequence[Check], most: int) -> str:
    if not checks:
        return ""
    rows = [
        (
            _HEALTH[each.health],
            prose(each.name, _CELL),
            prose(each.found, _CELL),
            prose(each.hint, _CELL),
        )
        for each in checks[:most]
    ]
    return _table(("", "check", "found", "next"), rows)


def _footer(report: Report) -> str:
    seconds = report.duration_seconds
    if seconds is None:
        seconds = seconds_between(report.started_at, report.finished_at)
    facts = [
        f"{seconds:.0f} s" if seconds is not None else "",
        f"Engine {prose(report.engine.version, _CELL)}" if report.engine else "",
        f"ccci {prose(report.ccci, _CELL)}" if report.ccci else "",
        f"<code>{prose(report.run.told_again, _CELL)}</code>" if report.run else "",
    ]
    told = " · ".join(filter(None, facts))
    return f"<sub>{told}</sub>" if told else ""
