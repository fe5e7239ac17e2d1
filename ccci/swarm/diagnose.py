"""Why a task failed: Swarm's words and the container's evidence in, a cause out. Pure.

Texts are those of moby and swarmkit, each with its place. They are matched without case and in
part, since engines word them differently.
"""

import re
from dataclasses import replace

from ccci.swarm.hints import hint_for
from ccci.swarm.model import Cause, CauseCode, Evidence, Spec, Task, TaskState
from ccci.swarm.slots import is_one_shot

_TEXTS: tuple[tuple[CauseCode, str], ...] = (
    # swarmkit manager/scheduler/filter.go: Explain of HostPortFilter, before the general text.
    (CauseCode.PORT_IN_USE, r"host-mode port already in use"),
    (CauseCode.NO_SUITABLE_NODE, r"no suitable node"),
    # moby libnetwork/portallocator and the kernel's EADDRINUSE.
    (CauseCode.PORT_IN_USE, r"port is already allocated|address already in use"),
    # moby daemon/cluster/executor/container: pullers' and the image store's errors.
    (
        CauseCode.IMAGE_UNAVAILABLE,
        (
            r"no such image|pull access denied|manifest (?:for .* )?(?:unknown|not found)"
            r"|repository does not exist|failed to resolve reference|image .* not found"
            r"|no matching manifest|toomanyrequests|error pulling image|registry"
        ),
    ),
    # moby volume/mounts/validate.go and volume drivers.
    (
        CauseCode.MOUNT_FAILED,
        (
            r"bind source path does not exist|invalid mount|mounting volume"
            r"|failed to mount|error mounting|error while creating mount|volume driver"
            r"|no such volume|invalid volume"
        ),
    ),
    # swarmkit manager/allocator and moby daemon/network errors.
    (
        CauseCode.NETWORK_UNAVAILABLE,
        (
            r"available ip|network .* not found|no such network|network sandbox"
            r"|attaching to network|could not attach|failed to allocate (?:gateway|network)"
            r"|subnet sandbox|pool .*overlaps"
        ),
    ),
    # moby daemon/cluster/executor/container/errors.go ErrContainerUnhealthy.
    (CauseCode.UNHEALTHY, r"unhealthy container"),
)
_PATTERNS = tuple((code, re.compile(text, re.IGNORECASE)) for code, text in _TEXTS)

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
    for code, pattern in _PATTERNS:
        if pattern.search(task.error):
            return code
    if task.error and task.state is TaskState.PREPARING:
        # Only the pull keeps an error while preparing (swarmkit agent/exec/controller.go
        # IsTemporary, engines from 2026 on).
        return CauseCode.IMAGE_UNAVAILABLE
    if task.state is TaskState.NEW:
        # A task leaves NEW once its networks are allocated (swarmkit manager/allocator).
        return CauseCode.NETWORK_UNAVAILABLE
    if task.state.ended and task.exit_code:
        return CauseCode.EXIT_NONZERO
    if task.state is TaskState.COMPLETE:
        return CauseCode.EXITED_EARLY
    return CauseCode.UNKNOWN


def signature(task: Task) -> str:
    """Return what makes two failures the same: cause, exit code and the error without numbers."""
    return (
        f"{code_of(task)}|{task.exit_code or 0}|{re.sub(r'[0-9a-f]{12,}|[0-9]+', '#', task.error)}"
    )


def called(task: Task, node: str = "") -> str:
    """Return how people find a task: by its slot, or by its node in a global service."""
    if task.slot == task.node:
        return f"task {task.id[:12]} on {node or task.node[:12]}"
    return f"task {task.id[:12]} of slot {task.slot[:12]}"


def diagnose(
    task: Task, evidence: Evidence | None, spec: Spec | None = None, node: str = ""
) -> Cause:
    """Return why a task failed, from its listing and what was taken from its container.

    `spec` is the one that was asked for; it sharpens the next step. `node` is the name of the
    task's node.

    An exit 137 is `oom-killed` only by the container's own flag, `unhealthy` only when its check
    failed; from a node that was not asked it stays `exit-nonzero`, with a hint.
    """
    code = _code(task, evidence)
    exit_code = _exit_code(task, evidence)
    cause = Cause(
        code=code,
        detail=f"{called(task, node)} {_detail(code, task, evidence, exit_code, spec)}",
        hint=hint_for(code, task, exit_code, spec, local=bool(evidence and evidence.local)),
        task=task.id,
        exit_code=exit_code,
        evidence=None if evidence is None else ("local" if evidence.local else "remote"),
    )
    if evidence is None:
        return cause
    return replace(cause, logs=evidence.logs, health=evidence.health)


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
    if evidence is not None and evidence.exit_code is not None:
        return evidence.exit_code
    return task.exit_code if task.state.ended and task.container else task.exit_code or None


def _detail(
    code: CauseCode,
    task: Task,
    evidence: Evidence | None,
    exit_code: int | None,
    spec: Spec | None,
) -> str:
    after = ""
    if evidence is not None and evidence.ran_for is not None:
        after = f" after {evidence.ran_for:.0f} s"
    quoted = f": {task.error}" if task.error else ""
    ends = spec is not None and is_one_shot(spec, spec.health)
    stay = "which fails an update" if ends else "where it should stay"
    sentences = {
        CauseCode.OOM_KILLED: f"was killed, out of memory,{after or ' at once'}",
        CauseCode.UNHEALTHY: f"was stopped{after} because its health check failed",
        CauseCode.EXIT_NONZERO: f"exited with {exit_code}{after}{quoted}",
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
