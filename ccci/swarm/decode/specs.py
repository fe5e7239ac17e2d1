"""A service's spec as the Engine gives it, with what Swarm does where it says nothing. Pure."""

from ccci.host.json_values import object_in, objects_in, texts_in
from ccci.swarm.decode import fingerprint
from ccci.swarm.decode.typed import (
    Json,
    UnknownWord,
    inside,
    labels,
    number,
    objects,
    seconds,
    text,
    texts,
    whole,
)
from ccci.swarm.labels import STACK_LABEL, of_app
from ccci.swarm.model import (
    UNSET_CHECK,
    UNSET_RESTART,
    UNSET_STOP_GRACE,
    UNSET_UPDATE,
    Container,
    HealthCheck,
    HealthSource,
    Identity,
    Mode,
    Mount,
    RestartPolicy,
    Spec,
    UpdatePolicy,
)

_TRUE = {"1", "t", "true"}
"""What Go's strconv.ParseBool takes for true, which swarm-cronjob reads its label with."""

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
    ports = objects(inside(raw, "EndpointSpec"), "Ports")
    mode, replicas = _mode(mode_of(raw))
    grace = seconds(container, "StopGracePeriod")
    health, source = _health(inside(container, "Healthcheck"))
    return Spec(
        whole=fingerprint.of(raw),
        template=fingerprint.template(raw),
        endpoint=fingerprint.of(raw.get("EndpointSpec")),
        mode=mode,
        replicas=replicas,
        identity=identity(raw),
        update=_policy(raw, "UpdateConfig"),
        rollback=_policy(raw, "RollbackConfig"),
        restart=_restart(inside(template, "RestartPolicy")),
        health=health,
        health_source=source,
        stop_grace=UNSET_STOP_GRACE if grace is None else grace,
        constraints=tuple(texts(placement, "Constraints")),
        platforms=tuple(
            (text(each, "OS"), text(each, "Architecture"))
            for each in objects(placement, "Platforms")
        ),
        ports=len(ports),
        host_ports=tuple(
            whole(each, "PublishedPort") or 0
            for each in ports
            if text(each, "PublishMode") == "host"
        ),
        force_update=whole(template, "ForceUpdate") or 0,
        cronjob=labels(raw).get("swarm.cronjob.enable", "").lower() in _TRUE,
        memory_limit=whole(inside(inside(template, "Resources"), "Limits"), "MemoryBytes") or 0,
        log_driver=text(inside(template, "LogDriver"), "Name"),
        mounts=tuple(_mount(each) for each in objects(container, "Mounts")),
        container=_container(container),
        raw=raw,
    )


def _container(raw: Json) -> Container:
    """Return what a spec's tasks start; it is shown to people alone, so an odd word is let be.

    Swarm's Command is the container's entrypoint, and Args is its command (moby
    daemon/cluster/executor/container/container.go).
    """
    user, folder = (raw.get(key) for key in ("User", "Dir"))
    files = (each for key in ("Secrets", "Configs") for each in objects_in(raw.get(key)))
    targets = (object_in(each.get("File")).get("Name") for each in files)
    return Container(
        image=str(raw.get("Image") or ""),
        entrypoint=tuple(texts_in(raw.get("Command"))),
        command=tuple(texts_in(raw.get("Args"))),
        user=user if isinstance(user, str) else "",
        folder=folder if isinstance(folder, str) else "",
        variables=tuple(each.partition("=")[0] for each in texts_in(raw.get("Env"))),
        files=tuple(str(each) for each in targets if each),
        test=tuple(texts_in(object_in(raw.get("Healthcheck")).get("Test"))),
    )


def identity(raw: Json) -> Identity:
    """Return what the labels `coop-cloud.STACK.…` of a service's spec declare, and its image.

    `chaos-version` counts while `chaos` is not "false": abra writes it in chaos alone, and a
    trailing `+U` says that the tree was dirty.
    """
    found = labels(raw)
    stack = found.get(STACK_LABEL, "")
    commit = found.get(of_app(stack, "chaos-version")) or ""
    if found.get(of_app(stack, "chaos")) == "false":
        commit = ""
    return Identity(
        version=found.get(of_app(stack, "version")) or None,
        image=text(inside(inside(raw, "TaskTemplate"), "ContainerSpec"), "Image") or None,
        commit=commit.removesuffix("+U") or None,
        dirty=commit.endswith("+U"),
    )


