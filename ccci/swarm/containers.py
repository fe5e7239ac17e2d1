"""What a container's inspection tells of its task. Pure."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime
from typing import Any

from ccci.swarm.model import Evidence

KILLED = 137
_PROBE_LENGTH = 2000
_DEFAULT_RETRIES = 3

Json = Mapping[str, Any]


def of_container(task: str, state: Json, check: Json | None = None) -> Evidence:
    """Return what `State` of a container's inspection tells of its task, `check` being its own.

    Every container with a check says unhealthy once it has ended (moby container/health.go,
    CloseMonitorChannel), so that then only its failed probes in a row count.
    """
    health = state.get("Health") or {}
    ended = state.get("Status") in {"exited", "dead"}
    unhealthy = health.get("Status") == "unhealthy"
    if ended:
        retries = (check or {}).get("Retries") or _DEFAULT_RETRIES
        unhealthy = unhealthy and (health.get("FailingStreak") or 0) >= retries
    return Evidence(
        task,
        local=True,
        exit_code=state.get("ExitCode") if ended else None,
        oom_killed=bool(state.get("OOMKilled")),
        unhealthy=unhealthy,
        health=_probes(health.get("Log") or [], ended=ended),
        ran_for=_ran_for(state.get("StartedAt"), state.get("FinishedAt")) if ended else None,
    )


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
    failed = [each for each in log if each.get("ExitCode")]
    # A probe that runs when its container is stopped is killed with it, and tells nothing.
    if ended and len(failed) > 1 and failed[-1]["ExitCode"] == KILLED:
        failed = failed if failed[-1].get("Output") else failed[:-1]
    return tuple(_probe(each) for each in failed)


def _probe(entry: Json) -> str:
    output = str(entry.get("Output") or "").strip()[:_PROBE_LENGTH]
    return f"exit {entry.get('ExitCode')}: {output}" if output else f"exit {entry.get('ExitCode')}"


def _ran_for(started: str | None, finished: str | None) -> float | None:
    try:
        begun, over = (datetime.fromisoformat(each or "") for each in (started, finished))
    except ValueError:
        return None
    if begun.year == 1 or over.year == 1:
        return None
    # What ends at once may be known as ended before it is known as started.
    return max((over - begun).total_seconds(), 0.0)
