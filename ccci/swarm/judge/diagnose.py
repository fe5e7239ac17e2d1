"""Why a task failed: Swarm's words and the container's evidence in, a cause out. Pure.

What the Engine's messages name is told by `words`; what a user wrote into them decides nothing.
"""

import re

from ccci.swarm.exit_codes import SIGKILL
from ccci.swarm.judge.endings import Ending, ending_of
from ccci.swarm.judge.next_steps.choose import next_step
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.judge.words import exit_code_in, named_by
from ccci.swarm.model import Cause, CauseCode, Evidence, Spec, Task, TaskState

_IDS = re.compile(r"(?<![0-9A-Za-z])([0-9a-f]{12})[0-9a-f]{52}(?![0-9A-Za-z])")
"""Ids of containers, endpoints, layers, images: twelve characters do for people, as docker has it.

The task of the report has the whole message.
"""

_PLAIN_EXIT = re.compile(r"task: non-zero exit \(\d+\)")

BLOCKERS = frozenset(
    {
        CauseCode.PORT_IN_USE,
        CauseCode.NO_SUITABLE_NODE,
        CauseCode.IMAGE_UNAVAILABLE,
        CauseCode.MOUNT_FAILED,
        CauseCode.NETWORK_UNAVAILABLE,
    }
)
"""Causes that keep a task from ever starting: no number of retries helps by itself."""


def code_of(task: Task) -> CauseCode:
    """Return the cause that Swarm's own listing of a task shows, without further evidence."""
    named = named_by(task.error)
    if named is not None:
        return named
    if task.error and task.state is TaskState.PREPARING:
        # Only the pull keeps an error while preparing (swarmkit agent/exec/controller.go
        # IsTemporary, engines from 2026 on).
        return CauseCode.IMAGE_UNAVAILABLE
    if task.state is TaskState.NEW:
        # A task leaves NEW once its networks are allocated (swarmkit manager/allocator).
        return CauseCode.NETWORK_UNAVAILABLE
    if task.state.ended and exit_code_of(task):
        return CauseCode.EXIT_NONZERO
    if task.state is TaskState.COMPLETE:
        return CauseCode.EXITED_EARLY
    return CauseCode.UNKNOWN


def exit_code_of(task: Task) -> int | None:
    """Return the exit code that Swarm tells of a task.

    The status of a container that was started again by hand holds 0, while the message still has
    the code that the task ended with: the message is the stronger of the two.
    """
    return task.exit_code or exit_code_in(task.error) or task.exit_code


def never_started(task: Task) -> bool:
    """Say whether a task ended before its program ran: refused by the node, or by its runtime."""
    if task.state is TaskState.REJECTED:
        return True
    started = exit_code_in(task.error) is None
    return task.state is TaskState.FAILED and bool(task.error) and started


def signature(task: Task) -> str:
    """Return what makes two failures the same: cause, exit code and the error without numbers."""
    error = re.sub(r"[0-9a-f]{12,}|[0-9]+", "#", task.error)
    return f"{code_of(task)}|{exit_code_of(task) or 0}|{error}"


def called(task: Task, node: str = "") -> str:
    """Return how people find a task: by its slot, or by its node in a global service."""
    if task.slot == task.node:
        return f"task {task.id[:12]} on {node or task.node[:12]}"
    return f"task {task.id[:12]} of slot {task.slot[:12]}"


_STARTED_AGAIN = "; its container was started again outside of Swarm"


