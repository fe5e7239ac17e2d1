"""What is told of services: of one that failed all, of those that came through a line. Pure."""

import re
from collections.abc import Iterable, Sequence

from ccci.exits import WORST_FIRST, Verdict
from ccci.host.counting import some
from ccci.report import memory
from ccci.report.differences_text import in_words
from ccci.report.layout import Row, Tone, tone
from ccci.report.model import ServiceReport, TaskReport
from ccci.report.parts import Difference
from ccci.report.quoting import quoted
from ccci.swarm.exit_codes import SIGKILL
from ccci.swarm.judge.phrases import PHASES, PUT_BACK, PUTS_BACK, UPDATES
from ccci.swarm.model import Cause, CauseCode, Phase, TaskState, Transition

_LOG_LINES = range(3, 11)
_KEY = 9
HANG = 2 + _KEY
_OTHERS = 2
SHORT = 12

STATES = {
    "updating": "updating",
    "completed": "completed",
    "paused": "paused",
    "rollback_started": "rolling back",
    "rollback_paused": "rollback paused",
    "rollback_completed": "rolled back",
    "none": "status unset",
}
"""Swarm's words for an update, as people say them."""

_IMPLIED = {
    Verdict.ROLLED_BACK: {"rollback_completed"},
    Verdict.ROLLBACK_PAUSED: {"rollback_paused"},
    Verdict.PAUSED: {"paused"},
}
_TOLD_ALREADY = {
    PUT_BACK,
    PUTS_BACK,
    UPDATES,
    PHASES[Phase.PAUSED],
    PHASES[Phase.ROLLBACK_PAUSED],
    # The cause is then that of a task of the old spec, and says so.
    f"{PHASES[Phase.ROLLBACK_PAUSED]}, since what came back fails, too",
}
# swarmkit updater.go: the message of an update that Swarm stopped; the cause names the task.
_SWARMS_REASON = re.compile(
    r": (?:update|rollback) [a-z ]{1,20} due to failure or early termination of task \w+"
)
_AFAR = " (on another node: no out-of-memory flag, no probe)"
# Counts that are told by their numbers; what a job completed, for one, is not among them.
_COUNTED = re.compile(r"\d+/\d+ (?:up-to-date tasks|tasks of the previous spec) running")
_RUNNING = TaskState.RUNNING.value
_STEADY = re.compile(r"(\d+)/\1 up-to-date tasks running, steady for .*")
_NAMED = 12
"""So many of the services that passed are named."""
_PASSED = {
    Verdict.CONVERGED: ("runs what was asked", "run what was asked"),
    Verdict.UNCHANGED: ("had nothing to roll", "had nothing to roll"),
}


_RANKS = (
    *(each for each in WORST_FIRST if not each.passed),
    Verdict.INTERRUPTED,
    *(each for each in WORST_FIRST if each.passed),
)


def undone(services: Iterable[ServiceReport]) -> list[ServiceReport]:
    """Return the services that did not pass, the worst first: those that failed, then the rest."""
    return sorted((each for each in services if not each.verdict.passed), key=_how_bad)


def _how_bad(service: ServiceReport) -> int:
    """Return a rank, the worst lowest; what was not decided comes behind all that failed."""
    return _RANKS.index(service.verdict) if service.verdict in _RANKS else -1


def failing(services: Iterable[ServiceReport]) -> list[ServiceReport]:
    """Return the services that failed, the worst first; an interrupted one did not fail."""
    return [each for each in undone(services) if each.verdict is not Verdict.INTERRUPTED]


def fact(key: str, text: str) -> Row:
    """Return a fact with its key in a column of its own."""
    return Row(f"  {key:<{_KEY}}", text, Tone.QUIET, HANG)


