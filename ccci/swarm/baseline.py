"""What a stack was before the deploy: the yardstick of every later look. Pure.

Saved by `ccci converge STACK --save-baseline FILE` for pipelines split in steps. It holds
fingerprints, labels' identities and policies, never an environment or a command, so that no secret
can be in it.
"""

from collections.abc import Container, Mapping
from dataclasses import dataclass, replace
from typing import Any

from ccci.errors import UsageError
from ccci.host.json_values import from_json, to_json
from ccci.swarm.model import Observation, Service, Spec, TaskState, UpdateState

SCHEMA = "ccci.baseline/1"
HINT = "make one with `ccci converge STACK --save-baseline FILE` before the deploy"


@dataclass(frozen=True, slots=True)
class ServiceBaseline:
    """One service before the deploy."""

    id: str
    name: str
    version: int
    spec: Spec
    previous: Spec | None
    update_state: UpdateState | None
    update_started_at: str | None
    iteration: int | None
    tasks: frozenset[str]
    """The ids of all its tasks, ended ones included."""
    held: frozenset[str] = frozenset()
    """The ids of those that Swarm wanted to run."""
    stays: bool = False
    """Its practice: a task of it was running, and no slot of it had ended well for good."""
    failed: bool = False
    """Tasks of the very spec it had are listed as failed, or as kept from starting."""


@dataclass(frozen=True, slots=True)
class Baseline:
    """A stack before the deploy; `at` is RFC 3339 on our clock."""

    stack: str
    at: str
    services: tuple[ServiceBaseline, ...]
    orchestrator: str = ""

    def of(self, service_id: str) -> ServiceBaseline | None:
        """Return the service of this id, or None when it was not there."""
        return next((each for each in self.services if each.id == service_id), None)

    def before(self, service_id: str, name: str, present: Container[str]) -> ServiceBaseline | None:
        """Return what a service was before: the one of this id, else one of its name that is gone.

        What is removed and made anew has another id, and is the same service to people: its tasks
        of before show its practice. `present` are the ids of the services that are there now.
        """
        namesakes = (each for each in self.services if each.name == name and each.id not in present)
        return self.of(service_id) or next(namesakes, None)


def take(stack: str, seen: Observation) -> Baseline:
    """Return the baseline that a look shows."""
    return Baseline(stack, seen.wall, tuple(map(_take, seen.services)), seen.orchestrator)


def _take(service: Service) -> ServiceBaseline:
    return ServiceBaseline(
        id=service.id,
        name=service.name,
        version=service.version,
        spec=service.spec,
        previous=service.previous,
        update_state=service.update.state if service.update else None,
        update_started_at=service.update.started_at if service.update else None,
        iteration=service.iteration,
        tasks=frozenset(task.id for task in service.tasks),
        held=frozenset(task.id for task in service.tasks if task.live),
        stays=_stays(service),
        failed=_failed(service),
    )


def _stays(service: Service) -> bool:
    """Say whether the service's tasks were seen to run on, whatever its policy lets them do.

    A slot that ended well and was left empty says that they end: one that still runs is at work.
    An ended task in a slot that has a live one may have been stopped, and proves nothing.
    """
    if service.spec.mode.is_job:
        return False
    taken = {task.slot for task in service.tasks if task.live}
    newest = {task.slot: task for task in sorted(service.tasks, key=lambda each: each.created_at)}
    ended = any(
        slot not in taken and task.state is TaskState.COMPLETE and not task.exit_code
        for slot, task in newest.items()
    )
    running = any(task.live and task.state is TaskState.RUNNING for task in service.tasks)
    return running and not ended


def _failed(service: Service) -> bool:
    if any(
        task.up_to_date and task.state in {TaskState.FAILED, TaskState.REJECTED}
        for task in service.tasks
    ):
        return True
    live = [task for task in service.tasks if task.live]
    return any(task.error and not task.state.ended for task in live)


def named(baseline: Baseline, commits: Mapping[str, str]) -> Baseline:
    """Return the baseline with the commits that are known of its specs, by `Spec.whole`.

    A release is deployed pinned: its labels name its version alone, and only the run that deployed
    it knows the commit. What a label says goes first.
    """

    def with_commit(service: ServiceBaseline) -> ServiceBaseline:
        commit = service.spec.identity.commit or commits.get(service.spec.whole)
        identity = replace(service.spec.identity, commit=commit)
        return replace(service, spec=replace(service.spec, identity=identity))

    return replace(baseline, services=tuple(map(with_commit, baseline.services)))


def to_document(baseline: Baseline) -> dict[str, Any]:
    """Return the baseline as a JSON object."""
    return {"schema": SCHEMA, **to_json(baseline)}


def from_document(document: object) -> Baseline:
    """Return the baseline that a JSON object holds. Raise UsageError when it holds none."""
    if isinstance(document, dict) and document.get("schema") == SCHEMA:
        try:
            return from_json(Baseline, document)
        except ValueError as error:
            raise UsageError(f"this is not a baseline that ccci saved: {error}", HINT) from None
    raise UsageError("this is not a baseline that ccci saved", HINT)
