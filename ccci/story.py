"""A report as the story people read. Pure: a report in, text out.

The verdict and its sentence come first, then the services with the worst on top. A service that
failed is told on both axes, what Swarm says and what runs, with what was rolled back, why, the
evidence and the next step; one that came through gets a line.
"""

import re
from collections.abc import Iterable

from ccci.exits import WORST_FIRST
from ccci.report import IdentityReport, Report, ServiceReport, Status, Step, TaskReport
from ccci.swarm.model import Cause

_KEY = 13
_TASKS_SHOWN = 4
_SHORT = 12

# What a container prints must not move the reader's cursor or colour the rest of the report.
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)|.)")
_CONTROLS = re.compile(r"[\x00-\x08\x0a-\x1f\x7f-\x9f]")

_EVIDENCE = {
    "local": "container inspected on this node",
    "remote": "the container is on another node: no out-of-memory flag, no probe output",
}


def tell(report: Report) -> str:
    """Return the report in words, with its exit code and the next step."""
    lines = [f"{report.verdict.value.upper()}: {report.summary} (exit {report.exit_code})"]
    for service in sorted(report.services, key=_how_bad):
        lines += _service(service)
    if report.identity is not None:
        lines += _identity(report.identity)
    lines += _steps(report)
    deadline = report.extra.get("deadline")
    if deadline and not report.verdict.passed:
        lines.append(f"  deadline: {plain(str(deadline))}")
    lines += [f"  note: {plain(note)}" for note in report.notes]
    if report.hint:
        lines.append(f"Next: {plain(report.hint)}")
    return "\n".join(lines)


def plain(text: str) -> str:
    """Return text without terminal escapes and control characters; tabs stay."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text))


def _how_bad(service: ServiceReport) -> int:
    if service.verdict in WORST_FIRST:
        return WORST_FIRST.index(service.verdict)
    return -1


def _line(key: str, text: str) -> str:
    return f"    {key:<{_KEY}}{plain(text)}".rstrip()


def _block(key: str, texts: Iterable[str]) -> list[str]:
    """Return the lines of a quotation, the key before each so that it survives `grep`."""
    return [_line(key, f"| {text}") for text in texts]


def _service(service: ServiceReport) -> list[str]:
    head = f"  {service.name}: {service.verdict.value}"
    if service.verdict.passed:
        return [head + (f" - {plain(service.detail)}" if service.detail else "")]
    lines = [head]
    if service.detail:
        lines.append(_line("what", service.detail))
    lines.append(_line("Swarm says", service.swarm or "nothing (no update status)"))
    if service.runs:
        lines.append(_line("what runs", service.runs))
    if len(service.transitions) > 1:
        seen = ", ".join(f"{_clock(each.at)} {each.state}" for each in service.transitions)
        lines.append(_line("in between", seen))
    back = service.rolled_back
    if back is not None:
        at = f", at {back.at}" if back.at else ""
        lines.append(_line("rolled back", f"from {back.source or 'a spec that Swarm forgot'}"))
        lines.append(_line("", f"to {back.target or 'a spec without labels'}{at}"))
    lines += _tasks(service)
    if service.cause is not None:
        lines += _cause(service.cause)
    return lines


def _cause(cause: Cause) -> list[str]:
    lines = [_line("because", f"{cause.detail} [{cause.code.value}]")]
    if cause.evidence:
        kind = _EVIDENCE.get(cause.evidence)
        lines.append(_line("evidence", f"{cause.evidence}: {kind}" if kind else cause.evidence))
    lines += _block("probe", cause.health)
    lines += _block("log", cause.logs)
    if cause.hint:
        lines.append(_line("next", cause.hint))
    return lines


def _tasks(service: ServiceReport) -> list[str]:
    """Return the tasks that ended badly, the last ones, with those that ended alike counted."""
    bad = [task for task in service.tasks if task.error or task.state in {"failed", "rejected"}]
    alike: dict[str, list[TaskReport]] = {}
    for task in bad:
        alike.setdefault(_end(task), []).append(task)
    told = [
        f"{tasks[-1].id[:_SHORT]} {end}" + (f" ({len(tasks)} of them)" if tasks[1:] else "")
        for end, tasks in alike.items()
    ]
    lines = [
        _line("task" if not index else "", each) for index, each in enumerate(told[-_TASKS_SHOWN:])
    ]
    if len(told) > _TASKS_SHOWN:
        lines.append(_line("", "and others before"))
    return lines


def _end(task: TaskReport) -> str:
    where = f" on {task.node}" if task.node else ""
    code = f", exit {task.exit_code}" if task.exit_code is not None else ""
    error = f": {task.error}" if task.error else ""
    age = "" if task.up_to_date else ", of an older spec"
    return f"(slot {task.slot}{where}) {task.state}{code}{age}{error}"


def _identity(identity: IdentityReport) -> list[str]:
    lines = ["  identity" + (f": {identity.reason}" if identity.reason else "")]
    if identity.expected:
        lines.append(_line("expected", identity.expected))
    lines.append(_line("declared", str(identity.declared or "nothing")))
    lines.append(_line("previous", str(identity.previous or "nothing")))
    if not identity.running:
        lines.append(_line("running", "nothing"))
    lines += [
        _line(
            "running" if not index else "",
            f"{each.service} {each.task[:_SHORT]}"
            + (f" on {each.node}" if each.node else "")
            + f": {each.commit or 'commit unknown'}",
        )
        for index, each in enumerate(identity.running)
    ]
    return lines


def _steps(report: Report) -> list[str]:
    """Return the steps that passed on one line, and each other one with its reason."""
    passed = [step for step in report.steps if step.status is Status.PASSED]
    lines = [f"  passed   {', '.join(map(_step, passed))}"] if passed else []
    for step in report.steps:
        if step.status is not Status.PASSED:
            # The verdict's own sentence has been said.
            reason = step.reason.replace(report.summary, "see above")
            lines.append(f"  {step.status.value:<8} {_step(step)}: {plain(reason)}".rstrip(": "))
    return lines


def _step(step: Step) -> str:
    """Return a step's name, with its seconds where they are worth a word."""
    return f"{step.name} {step.seconds:.0f} s" if step.seconds >= 1 else step.name


def _clock(at: str) -> str:
    """Return the time of day of an RFC 3339 moment, to the second."""
    return at[11:19] or at
