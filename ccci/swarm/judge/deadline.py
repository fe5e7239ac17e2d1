"""How long a rollout may take, from the recipe's own numbers, with the arithmetic to print. Pure.

Swarm itself has no limit: the updater waits for a task for ever (swarmkit updater.go).
"""

import math
from collections.abc import Mapping
from dataclasses import dataclass

from ccci.host.durations import LONGEST_UNASKED
from ccci.swarm.judge.limits import (
    BRIEF_SOAK,
    LONGEST_SOAK,
    NEXT_PROBE,
    PULL_ALLOWANCE,
    RETURN_ALLOWANCE,
    SHORTEST_SOAK,
    START_ALLOWANCE,
    WORK_ALLOWANCE,
)
from ccci.swarm.judge.placement import fitting
from ccci.swarm.model import HealthCheck, HealthSource, Mode, Observation, Service, Spec


@dataclass(frozen=True, slots=True)
class Deadline:
    """The seconds a rollout may take, and the sentence that adds them up."""

    seconds: float
    arithmetic: str


def health_of(spec: Spec, inherited: Mapping[str, HealthCheck]) -> HealthCheck | None:
    """Return the health check that a service's tasks have: its own, else its image's, or none."""
    if spec.health_source is HealthSource.DEFINED:
        return spec.health
    if spec.health_source is HealthSource.INHERITED and spec.identity.image is not None:
        return inherited.get(spec.identity.image)
    return None


def soak_of(spec: Spec, health: HealthCheck | None, *, brief: bool = False) -> float:
    """Return how many seconds a task must have been running to count as steady.

    The longer of Swarm's monitor and of the time a check needs to fail, at least 5 s, at most 60 s.
    A brief one is only as long as a check needs to be asked again.
    """
    wanted = max(spec.update.monitor, health.unhealthy_after if health else 0.0)
    whole = min(max(wanted, SHORTEST_SOAK), LONGEST_SOAK)
    if health is None or not brief:
        return whole
    return min(whole, max(BRIEF_SOAK, health.interval + NEXT_PROBE))


def returns_within(spec: Spec, health: HealthCheck | None) -> float:
    """Return how many seconds after a rollback the old spec's task ought to run again."""
    starts = health.start_period + health.unhealthy_after if health else 0.0
    return spec.restart.delay + starts + RETURN_ALLOWANCE


def derive(seen: Observation, soak: float | None = None, *, brief: bool = False) -> Deadline:
    """Return the deadline of a stack: its slowest service's. `soak` replaces each one's own.

    A recipe may ask for days of it: without a word of the user's it does not get them.
    """
    inherited = dict(seen.inherited)
    each = [_of_service(service, seen, inherited, soak, brief=brief) for service in seen.services]
    found = max(
        each, key=lambda one: one.seconds, default=Deadline(START_ALLOWANCE, "30s to start")
    )
    most = LONGEST_UNASKED + (soak or 0.0)
    if found.seconds <= most:
        return found
    return Deadline(most, f"{_seconds(most)}, the most without --timeout ({found.arithmetic})")


def of_a_start(service: Service, seen: Observation) -> Deadline:
    """Return how long tasks may take that replace none: a new service's, a job's, those of a scale.

    No policy of updates has a part in it: they all start at once, nothing counts their failures
    and nothing is rolled back (swarmkit manager/orchestrator/replicated/services.go, jobs/).
    """
    spec = service.spec
    health = health_of(spec, dict(seen.inherited))
    terms = _terms(spec, seen, health)
    soak = soak_of(spec, health)
    total = sum(seconds for seconds, _ in terms) + soak
    words = f"{_wave_words(terms, 1)} + {_seconds(soak)} soak"
    return Deadline(total, f"{_seconds(total)} for {service.name} = {words}")


def _of_service(
    service: Service,
    seen: Observation,
    inherited: Mapping[str, HealthCheck],
    soak: float | None,
    *,
    brief: bool,
) -> Deadline:
    spec = service.spec
    health = health_of(spec, inherited)
    count = len(fitting(spec, seen.nodes)) if spec.mode.is_global else spec.replicas or 0
    waves = math.ceil(count / spec.update.parallelism) if spec.update.parallelism else 1
    waves = 1 if spec.mode.is_job else max(waves, 1)
    stops = spec.update.order == "stop-first" or not count
    stop_first = stops and spec.mode in {Mode.REPLICATED, Mode.GLOBAL}
    wave = [
        *_terms(spec, seen, health),
        (spec.stop_grace if stop_first else 0.0, "stop grace"),
        (spec.update.monitor, "monitor"),
    ]
    one_wave = sum(seconds for seconds, _ in wave)
    rollback = sum(seconds for seconds, name in wave if name != "pull")
    rolling_back = 0.0 if spec.mode.is_job else rollback
    steady = soak_of(spec, health, brief=brief) if soak is None else soak
    terms = [(one_wave * waves, _wave_words(wave, waves)), ((waves - 1) * spec.update.delay, "")]
    total = sum(seconds for seconds, _ in terms) + rolling_back + steady
    words = [terms[0][1]]
    if terms[1][0]:
        words.append(f"{waves - 1} x {_seconds(spec.update.delay)} delay")
    if rolling_back:
        words.append(f"{_seconds(rolling_back)} one rollback")
    words.append(f"{_seconds(steady)} soak")
    return Deadline(total, f"{_seconds(total)} for {service.name} = {' + '.join(words)}")


def _terms(spec: Spec, seen: Observation, health: HealthCheck | None) -> list[tuple[float, str]]:
    """Return what a task may take until it is known whether it runs, or has done its work."""
    absent = spec.identity.image in seen.absent_images
    return [
        (PULL_ALLOWANCE if absent else 0.0, "pull"),
        (START_ALLOWANCE, "to start"),
        (WORK_ALLOWANCE if spec.mode.is_job else 0.0, "to work"),
        (health.start_period if health else 0.0, "start_period"),
        (health.unhealthy_after if health else 0.0, "to turn unhealthy"),
    ]


def _wave_words(wave: list[tuple[float, str]], waves: int) -> str:
    inside = " + ".join(f"{_seconds(seconds)} {name}" for seconds, name in wave if seconds)
    return f"{waves} x ({inside})" if waves > 1 else inside


def _seconds(seconds: float) -> str:
    return f"{seconds:g}s" if seconds < 1e6 else f"{seconds:.0f}s"  # noqa: PLR2004