def failed(service: ServiceReport, *, but: str) -> list[Row]:
    """Return what is told of a service that failed, without the last words of its task.

    A next step that is told for all of them, in `but`, is left out.
    """
    cause = service.cause.detail if service.cause else ""
    what = "" if service.detail == cause else _without(service.detail, service.runs, cause)
    state = [*_moved(service), *tasks_told(service)]
    implied = service.swarm in _IMPLIED.get(service.verdict, ())
    if service.swarm and not implied and "Swarm says" not in what:
        state.append(f"Swarm says {STATES.get(service.swarm, service.swarm)}")
    lead = f"{service.name}  {words(service.verdict)}"
    rows = [Row(f"{lead}: " if state else lead, "; ".join(state), tone(service.verdict), HANG)]
    if what and what not in _TOLD_ALREADY:
        rows.append(fact("what", what))
    if service.cause is not None:
        rows.append(fact("because", _because(service, service.cause)))
        rows += _others(service, service.cause)
    if service.memory is not None and _died_of_memory(service.cause):
        rows.append(fact("memory", memory.in_words(service.memory)))
    if changed := in_words(each for each in service.changed if not _is_told(each, service)):
        rows.append(fact("changed", changed))
    if len(service.transitions) > 1:
        rows.append(fact("when", _when(service.transitions)))
    if service.cause is not None and service.cause.hint and service.cause.hint not in but:
        rows.append(fact("next", service.cause.hint))
    return rows


def words(verdict: Verdict) -> str:
    """Return a verdict as people say it."""
    return verdict.value.replace("-", " ")


def _without(text: str, *known: str) -> str:
    """Return a text without the parts that are told elsewhere, and the joints before them."""
    text = _SWARMS_REASON.sub("", text)
    for each in known:
        if each:
            text = re.sub(rf"(^|[;:,]? *(?:\b(?:and|now) )?){re.escape(each)}", "", text)
    return text.strip(" ;:,")


def _moved(service: ServiceReport) -> list[str]:
    back = service.rolled_back
    if back is None:
        return []
    source, target = str(back.source or ""), str(back.target or "a spec without labels")
    if service.verdict is Verdict.ROLLBACK_PAUSED:
        return [f"half-way back to its previous spec ({target})"]
    if source in {"", target}:
        return [f"its previous spec is back ({target})"]
    return [f"{source} -> {target}"]


def _died_of_memory(cause: Cause | None) -> bool:
    """Say whether memory is the story: it ran out, or a kill elsewhere may mean that it did."""
    return cause is not None and (
        cause.code is CauseCode.OOM_KILLED
        or (cause.code is CauseCode.EXIT_NONZERO and cause.exit_code == SIGKILL)
    )


def _is_told(difference: Difference, service: ServiceReport) -> bool:
    """Say whether what moved, as it is told, is the image itself."""
    back = service.rolled_back
    if back is None or back.source is None or difference.field != "image":
        return False
    return str(back.source) == back.source.image


def tasks_told(service: ServiceReport) -> list[str]:
    """Return how many tasks are new and how many old, or what else is said of what runs."""
    if service.verdict is Verdict.REMOVED or not service.runs:
        return []
    if service.tasks_wanted is None or not _COUNTED.match(service.runs):
        return [service.runs]
    old = f", old {service.tasks_old}" if service.tasks_old else ""
    # The tasks that it counts are those of the spec that was to come back.
    whose = "previous" if service.verdict is Verdict.ROLLBACK_PAUSED else "new"
    told = [f"{whose} {service.tasks_up_to_date}/{service.tasks_wanted}{old}"]
    if service.tasks_wanted and not any(task.state == _RUNNING for task in service.tasks):
        told.append("nothing of it runs")
    return told


def _because(service: ServiceReport, cause: Cause) -> str:
    count = sum(
        task.up_to_date and _end(task) == _end(at_fault)
        for at_fault in service.tasks
        if at_fault.id == cause.task
        for task in service.tasks
    )
    times = f" ({count} tasks alike)" if count > 1 else ""
    afar = _AFAR if cause.evidence == "remote" else ""
    detail = _without(cause.detail, service.runs) or cause.detail
    # That no cause is known is no fact that a reader could use.
    code = "" if cause.code is CauseCode.UNKNOWN else f" [{cause.code.value}]"
    return f"{detail}{times}{afar}{code}"


