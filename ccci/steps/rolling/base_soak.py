"""The base is soaked as long as its purpose needs, and no longer.

Its purpose is that what is wrong with the base is never taken for the head's fault. A service with
a health check runs once that passed, so that the base waits for its next probe instead of for the
time that a check takes to fail; what that probe said is looked at. Where it cannot be seen or was
no pass, the rest of the whole soak follows. And where the head is rolled back, so that the base
runs again, the base is given the whole soak before the head is blamed.
"""

from contextlib import ExitStack, suppress
from dataclasses import dataclass, replace

from ccci.deployers import App
from ccci.errors import CcciError, EngineError, Interrupted
from ccci.exits import Verdict
from ccci.records import runs
from ccci.steps.follow import Outcome, follow
from ccci.steps.workspace import Workspace
from ccci.swarm.baseline import take
from ccci.swarm.decode.containers import answers_again
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.by_tasks import soak_needed
from ccci.swarm.judge.history import History
from ccci.swarm.model import CauseCode
from ccci.swarm.watching.trace import Trace
from ccci.terminal.live import view_for


def whole(workspace: Workspace, app: App, outcome: Outcome) -> Outcome:
    """Return what the base came to, after the rest of its soak where its checks do not tell.

    `outcome` is that of a brief soak. What passed stays as it was told.
    """
    if not outcome.verdict.passed or all(
        _answers(workspace.engine, each) for each in _shortened(outcome)
    ):
        return outcome
    rest = _followed(workspace, app, runs.REST_TRACE)
    if not rest.verdict.passed:
        return rest
    return replace(outcome, notes=(*outcome.notes, *rest.notes), signal=rest.signal)


@dataclass(frozen=True, slots=True)
class Again:
    """What a base came to that runs again: `broken`, where it fails as the head did.

    `signal` is the number of the signal that ended the look at it.
    """

    broken: Outcome | None = None
    notes: tuple[str, ...] = ()
    signal: int | None = None


def again(workspace: Workspace, app: App, base: Outcome, head: Outcome) -> Again:
    """Return what became of a base that runs again since the head was rolled back.

    `base` and `head` are what they came to. Only a base that was soaked briefly is asked again.
    What keeps us from asking is a note: the head is judged already.
    """
    if (
        head.verdict is not Verdict.ROLLED_BACK
        or head.signal is not None
        or not any(_shortened(base))
    ):
        return Again()
    try:
        found = _followed(workspace, app, runs.AGAIN_TRACE)
    except CcciError as error:
        return Again(notes=(f"after the rollback the base was not looked at: {error.message}",))
    except Interrupted as stopped:
        told = f"{stopped.message} while the base was looked at after the rollback"
        return Again(notes=(told,), signal=stopped.signal_number)
    if found.verdict in _BROKEN and _fails_alike(head, found):
        return Again(broken=found)
    notes = () if found.verdict.passed else (_told(found),)
    return Again(notes=notes, signal=found.signal)


_BROKEN = {Verdict.UNSTABLE, Verdict.STALLED}


def _fails_alike(head: Outcome, found: Outcome) -> bool:
    """Say whether whatever failed in the head fails in the base as well, by the same cause."""
    of_head, of_base = _faults(head), _faults(found)
    return bool(of_head) and of_head <= of_base


def _faults(outcome: Outcome) -> set[tuple[str, CauseCode | None]]:
    """Return each service that failed, with its cause."""
    return {
        (each.name, each.cause.code if each.cause is not None else None)
        for each in outcome.services
        if not each.verdict.passed
    }


def _told(found: Outcome) -> str:
    failing = [each.name for each in found.services if each.verdict in _BROKEN]
    if found.verdict not in _BROKEN or not failing:
        return f"after the rollback the base was looked at again: {found.summary}"
    many = "does" if len(failing) == 1 else "do"
    return (
        f"after the rollback {', '.join(failing)} {many} not stay up, for another reason than the "
        f"head's: {found.summary}"
    )


def doubts(base: Outcome, head: Outcome) -> tuple[str, ...]:
    """Return a note for each service whose task lived longer before it failed than the base's did.

    Of `base` no more is known than its soak has shown.
    """
    soaked = {each.name: soak_needed(each, None, brief=True) for each in _shortened(base)}
    failed = {each.name for each in head.services if not each.verdict.passed}
    return tuple(
        f"{each.name} failed after {each.tasks.longest_life:.0f} s, and the base was looked at for "
        f"{soaked[each.name]:.0f} s: `--soak {each.tasks.longest_life + 5:.0f}s` soaks both so long"
        for each in head.rollout.histories.values()
        if each.name in failed & soaked.keys() and each.tasks.longest_life > soaked[each.name]
    )


def _shortened(outcome: Outcome) -> list[History]:
    """Return the services whose soak is shorter than the whole one."""
    rollout = outcome.rollout
    if rollout.policy.soak is not None or not rollout.policy.brief:
        return []
    return [
        each
        for each in rollout.histories.values()
        if soak_needed(each, None, brief=True) < soak_needed(each, None)
    ]


def _answers(engine: Engine, history: History) -> bool:
    """Say whether each task's check passed again; of one on another node that cannot be seen."""
    for task in history.slots.running:
        found = None
        with suppress(EngineError):  # it is asked for evidence alone: the whole soak needs none
            found = engine.container(task.container) if task.container else None
        if found is None or not answers_again(found):
            return False
    return True


def _followed(workspace: Workspace, app: App, name: str) -> Outcome:
    """Follow the stack as it stands until it was soaked whole."""
    workspace.output.progress("the base is looked at for the whole of its soak")
    with ExitStack() as cleanup:
        trace, trouble = None, ""
        try:
            trace = cleanup.enter_context(Trace(workspace.run.path(name), stack=app.stack))
        except CcciError as error:  # evidence, and no reason to stop
            trouble = error.message
        watch = cleanup.enter_context(workspace.opens(workspace.engine, app.stack, trace=trace))
        found = follow(
            watch,
            baseline=take(app.stack, watch.look()),
            options=workspace.choices.options,
            view=view_for(workspace.output),
        )
    trouble = trouble or (trace.trouble if trace is not None else "")
    return replace(found, notes=(*found.notes, trouble)) if trouble else found
