"""One next step for one failed task: by the Engine's message, the probe, the log and the spec.

A step is true whenever it is printed: it names nothing that a teardown removes, points at no line
above it, and fills in the names that are known. Pure text.
"""

import re
from collections.abc import Callable

from ccci.host import sizes
from ccci.swarm.exit_codes import SIGKILL, SIGTERM
from ccci.swarm.judge.endings import Ending, is_one_shot
from ccci.swarm.judge.hints import HINTS
from ccci.swarm.judge.next_steps.by_evidence import exited, unhealthy
from ccci.swarm.judge.next_steps.by_message import by_message
from ccci.swarm.judge.next_steps.by_scheduler import no_node, port_in_use
from ccci.swarm.judge.next_steps.situation import Situation, listed
from ccci.swarm.judge.words import exit_code_in, own_words
from ccci.swarm.model import UNSET_RESTART, CauseCode, Mode, Spec, TaskState


def next_step(now: Situation) -> str:
    """Return the next step that fits best: by message first, then by what else is known."""
    found = by_message(now.code, now.error, now.spec, now.where) or _by_hand(now)
    if not found and now.code in _BY_CODE:
        found = _BY_CODE[now.code](now)
    found = found or HINTS[now.code]
    return found + _side_by_side(now)


def _by_hand(now: Situation) -> str:
    """Tell how to restart what somebody stopped and started with the container's own commands."""
    again = now.evidence is not None and now.evidence.started_again
    if not again or now.code is not CauseCode.EXIT_NONZERO or now.exit_code not in _STOPPED_BY_HAND:
        return ""
    return (
        "leave its container to Swarm, which replaces one that stops: `docker service update "
        "--force` restarts a service"
    )


_STOPPED_BY_HAND = {SIGKILL, SIGTERM}
"""What `docker restart` and `docker stop` leave."""


def _side_by_side(now: Situation) -> str:
    """Add that start-first lets two copies open one volume, where the new one died early on."""
    if now.code is not CauseCode.EXIT_NONZERO or not now.start_first or now.spec is None:
        return ""
    if now.task is not None and exit_code_in(now.task.error) is None and now.task.error:
        return ""  # it never started
    shared = [each.target for each in now.spec.mounts if each.kind in {"volume", "bind"}]
    if not shared:
        return ""
    return (
        f"; with `order: start-first` old and new have {listed(shared[:2])} open at once: if only "
        "one may, say `order: stop-first`"
    )


def _early(now: Situation) -> str:
    if now.spec is None:
        return ""
    if now.ending is Ending.UNHEARD:
        return (
            f"only the Engine of {now.where} tells whether its check had failed, and Swarm stops "
            "what turns unhealthy: run ccci against that node, or, since it is meant to end, say "
            "`healthcheck: disable: true`"
        )
    if now.ending is not Ending.AGAIN and _runs_again(now.spec):
        return (
            "let its main process stay in the foreground; for work that is to be done again each "
            f"{now.spec.restart.delay:g} s let it wait and repeat that itself: in an update Swarm "
            "takes each end within `monitor` for a failure"
        )
    if now.spec.mode is Mode.GLOBAL and now.ending is not Ending.AGAIN:
        return (
            "let its main process stay in the foreground; if it is meant to end on each node, make "
            "it a job (`mode: global-job`)"
        )
    if now.ending is Ending.EARLY and is_one_shot(now.spec, now.spec.health):
        return (
            "its tasks stayed until this deploy: let its main process stay in the foreground; "
            "if it is meant to end from now on, make it a job, or deploy it once more"
        )
    what = "runs by its restart delay" if now.ending is Ending.AGAIN else ""
    if now.ending is Ending.DONE or is_one_shot(now.spec, now.spec.health):
        what = "is meant to end, or make it a job"
    taken = (
        "in an update Swarm takes each end within `monitor` for a failure: say `update_config: "
        f"failure_action: continue` for a service that {what}"
    )
    return taken if what else ""


def _runs_again(spec: Spec) -> bool:
    """Say whether somebody chose how long after its end Swarm starts a service again."""
    return (
        not spec.mode.is_job
        and spec.restart.condition == "any"
        and spec.restart.delay > UNSET_RESTART.delay
    )


def _out_of_memory(now: Situation) -> str:
    """Name the limit that was hit, and start-first's double."""
    limit = now.spec.memory_limit if now.spec is not None else 0
    hint = HINTS[CauseCode.OOM_KILLED]
    if limit:
        hint = hint.replace("limits.memory`", f"limits.memory` (it was {sizes.told(limit)})")
    if not now.start_first:
        return hint
    return (
        f"{hint}; where the node is short of memory, `update_config: order: stop-first` avoids "
        "running old and new side by side"
    )


def _starting(now: Situation) -> str:
    """Tell of a check that was not asked yet: until its first good answer the task is starting."""
    task, health = now.task, now.spec.health if now.spec is not None else None
    if task is None or health is None or task.state is not TaskState.STARTING:
        return ""
    # Within a start_period newer engines ask each `start_interval` (moby daemon/health.go).
    if health.start_period or task.since is None or task.since >= health.interval:
        return ""
    return (
        f"its health check is first asked after its `interval` ({health.interval:g} s), and until "
        "it passes the task is starting: shorten it, or give it longer with --timeout"
    )


def _unknown(now: Situation) -> str:
    if now.task is not None and now.task.state is TaskState.REJECTED:
        # swarmkit agent/exec/errors.go: what it was given was removed meanwhile.
        gone = re.match(r"(secret|config) reference \S+ not found", now.task.error)
        if gone:
            return f"the {gone[1]} is gone from the swarm: make it again, and deploy again"
        words = own_words(now.task.error)
        log = f"see the log of the daemon on {now.where} (`journalctl -u docker`)"
        if _PASSES.search(words):
            return f"deploy again: what kept it from starting may have passed; if it stays, {log}"
        if _AS_WRITTEN.search(words):
            return "the node refuses it as it is written: mend what the message names, " + _AGAIN
        return f"mend what the message names if it is of the recipe, else {log}, {_AGAIN}"
    return ""


_AGAIN = "and deploy again"

_PASSES = re.compile(
    r"deadline exceeded|context canceled|marked for removal|task allocation failure|timed? ?out"
    r"|is not running|temporarily|connection (?:refused|reset)|\beof\b|unavailable",
    re.IGNORECASE,
)
"""What a node says of its own state, whatever was asked of it."""

_AS_WRITTEN = re.compile(
    r"(?:^|(?<=: ))(?:invalid|unknown|range of cpus|minimum|conflicting|duplicate|unsupported) "
    r"|not (?:supported|allowed|permitted|valid)\b|\bmust |\bcan ?not (?:be|use|set) ",
    re.IGNORECASE,
)
"""How moby's daemon speaks of a request (daemon/container.go, daemon/daemon_unix.go, opts)."""

_BY_CODE: dict[CauseCode, Callable[[Situation], str]] = {
    CauseCode.EXIT_NONZERO: exited,
    CauseCode.EXITED_EARLY: _early,
    CauseCode.NO_SUITABLE_NODE: no_node,
    CauseCode.OOM_KILLED: _out_of_memory,
    CauseCode.PORT_IN_USE: port_in_use,
    CauseCode.START_TIMEOUT: _starting,
    CauseCode.UNHEALTHY: unhealthy,
    CauseCode.UNKNOWN: _unknown,
}