def _others(service: ServiceReport, cause: Cause) -> list[Row]:
    """Tell of new tasks that ended badly in another way than the one at fault.

    Where Swarm stopped the rollback both specs failed: there it is said whose each one was.
    """
    known = {_end(task) for task in service.tasks if task.id == cause.task}
    whose = ", of the new spec," if service.verdict is Verdict.ROLLBACK_PAUSED else ""
    alike: dict[str, list[TaskReport]] = {}
    for task in service.tasks:
        bad = task.error or task.state in {"failed", "rejected"}
        if bad and task.up_to_date and known and _end(task) not in known:
            alike.setdefault(_end(task), []).append(task)
    told = [
        f"{tasks[-1].id[:SHORT]}{whose} {end}" + (f" ({len(tasks)} of them)" if tasks[1:] else "")
        for end, tasks in alike.items()
    ]
    more = [f"{len(told) - _OTHERS} other ends"] if len(told) > _OTHERS else []
    return [fact("also", each) for each in (*told[-_OTHERS:], *more)]


def _end(task: TaskReport) -> str:
    where = f" on {task.node}" if task.node else ""
    code = f", exit {task.exit_code}" if task.exit_code is not None else ""
    error = f": {task.error}" if task.error and "non-zero exit" not in task.error else ""
    return f"{task.state}{where}{code}{error}"


def _when(transitions: Sequence[Transition]) -> str:
    """Return the states with the time of day, as much of it as changed."""
    said: list[str] = []
    before = ""
    for each in transitions:
        state = STATES.get(each.state, each.state)
        if each.at is None:
            said.append(state)
            continue
        clock = each.at[11:19] or each.at
        shown = clock[5:] if before[:5] == clock[:5] and clock[5:6] == ":" else clock
        said.append(f"{shown} {state}")
        before = clock
    return ", ".join(said) + (" (UTC)" if before else "")


_AFTER_WORDS = {"memory", "changed", "when", "next"}


def with_words(service: ServiceReport, told: list[Row], left: int, *, verbose: bool) -> list[Row]:
    """Return what is told of a service with the last words of its task behind the cause."""
    if service.cause is None:
        return told
    probes = quoted("probe", service.cause.health, len(service.cause.health) if verbose else 2)
    most = max(_LOG_LINES[0], min(_LOG_LINES[-1], left - len(probes)))
    logs = quoted("log", service.cause.logs, len(service.cause.logs) if verbose else most)
    at = next((n for n, row in enumerate(told) if row.lead.strip() in _AFTER_WORDS), len(told))
    last = [
        Row(f"  {key:<{_KEY}}", text, Tone.QUIET, HANG, quoted=True)
        for key, text in (*probes, *logs)
    ]
    if service.cause.incomplete:
        last.append(fact("", f"({service.cause.incomplete})"))
    return [*told[:at], *last, *told[at:]]


def is_steady(detail: str) -> bool:
    """Say whether what is told of a service that came through is no more than that."""
    return not detail or _STEADY.fullmatch(detail) is not None


def passed(services: Sequence[ServiceReport], *, alone: bool) -> list[Row]:
    """Tell of the services that came through, those of one verdict together."""
    rows = []
    for verdict, said in _PASSED.items():
        names = [
            each.name if is_steady(each.detail)
            else f"{each.name} ({each.detail})"
            for each in sorted(services, key=lambda each: each.name)
            if each.verdict is verdict
        ]  # fmt: skip
        if names and not (alone and len(services) == 1):
            told = f"1 service {said[0]}" if len(names) == 1 else f"{len(names)} services {said[1]}"
            rows.append(Row(f"{told}: ", some(names, _NAMED), Tone.GOOD, 2))
    if alone and len(services) == 1:
        (only,) = services
        rows.append(Row(f"{only.name}  {words(only.verdict)}: ", only.detail, Tone.GOOD, 2))
    return rows
