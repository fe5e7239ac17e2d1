"""A service's spec as the Engine gives it, with what Swarm does where it says nothing. Pure."""

from collections.abc import Mapping
from typing import Any

from ccci.errors import EngineError
from ccci.swarm import fingerprint
from ccci.swarm.model import (
    HealthCheck,
    HealthSource,
    Identity,
    Mode,
    RestartPolicy,
    Spec,
    UpdatePolicy,
)

Json = Mapping[str, Any]
STACK_LABEL = "com.docker.stack.namespace"
_NANOSECONDS = 1e9
_MODES = {
    "Replicated": Mode.REPLICATED,
    "Global": Mode.GLOBAL,
    "ReplicatedJob": Mode.REPLICATED_JOB,
    "GlobalJob": Mode.GLOBAL_JOB,
}


def spec(raw: Json) -> Spec:
    """Return what a rollout is judged by, Swarm's defaults filled in."""
    template = inside(raw, "TaskTemplate")
    container = inside(template, "ContainerSpec")
    placement = inside(template, "Placement")
    ports = inside(raw, "EndpointSpec").get("Ports") or []
    mode, replicas = _mode(inside(raw, "Mode"))
    grace = container.get("StopGracePeriod")
    health, source = _health(container.get("Healthcheck"))
    return Spec(
        whole=fingerprint.of(raw),
        template=fingerprint.template(raw),
        endpoint=fingerprint.of(raw.get("EndpointSpec")),
        mode=mode,
        replicas=replicas,
        identity=identity(raw),
        update=_policy(raw.get("UpdateConfig")),
        rollback=_policy(raw.get("RollbackConfig")),
        restart=_restart(inside(template, "RestartPolicy")),
        health=health,
        health_source=source,
        stop_grace=10.0 if grace is None else grace / _NANOSECONDS,
        constraints=tuple(placement.get("Constraints") or ()),
        platforms=tuple(
            (each.get("OS") or "", each.get("Architecture") or "")
            for each in placement.get("Platforms") or ()
        ),
        ports=len(ports),
        host_ports=tuple(
            each.get("PublishedPort") or 0 for each in ports if each.get("PublishMode") == "host"
        ),
        memory_limit=inside(inside(template, "Resources"), "Limits").get("MemoryBytes") or 0,
    )


def identity(raw: Json) -> Identity:
    """Return what the labels `coop-cloud.STACK.…` of a service's spec declare, and its image.

    `chaos-version` counts while `chaos` is not "false": abra writes it in chaos alone, and a
    trailing `+U` says that the tree was dirty.
    """
    labels = raw.get("Labels") or {}
    prefix = f"coop-cloud.{labels.get(STACK_LABEL, '')}."
    commit = labels.get(prefix + "chaos-version") or ""
    if labels.get(prefix + "chaos") == "false":
        commit = ""
    return Identity(
        version=labels.get(prefix + "version") or None,
        image=inside(inside(raw, "TaskTemplate"), "ContainerSpec").get("Image") or None,
        commit=commit.removesuffix("+U") or None,
        dirty=commit.endswith("+U"),
    )


def _mode(raw: Json) -> tuple[Mode, int | None]:
    for key, mode in _MODES.items():
        if raw.get(key) is None:
            continue
        found = raw[key]
        if mode is Mode.REPLICATED:
            count = found.get("Replicas")
            return mode, 1 if count is None else count
        if mode is Mode.REPLICATED_JOB:
            # Without both, one completion (moby daemon/cluster/convert/service.go).
            total, at_once = found.get("TotalCompletions"), found.get("MaxConcurrent")
            return mode, total if total is not None else at_once if at_once is not None else 1
        return mode, None
    if raw:
        raise EngineError(0, f"the Engine tells of a service mode that ccci does not know: {raw}")
    return Mode.REPLICATED, 1


def _policy(raw: Json | None) -> UpdatePolicy:
    """Return a policy with swarmkit's defaults (api/defaults/service.go).

    Without a policy one task is updated at once; in a policy, parallelism 0, which an Engine may
    leave out, means all at once (swarmkit manager/orchestrator/update/updater.go). A monitor of 0
    is not sent on, so it becomes the default (moby daemon/cluster/convert/service.go).
    """
    if raw is None:
        return UpdatePolicy()
    return UpdatePolicy(
        failure_action=raw.get("FailureAction") or "pause",
        order=raw.get("Order") or "stop-first",
        monitor=(raw.get("Monitor") or 0) / _NANOSECONDS or 5.0,
        max_failure_ratio=float(raw.get("MaxFailureRatio") or 0.0),
        parallelism=raw.get("Parallelism") or 0,
        delay=(raw.get("Delay") or 0) / _NANOSECONDS,
    )


def _restart(raw: Json) -> RestartPolicy:
    delay = raw.get("Delay")
    return RestartPolicy(
        condition=raw.get("Condition") or "any",
        delay=5.0 if delay is None else delay / _NANOSECONDS,
        max_attempts=raw.get("MaxAttempts") or 0,
        window=(raw.get("Window") or 0) / _NANOSECONDS,
    )


def _health(raw: Json | None) -> tuple[HealthCheck | None, HealthSource]:
    test = (raw or {}).get("Test") or []
    if test[:1] == ["NONE"]:
        return None, HealthSource.DISABLED
    if not test:
        return None, HealthSource.INHERITED
    return health_check(raw), HealthSource.DEFINED


def health_check(raw: Json | None) -> HealthCheck | None:
    """Return a health check, 0 meaning Docker's default (moby daemon/health.go), or None."""
    test = (raw or {}).get("Test") or []
    if raw is None or not test or test[0] == "NONE":
        return None
    return HealthCheck(
        interval=(raw.get("Interval") or 0) / _NANOSECONDS or 30.0,
        timeout=(raw.get("Timeout") or 0) / _NANOSECONDS or 30.0,
        retries=raw.get("Retries") or 3,
        start_period=(raw.get("StartPeriod") or 0) / _NANOSECONDS,
    )


def inside(raw: Json, key: str) -> Json:
    """Return the object under a key, empty where it is absent or null."""
    found = raw.get(key)
    return found if isinstance(found, Mapping) else {}