def identity_of(service: Json) -> Identity:
    """Return what a service's spec declares."""
    return identity(inside(service, "Spec"))


def _mount(raw: Json) -> Mount:
    driver = inside(inside(raw, "VolumeOptions"), "DriverConfig")
    return Mount(
        kind=text(raw, "Type") or "volume",
        source=text(raw, "Source"),
        target=text(raw, "Target"),
        driver=text(driver, "Name"),
        has_options=bool(driver.get("Options")),
    )


def mode_of(spec: Json) -> Json:
    """Return the object whose one key names a service's mode."""
    return inside(spec, "Mode")


def _mode(raw: Json) -> tuple[Mode, int | None]:
    for key, mode in _MODES.items():
        if raw.get(key) is None:
            continue
        found = inside(raw, key)
        if mode is Mode.REPLICATED:
            count = whole(found, "Replicas")
            return mode, 1 if count is None else count
        if mode is Mode.REPLICATED_JOB:
            # Without both, one completion (moby daemon/cluster/convert/service.go).
            total, at_once = whole(found, "TotalCompletions"), whole(found, "MaxConcurrent")
            return mode, total if total is not None else at_once if at_once is not None else 1
        return mode, None
    if raw:
        said = ", ".join(sorted(raw))[:80]
        raise UnknownWord(f"the Engine tells of a service mode that ccci does not know: {said}")
    return Mode.REPLICATED, 1


def _policy(spec: Json, key: str) -> UpdatePolicy:
    """Return a policy with swarmkit's defaults (api/defaults/service.go).

    Without a policy one task is updated at once; in a policy, parallelism 0, which an Engine may
    leave out, means all at once (swarmkit manager/orchestrator/update/updater.go). A monitor of 0
    is not sent on, so it becomes the default (moby daemon/cluster/convert/service.go).
    """
    if spec.get(key) is None:
        return UNSET_UPDATE
    raw = inside(spec, key)
    return UpdatePolicy(
        failure_action=text(raw, "FailureAction") or UNSET_UPDATE.failure_action,
        order=text(raw, "Order") or UNSET_UPDATE.order,
        monitor=seconds(raw, "Monitor") or UNSET_UPDATE.monitor,
        max_failure_ratio=number(raw, "MaxFailureRatio") or 0.0,
        parallelism=whole(raw, "Parallelism") or 0,
        delay=seconds(raw, "Delay") or 0.0,
    )


def _restart(raw: Json) -> RestartPolicy:
    delay = seconds(raw, "Delay")
    return RestartPolicy(
        condition=text(raw, "Condition") or UNSET_RESTART.condition,
        delay=UNSET_RESTART.delay if delay is None else delay,
        max_attempts=whole(raw, "MaxAttempts") or 0,
        window=seconds(raw, "Window") or 0.0,
    )


def _health(raw: Json) -> tuple[HealthCheck | None, HealthSource]:
    test = texts(raw, "Test")
    if test[:1] == ["NONE"]:
        return None, HealthSource.DISABLED
    if not test:
        return None, HealthSource.INHERITED
    return health_check(raw), HealthSource.DEFINED


def health_check(raw: Json | None) -> HealthCheck | None:
    """Return a health check, 0 meaning Docker's default (moby daemon/health.go), or None."""
    test = texts(raw or {}, "Test")
    if raw is None or not test or test[0] == "NONE":
        return None
    return HealthCheck(
        interval=seconds(raw, "Interval") or UNSET_CHECK.interval,
        timeout=seconds(raw, "Timeout") or UNSET_CHECK.timeout,
        retries=whole(raw, "Retries") or UNSET_CHECK.retries,
        start_period=seconds(raw, "StartPeriod") or 0.0,
    )


def image_check(image: Json) -> HealthCheck | None:
    """Return the health check that an image brings along, by its inspection."""
    return health_check(inside(inside(image, "Config"), "Healthcheck"))
