"""What a stack was before the deploy: the yardstick of every later look. Pure.

Saved by `ccci converge STACK --save-baseline FILE` for pipelines split in steps. It holds
fingerprints and labels' identities, never a spec itself, so no secret can be in it.
"""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from ccci.errors import UsageError
from ccci.swarm.model import Identity, Mode, Observation, Service, Spec, UpdateState

SCHEMA = "ccci.baseline/1"


@dataclass(frozen=True, slots=True)
class ServiceBaseline:
    """One service before the deploy; `tasks` are the ids of all its tasks, ended ones included."""

    id: str
    name: str
    version: int
    spec: Spec
    previous: Spec | None
    update_state: UpdateState | None
    update_started_at: str | None
    iteration: int | None
    tasks: frozenset[str]


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
    )


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
    return {
        "schema": SCHEMA,
        "stack": baseline.stack,
        "at": baseline.at,
        "orchestrator": baseline.orchestrator,
        "services": [
            {
                "id": each.id,
                "name": each.name,
                "version": each.version,
                "spec": _spec_document(each.spec),
                "previous": _spec_document(each.previous),
                "update_state": each.update_state,
                "update_started_at": each.update_started_at,
                "iteration": each.iteration,
                "tasks": sorted(each.tasks),
            }
            for each in baseline.services
        ],
    }


def _spec_document(spec: Spec | None) -> dict[str, Any] | None:
    if spec is None:
        return None
    return {
        "whole": spec.whole,
        "template": spec.template,
        "endpoint": spec.endpoint,
        "mode": spec.mode.value,
        "replicas": spec.replicas,
        "identity": asdict(spec.identity),
    }


def from_document(document: object) -> Baseline:
    """Return the baseline that a JSON object holds. Raise UsageError when it holds none."""
    try:
        return _from_document(document)
    except (KeyError, TypeError, ValueError, AttributeError):
        raise UsageError(
            "this is not a baseline that ccci saved",
            "make one with `ccci converge STACK --save-baseline FILE` before the deploy",
        ) from None


def _from_document(document: Any) -> Baseline:  # noqa: ANN401
    if document["schema"] != SCHEMA:
        raise ValueError(document["schema"])
    return Baseline(
        stack=str(document["stack"]),
        at=str(document["at"]),
        orchestrator=str(document.get("orchestrator", "")),
        services=tuple(
            ServiceBaseline(
                id=str(each["id"]),
                name=str(each["name"]),
                version=int(each["version"]),
                spec=_spec(each["spec"]),
                previous=_spec(each["previous"]) if each["previous"] is not None else None,
                update_state=UpdateState(each["update_state"]) if each["update_state"] else None,
                update_started_at=each["update_started_at"],
                iteration=each["iteration"],
                tasks=frozenset(map(str, each["tasks"])),
            )
            for each in document["services"]
        ),
    )


def _spec(document: Any) -> Spec:  # noqa: ANN401
    return Spec(
        whole=str(document["whole"]),
        template=str(document["template"]),
        endpoint=str(document["endpoint"]),
        mode=Mode(document["mode"]),
        replicas=document["replicas"],
        identity=Identity(**document["identity"]),
    )
