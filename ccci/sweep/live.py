"""The running swarm as the sweep sees it: what Swarm applied, not what a file asked for. Pure."""

from collections.abc import Iterable, Sequence

from ccci.compose.values import Mount
from ccci.swarm.decode import observation as decode
from ccci.swarm.decode.typed import Json, inside, labels, objects, seconds, text, whole
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.model import HealthSource, Service
from ccci.sweep.model import FileRow, FileStatus, Finding, ServiceRow, Sweep
from ccci.sweep.policy import Effective, Health, writes_shared
from ccci.sweep.rules import BY_ID, PAUSED, Choice, Hit, Rule, Subject, of_service
from ccci.sweep.rules.failing import pauses

_HEALTH = {
    HealthSource.DEFINED: Health.DEFINED,
    HealthSource.DISABLED: Health.DISABLED,
    HealthSource.INHERITED: Health.NONE,
}


def belongs(raw: Json, stack: str) -> bool:
    """Say whether a service is of this stack."""
    return _stack(raw) == stack


def sweep(
    services: Sequence[Json],
    networks: Sequence[Json],
    nodes: Sequence[Json],
    memory: int = 0,
    choice: Choice | None = None,
) -> Sweep:
    """Return the sweep of listings of the Engine: services, networks, nodes.

    A stack stands where a file would: `swarm:STACK`. `memory`, in bytes, stands for that of the
    largest node that Swarm may give tasks. Raise EngineError where an answer makes no sense.
    """
    chosen = choice or Choice()
    shared = _shared_networks(networks)
    host = {text(each, "Id") for each in networks if text(each, "Name") == "host"} | {"host"}
    usable = (
        _memory(inside(node, "Description"), "Resources")
        for node in nodes
        if decode.node(node).usable
    )
    memory = memory or max(usable, default=0)
    rows: list[ServiceRow] = []
    findings: list[Finding] = []
    for raw in sorted(services, key=lambda each: _stack(each) + _name(each)):
        stack = _stack(raw) or None
        service = decode.service(raw)
        file = f"swarm:{stack}" if stack else f"swarm:{service.full_name}"
        policy = policy_of(raw, service)
        status = service.update.state.value if service.update else None
        rows.append(ServiceRow(stack, file, policy, status))
        on_host = not host.isdisjoint(_targets(raw))
        subject = Subject(policy, _external(raw, shared, stack), (), (), memory, on_host)
        findings += [
            _finding(rule, hit, stack, policy.name, file)
            for rule, hit in of_service(subject, chosen)
        ]
    files = dict.fromkeys((row.file, row.recipe) for row in rows)
    for file, recipe in files if chosen.wants(BY_ID[PAUSED]) else ():
        hit = pauses({row.policy.name: row.policy for row in rows if row.file == file})
        findings += [_finding(BY_ID[PAUSED], hit, recipe, hit.service, file)] if hit else []
    return Sweep(
        tuple(FileRow(file, recipe, FileStatus.OK) for file, recipe in files),
        tuple(rows),
        tuple(findings),
    )


def _finding(rule: Rule, hit: Hit, stack: str | None, service: str | None, file: str) -> Finding:
    return Finding(
        rule.id,
        hit.severity or rule.severity,
        stack,
        service,
        file,
        file,
        None,
        hit.message,
        hit.hint,
        confidence=hit.confidence or rule.confidence,
    )


def policy_of(raw: Json, service: Service) -> Effective:
    """Return the policy that Swarm has for a service. Raise EngineError for what makes no sense."""
    spec = service.spec
    stack = _stack(raw)
    asked = inside(raw, "Spec")
    task = inside(asked, "TaskTemplate")
    container = inside(task, "ContainerSpec")
    mounts = [_mount(each) for each in objects(container, "Mounts")]
    check = inside(container, "Healthcheck")
    health = _HEALTH[spec.health_source]
    if health is Health.NONE and check:
        health = Health.INHERITED
    return Effective(
        name=service.name,
        image=text(container, "Image"),
        mode=spec.mode,
        replicas=spec.replicas,
        update=spec.update,
        update_declared="UpdateConfig" in asked,
        rollback=spec.rollback,
        rollback_declared="RollbackConfig" in asked,
        restart=spec.restart,
        health=health,
        check=spec.health,
        start_period=seconds(check, "StartPeriod") or 0.0
        if health in {Health.DEFINED, Health.INHERITED}
        else None,
        stop_grace=spec.stop_grace,
        volumes=_keys((m for m in mounts if m.type == "volume" and m.source), stack),
        shared=_keys((m for m in mounts if writes_shared(m)), stack),
        host_ports=tuple(sorted(port for port in spec.host_ports if port)),
        published=bool(objects(inside(asked, "EndpointSpec"), "Ports")),
        memory_limit=spec.memory_limit,
        memory_reservation=_memory(inside(task, "Resources"), "Reservations"),
        max_per_node=whole(inside(task, "Placement"), "MaxReplicas") or 0,
    )


def _mount(raw: Json) -> Mount:
    return Mount(
        text(raw, "Target"),
        text(raw, "Source"),
        text(raw, "Type") or "volume",
        bool(raw.get("ReadOnly")),
    )


def _keys(mounts: Iterable[Mount], stack: str) -> tuple[str, ...]:
    """Return the sources of mounts as a compose file calls them: without `STACK_`."""
    return tuple(sorted({mount.source.removeprefix(f"{stack}_") for mount in mounts}))


def _targets(raw: Json) -> list[str]:
    task = inside(inside(raw, "Spec"), "TaskTemplate")
    return [text(each, "Target") for each in objects(task, "Networks")]


def _stack(raw: Json) -> str:
    return labels(inside(raw, "Spec")).get(STACK_LABEL, "")


def _name(raw: Json) -> str:
    return text(inside(raw, "Spec"), "Name")


def _memory(holder: Json, key: str) -> int:
    return whole(inside(holder, key), "MemoryBytes") or 0


def _shared_networks(networks: Sequence[Json]) -> dict[str, tuple[str, str | None]]:
    """Return each overlay network's name and the stack it belongs to, by id and by name."""
    found = {}
    for network in networks:
        if network.get("Driver") == "overlay" and not network.get("Ingress"):
            entry = (text(network, "Name"), labels(network).get(STACK_LABEL) or None)
            found[text(network, "Id")] = entry
            found[entry[0]] = entry
    return found


def _external(
    raw: Json, shared: dict[str, tuple[str, str | None]], stack: str | None
) -> tuple[str, ...]:
    """Return the networks of a service that are not its own stack's."""
    entries = [shared[target] for target in _targets(raw) if target in shared]
    return tuple(name for name, owner in entries if owner != stack or owner is None)