def diagnose(
    task: Task,
    evidence: Evidence | None,
    spec: Spec | None = None,
    node: str = "",
    ending: Ending | None = None,
    *,
    was_up: bool = False,
    alone: bool = False,
) -> Cause:
    """Return why a task failed, from its listing and what was taken from its container.

    `spec` is the one that was asked for; it sharpens the next step. `node` is the name of the
    task's node, `ending` what an exit code of 0 is to the service (None: what the spec says),
    `was_up` whether the task was seen to run, `alone` whether the service had no task before.

    An exit 137 is `oom-killed` only by the container's own flag, `unhealthy` only when its check
    failed; from a node that was not asked it stays `exit-nonzero`, with a hint.
    """
    if ending is None and spec is not None:
        ending = ending_of(spec, spec.health, stays=False)
    code = _code(task, evidence)
    exit_code = _exit_code(task, evidence)
    again = evidence is not None and evidence.started_again
    what = _detail(code, task, evidence, exit_code, ending)
    return Cause(
        code=code,
        detail=f"{called(task, node)} {what}{_STARTED_AGAIN if again else ''}",
        hint=next_step(
            Situation(code, task, exit_code, spec, evidence, node, ending, was_up, alone)
        ),
        task=task.id,
        exit_code=exit_code,
        logs=evidence.logs if evidence else (),
        health=evidence.health if evidence else (),
        evidence=None if evidence is None else ("local" if evidence.local else "remote"),
        incomplete=evidence.incomplete if evidence else "",
    )


def _code(task: Task, evidence: Evidence | None) -> CauseCode:
    listed = code_of(task)
    if evidence is None or listed in BLOCKERS:
        return listed
    if evidence.oom_killed:
        return CauseCode.OOM_KILLED
    if evidence.unhealthy:
        return CauseCode.UNHEALTHY
    return listed


def _exit_code(task: Task, evidence: Evidence | None) -> int | None:
    told = exit_code_of(task) if task.container or task.exit_code or task.error else None
    told = told if task.state.ended else told or None
    inspected = evidence.exit_code if evidence is not None else None
    return inspected or told or (inspected if inspected is not None else told)


def _detail(
    code: CauseCode,
    task: Task,
    evidence: Evidence | None,
    exit_code: int | None,
    ending: Ending | None,
) -> str:
    after = ""
    if evidence is not None and evidence.ran_for is not None:
        after = f" after {evidence.ran_for:.0f} s"
    # What Swarm's message says besides the exit code, which the sentence has already.
    said = "" if _PLAIN_EXIT.fullmatch(task.error) else _IDS.sub(r"\1", task.error)
    quoted = f": {said}" if said else ""
    stay = "which fails an update" if ending and ending.meant else "where it should stay"
    if ending is Ending.UNHEARD:
        stay = "and nobody heard whether its health check had failed by then"
    sentences = {
        CauseCode.OOM_KILLED: _out_of_memory(task, exit_code, after),
        CauseCode.UNHEALTHY: f"was stopped{after} because its health check failed",
        CauseCode.EXIT_NONZERO: _exited(task, exit_code, after, quoted),
        CauseCode.EXITED_EARLY: f"exited with 0{after}, {stay}",
        CauseCode.IMAGE_UNAVAILABLE: f"cannot get its image{quoted}",
        CauseCode.MOUNT_FAILED: f"cannot mount a volume or bind{quoted}",
        CauseCode.NO_SUITABLE_NODE: f"has no node to run on{quoted}",
        CauseCode.PORT_IN_USE: f"cannot have its port{quoted}",
        CauseCode.NETWORK_UNAVAILABLE: f"gets no network{quoted}",
    }
    ended = {TaskState.FAILED: "failed", TaskState.REJECTED: "was rejected"}
    state = ended.get(task.state, f"is {task.state.value}")
    return sentences.get(code, f"{state}{after}{quoted}")


def _out_of_memory(task: Task, exit_code: int | None, after: str) -> str:
    if exit_code in {None, SIGKILL} or never_started(task):
        return f"was killed, out of memory,{after or ' at once'}"
    return f"exited with {exit_code}{after}; a process of it had been killed, out of memory"


def _exited(task: Task, exit_code: int | None, after: str, quoted: str) -> str:
    if never_started(task):
        return f"never started{quoted}"
    return f"exited with {exit_code}{after}{quoted}"
