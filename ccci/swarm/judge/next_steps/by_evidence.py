"""The next step by what was seen of the container: its exit code, its log, its probe. Pure text."""

from ccci.swarm import exit_codes
from ccci.swarm.judge.hints import HINTS
from ccci.swarm.judge.next_steps import by_log, by_probe
from ccci.swarm.judge.next_steps.by_hand import asked_by_hand, started_by_hand
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.model import CauseCode, Spec, TaskState


def exited(now: Situation) -> str:
    """Return the next step for a task that ended with an error, or nothing."""
    if now.task is not None and now.task.state is TaskState.REJECTED:
        return "it never started: mend what the message names"
    special = _by_exit_code(now)
    if special:
        return special
    evidence = now.evidence
    if evidence is not None and "does not support reading" in evidence.incomplete:
        driver = now.spec.log_driver if now.spec is not None else ""
        named = f"`{driver}`" if driver else "the log driver"
        return f"its log cannot be read back from {named}: read it where {named} sends it"
    step = by_log.step(evidence.logs) if evidence is not None else ""
    if step:
        return step
    silent = evidence is not None and not evidence.logs and not evidence.incomplete
    said = "it printed nothing; " if silent else ""
    return said + (started_by_hand(now) or HINTS[CauseCode.EXIT_NONZERO])


def _by_exit_code(now: Situation) -> str:
    local = now.evidence is not None and now.evidence.local
    if now.exit_code == exit_codes.SIGKILL and not local:
        return (
            f"137 is SIGKILL: perhaps out of memory; ask {now.where} (the kernel's log: "
            "`journalctl -k`), since this Engine cannot see it"
        )
    return {
        exit_codes.SIGKILL: (
            "137 is SIGKILL, and not for its own memory limit: see whether somebody killed or "
            "restarted the container by hand, or the node ran out of memory (`journalctl -k`)"
        ),
        exit_codes.NOT_EXECUTABLE: (
            "126: a program that its start script calls may not be executed: `chmod +x` in the "
            "image, or `mode: 0555` for a config"
        ),
        exit_codes.NOT_FOUND: (
            "127: a program that its start script calls is not in the image: install it there, or "
            "mend `command`/`entrypoint`"
        ),
        exit_codes.SIGILL: (
            f"132 is SIGILL: the program uses instructions that the processor of {now.where} does "
            "not have: take a build or a version without them, or constrain the service to nodes "
            "that fit"
        ),
        exit_codes.SIGSEGV: (
            "139: the program crashed (SIGSEGV): try the image's other versions, or report it to "
            "who makes it"
        ),
        exit_codes.SIGTERM: (
            "143 is SIGTERM: something asked it to stop; see whether somebody stopped or restarted "
            "the container by hand"
        ),
    }.get(now.exit_code or 0, "")


def unhealthy(now: Situation) -> str:
    """Return the next step by what the last probe said, or nothing."""
    evidence = now.evidence
    # start_period is over with the first good probe (moby daemon/health.go).
    longer = (
        "" if now.was_up else "; if {who} only needs longer{to}, raise the check's `start_period`"
    )
    if evidence is None or not evidence.local:
        return (
            f"what its probe printed stays on {now.where}: let ccci talk to that node "
            "(DOCKER_HOST), or see `docker inspect --format '{{json .State.Health}}'` there while "
            f"it runs{longer.format(who='it', to='')}"
        )
    last = evidence.health[-1] if evidence.health else ""
    reading = by_probe.read(last, now.spec)
    if reading is not None:
        more = longer.format(who="the app", to=reading.longer) if reading.longer else ""
        return reading.step.format(timeout=_timeout(now.spec)) + more
    before = "the check passed at first: see what changes then; " if now.was_up else ""
    by_hand = asked_by_hand(now) or _BY_HAND
    return before + by_hand + longer.format(who="the app", to="")


_BY_HAND = "run the check's `test` by hand in a container with the same environment and networks"


def _timeout(spec: Spec | None) -> str:
    seconds = spec.health.timeout if spec is not None and spec.health is not None else 0.0
    return f" (now {seconds:g} s)" if seconds else ""
