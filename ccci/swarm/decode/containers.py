"""What a container's inspection tells of its task. Pure."""

from dataclasses import replace
from datetime import datetime

from ccci.host import sanitizer
from ccci.swarm.decode.typed import Json, inside, objects, text, texts, whole
from ccci.swarm.exit_codes import SIGKILL
from ccci.swarm.model import UNSET_CHECK, Evidence


def of_container(task: str, state: Json, check: Json | None = None) -> Evidence:
    """Return what `State` of a container's inspection tells of its task, `check` being its own.

    Every container with a check says unhealthy once it has ended (moby container/health.go,
    CloseMonitorChannel), so that then only its failed probes in a row count.
    """
    health = inside(state, "Health")
    ended = text(state, "Status") in {"exited", "dead"}
    unhealthy = text(health, "Status") == "unhealthy"
    if ended:
        retries = whole(check or {}, "Retries") or UNSET_CHECK.retries
        unhealthy = unhealthy and (whole(health, "FailingStreak") or 0) >= retries
    started, finished = text(state, "StartedAt"), text(state, "FinishedAt")
    return Evidence(
        task,
        local=True,
        exit_code=whole(state, "ExitCode") if ended else None,
        oom_killed=bool(state.get("OOMKilled")),
        unhealthy=unhealthy,
        health=_probes(objects(health, "Log"), ended=ended),
        ran_for=_ran_for(started, finished) if ended else None,
    )


def inspected(task: str, container: Json) -> Evidence:
    """Return what a container's inspection tells of its task; nothing where it is empty."""
    if not container:
        return Evidence(task)
    check = inside(inside(container, "Config"), "Healthcheck")
    return of_container(task, inside(container, "State"), check)


def answers_again(container: Json) -> bool:
    """Say whether a container's check passed twice in a row by now: its first pass let it run."""
    health = inside(inside(container, "State"), "Health")
    last = objects(health, "Log")[-2:]
    return (
        text(health, "Status") == "healthy"
        and len(last) == 2  # noqa: PLR2004
        and all(whole(each, "ExitCode") == 0 for each in last)
    )


def environment(container: Json) -> list[str]:
    """Return the environment that a container's inspection shows, as `NAME=value`."""
    return texts(inside(container, "Config"), "Env")


def identifier(container: Json) -> str:
    """Return the container's id."""
    return text(container, "Id")


def image_of(container: Json | None) -> str:
    """Return the id of the image that a container runs, empty where nobody says."""
    found = (container or {}).get("Image")
    return found if isinstance(found, str) else ""


def exposed(container: Json) -> tuple[str, ...]:
    """Return what its image says it listens to, as `PORT/PROTOCOL`."""
    return tuple(inside(inside(container, "Config"), "ExposedPorts"))


def killed_within_a_limit(container: Json) -> bool:
    """Say whether it was killed under a memory limit, while nothing says yet that memory ran out.

    The kernel's word that memory ran out may reach the Engine after the exit that it caused
    (moby daemon/monitor.go: two events).
    """
    state = inside(container, "State")
    limited = bool(whole(inside(container, "HostConfig"), "Memory"))
    return limited and whole(state, "ExitCode") == SIGKILL and not state.get("OOMKilled")


def both(earlier: Evidence, later: Evidence) -> Evidence:
    """Return the later evidence of a task with what only the earlier one could see."""
    return replace(
        later,
        local=earlier.local or later.local,
        exit_code=later.exit_code if later.exit_code is not None else earlier.exit_code,
        oom_killed=earlier.oom_killed or later.oom_killed,
        unhealthy=earlier.unhealthy or later.unhealthy,
        health=later.health or earlier.health,
        logs=later.logs or earlier.logs,
        ran_for=later.ran_for if later.ran_for is not None else earlier.ran_for,
    )


def _probes(log: list[Json], *, ended: bool) -> tuple[str, ...]:
    failed = [each for each in log if whole(each, "ExitCode")]
    # A probe that runs when its container is stopped is killed with it, and tells nothing.
    if ended and len(failed) > 1 and failed[-1]["ExitCode"] == SIGKILL:
        failed = failed if failed[-1].get("Output") else failed[:-1]
    return tuple(_probe(each) for each in failed)


def _probe(entry: Json) -> str:
    # Whole (the Engine keeps 4096 bytes, moby daemon/health.go) and clean, so that a secret in it
    # is found; who tells of it makes it short.
    output = sanitizer.lines(text(entry, "Output")).strip()
    return f"exit {entry.get('ExitCode')}: {output}" if output else f"exit {entry.get('ExitCode')}"


def _ran_for(started: str | None, finished: str | None) -> float | None:
    try:
        begun, over = (datetime.fromisoformat(each or "") for each in (started, finished))
    except ValueError:
        return None
    if (begun.tzinfo is None) != (over.tzinfo is None):
        return None
    if begun.year == 1 or over.year == 1:
        return None
    # What ends at once may be known as ended before it is known as started.
    return max((over - begun).total_seconds(), 0.0)
