"""Observations of made-up stacks in one line each, and the judge run over them."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from ccci.exits import Verdict
from ccci.swarm.baseline import Baseline, take
from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin
from ccci.swarm.model import (
    Command,
    HealthCheck,
    HealthSource,
    Identity,
    Mode,
    Node,
    Observation,
    RestartPolicy,
    Service,
    Spec,
    Task,
    TaskState,
    UpdatePolicy,
    UpdateState,
    UpdateStatus,
)

NODE = Node("node1", "one", manager=True, leader=True, role="manager")
DEPLOY = ("docker", "stack", "deploy", "-c", "compose.yml", "stack")
RUNNING_COMMAND = Command(DEPLOY)
ENDED = Command(DEPLOY, 0)


def spec(revision: str, **changes: Any) -> Spec:
    """Return the spec of a revision: all its fingerprints are made of its name."""
    made = Spec(
        whole=f"{revision}-whole",
        template=revision,
        endpoint="ports",
        identity=Identity(None, f"image:{revision}", revision),
        update=UpdatePolicy(failure_action="rollback"),
        health_source=HealthSource.DISABLED,
    )
    return replace(made, **changes)


def task(name: str, state: str = "running", **changes: Any) -> Task:
    """Return a task; `name` is also its age: later names were created later."""
    desired = {"complete": "shutdown", "failed": "shutdown", "rejected": "shutdown"}
    made = Task(
        id=name,
        slot="1",
        state=TaskState(state),
        desired=TaskState(changes.pop("desired", desired.get(state, "running"))),
        created_at=name,
        node=NODE.id,
    )
    return replace(made, **changes)


def service(revision: str, *tasks: Task, name: str = "app", **changes: Any) -> Service:
    """Return a service at a revision (a Spec or its name), with its update's state by name."""
    update = changes.pop("update", None)
    started = changes.pop("started", "s1")
    message = changes.pop("message", "")
    spec_changes = changes.pop("spec", {})
    made = Service(
        id=f"id-{name}",
        name=name,
        full_name=f"stack_{name}",
        version=changes.pop("version", 1),
        spec=spec(revision, **spec_changes),
        update=UpdateStatus(UpdateState(update), message, started) if update else None,
        tasks=tasks,
    )
    return replace(made, **changes)


def look(at: float, *services: Service, **changes: Any) -> Observation:
    """Return a look at a stack, after COMMAND ended unless said otherwise."""
    made = Observation(at, f"t{at:g}", services, (NODE,), ENDED)
    return replace(made, **changes)


def baseline(*services: Service) -> Baseline:
    """Return the baseline of these services."""
    return take("stack", look(0, *services))


def fold(
    before: Baseline | None, looks: Sequence[Observation], policy: Policy | None = None
) -> Rollout:
    """Return the judge's memory after these looks."""
    rollout = begin(before, policy or Policy(), 0.0)
    for seen in looks:
        rollout = advance(rollout, seen)
    return rollout


def verdict(
    before: Baseline | None, looks: Sequence[Observation], policy: Policy | None = None
) -> Verdict | None:
    """Return the verdict of these looks."""
    return fold(before, looks, policy).verdict


CHECK = HealthCheck(interval=1.0, timeout=1.0, retries=2)
MODES = tuple(Mode)
RESTARTS = {
    name: RestartPolicy(condition=name, delay=1.0) for name in ("any", "on-failure", "none")
}

OLD = service("base", task("a1", template="base"))
BASE = baseline(OLD)
OLD_DIRTY = task("a1", template="base", up_to_date=False)
OLD_STOPPED = task("a1", "shutdown", desired="shutdown", template="base", up_to_date=False)


def rolled(*tasks_: Task, update: str | None = None, **changes: Any) -> Service:
    """Return the service after the head was sent: version 2, its previous spec the base."""
    return service(
        "head",
        *tasks_,
        version=2,
        previous=OLD.spec,
        update=update,
        **changes,
    )
