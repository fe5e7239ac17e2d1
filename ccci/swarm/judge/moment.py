"""One service at one look, read once: what the judge asks of it. Pure."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccci.swarm.baseline import ServiceBaseline
from ccci.swarm.judge.command import asks_for_rollback
from ccci.swarm.judge.deadline import health_of
from ccci.swarm.judge.endings import Ending, ended_by_itself, ended_well, ending_of
from ccci.swarm.judge.slots import Slots, read, stopping
from ccci.swarm.judge.unreported_health import Span, spans, unheard
from ccci.swarm.model import HealthCheck, Node, Observation, Service, Task


@dataclass(frozen=True, slots=True)
class Look:
    """One look at the whole stack: what holds for all of its services, worked out once."""

    seen: Observation
    patience: float
    """The seconds that the rollout may take."""
    last: float | None
    """When was looked before, the baseline's look included."""
    stopping: bool
    """Tasks of the stack are still being stopped."""
    may_roll_back: bool
    """COMMAND, which asks for a rollback, was not known to have ended at the look before."""


def look(seen: Observation, *, last: float | None, during: bool, patience: float) -> Look:
    """Return a look, with what holds for all of its services.

    `last` is when was looked before. `during`: what changed since may be COMMAND's doing.
    """
    command = seen.command
    return Look(
        seen,
        patience,
        last,
        stopping=any(stopping(each, seen.nodes) for each in seen.services),
        may_roll_back=during and command is not None and asks_for_rollback(command.argv),
    )


@dataclass(frozen=True, slots=True)
class Moment:
    """One service at one look."""

    service: Service
    slots: Slots
    health: HealthCheck | None
    """Its effective check: its own, or its image's."""
    ending: Ending
    """What an end with 0 is to it."""
    ran: Mapping[str, Span]
    """The longest that each of its tasks can have run."""
    failed: tuple[Task, ...]
    """The tasks that ended by themselves, and not as they were meant to; oldest first."""
    nodes: tuple[Node, ...]
    unhealthy: frozenset[str]
    """The tasks of the stack whose container was heard to turn unhealthy."""
    stopping: bool
    """Tasks of the stack are still being stopped: they hold ports and memory."""
    at: float
    settled: bool
    """COMMAND had ended before the look: a later change is somebody else's."""
    may_roll_back: bool
    """COMMAND, which asks for a rollback, was not known to have ended at the look before."""


def moment(
    service: Service, at: Look, before: ServiceBaseline | None, ran: Mapping[str, Span]
) -> Moment:
    """Return what a look shows of one of its services.

    `before` shows what its practice was, `ran` how long its tasks ran as of the look before.
    """
    seen = at.seen
    health = health_of(service.spec, dict(seen.inherited))
    stays = before is not None and before.stays
    ending = ending_of(service.spec, health, stays=stays, patience=at.patience)
    old = frozenset[str]() if before is None else before.tasks
    last = seen.at if at.last is None else at.last
    known = None if at.last is None else old
    ran = spans(ran, service.tasks, old=known, last=last, at=seen.at)
    if ending is Ending.DONE and unheard(service.tasks, ran, health, seen.asked):
        ending = Ending.UNHEARD

    def meant_to(task: Task) -> bool:
        return ending.meant and ended_well(task, seen.unhealthy)

    by_age = sorted(service.tasks, key=lambda task: task.created_at)
    return Moment(
        service=service,
        slots=read(service, seen.nodes, ending, seen.unhealthy),
        health=health,
        ending=ending,
        ran=ran,
        failed=tuple(task for task in by_age if ended_by_itself(task) and not meant_to(task)),
        nodes=seen.nodes,
        unhealthy=seen.unhealthy,
        stopping=at.stopping,
        at=seen.at,
        settled=seen.command is None or seen.command.code is not None,
        may_roll_back=at.may_roll_back,
    )
