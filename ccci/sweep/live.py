"""The running swarm as the sweep sees it: what Swarm applied, not what a file asked for. Pure."""

from collections.abc import Iterable, Sequence
from typing import Any

from ccci.compose.values import Mount
from ccci.swarm.decode import observation as decode
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.model import HealthSource, Service
from ccci.sweep.model import FileRow, FileStatus, Finding, ServiceRow, Sweep
from ccci.sweep.policy import Effective, Health, writes_shared
from ccci.sweep.rules import BY_ID, PAUSED, Choice, Hit, Rule, Subject, of_service
from ccci.sweep.rules.failing import pauses

Json = dict[str, Any]
_HEALTH = {
    HealthSource.DEFINED: Health.DEFINED,
    HealthSource.DISABLED: Health.DISABLED,
    HealthSource.INHERITED: Health.NONE,
}


def belongs(raw: Json, stack: str) -> bool:
    """Say whether a service is of this stack."""
    return bool(_labels(raw).get(STACK_LABEL) == stack)


def sweep(
    services: Sequence[Json],
    networks: Sequence[Json],
    nodes: Sequence[Json],
    memory: int = 0,
    choice: Choice | None = None,
) -> Sweep:
    """Return the sweep of listings of the Engine: services, networks, nodes.

    A stack stands where a file would: `swarm:STACK`. `memory`, in bytes, stands for that of the
    largest node that Swarm may give tasks.
    """
    chosen = choice or Choice()
    shared = _shared_networks(networks)
    host = {str(each.get("Id")) for each in networks if each.get("Name") == "host"} | {"host"}
    usable = (_memory(node) for node in nodes if decode.node(node).usable)
    memory = memory or max(usable, default=0)
    rows: list[ServiceRow] = []
    findings: list[Finding] = []
    for raw in sorted(
        services, key=lambda each: str(_labels(each).get(STACK_LABEL, "")) + _name(each)
    ):
        stack = _labels(raw).get(STACK_LABEL)
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
    """Return the policy that Swarm has for a service."""
    spec = service.spec
    stack = str(_labels(raw).get(STACK_LABEL, ""))
    task = (raw.get("Spec") or {}).get("TaskTemplate") or {}
    container = task.get("ContainerSpec") or {}
    resources = task.get("Resources") or {}
    mounts = [_mount(each) for each in container.get("Mounts") or ()]
    ports = ((raw.get("Spec") or {}).get("EndpointSpec") or {}).get("Ports") or ()
    check = container.get("Healthcheck")
    health = _HEALTH[spec.health_source]
    if health is Health.NONE and check:
        health = Health.INHERITED
    return Effective(
        name=service.name,
        image=str(container.get("Image") or ""),
        mode=spec.mode,
        replicas=spec.replicas,
        update=spec.update,
        update_declared="UpdateConfig" in (raw.get("Spec") or {}),
        rollback=spec.rollback,
        rollback_declared="RollbackConfig" in (raw.get("Spec") or {}),
        restart=spec.restart,
        health=health,
        check=spec.health,
        start_period=(check or {}).get("StartPeriod", 0) / 10**9
        if health in {Health.DEFINED, Health.INHERITED}
        else None,
        stop_grace=spec.stop_grace,
        volumes=_keys((m for m in mounts if m.type == "volume" and m.source), stack),
        shared=_keys((m for m in mounts if writes_shared(m)), stack),
        host_ports=tuple(sorted(port for port in spec.host_ports if port)),
        published=bool(ports),
        memory_limit=spec.memory_limit,
        memory_reservation=(resources.get("Reservations") or {}).get("MemoryBytes") or 0,
        max_per_node=(task.get("Placement") or {}).get("MaxReplicas") or 0,
    )


def _mount(raw: Json) -> Mount:
    return Mount(
        str(raw.get("Target") or ""),
        str(raw.get("Source") or ""),
        str(raw.get("Type") or "volume"),
        bool(raw.get("ReadOnly")),
    )


def _keys(mounts: Iterable[Mount], stack: str) -> tuple[str, ...]:
    """Return the sources of mounts as a compose file calls them: without `STACK_`."""
    return tuple(sorted({mount.source.removeprefix(f"{stack}_") for mount in mounts}))


def _targets(raw: Json) -> list[str]:
    task = (raw.get("Spec") or {}).get("TaskTemplate") or {}
    return [str(each.get("Target")) for each in task.get("Networks") or ()]


def _place(raw: Json) -> str:
    return str(_labels(raw).get(STACK_LABEL, "")) + _name(raw)


def _labels(raw: Json) -> Json:
    return (raw.get("Spec") or {}).get("Labels") or {}


def _name(raw: Json) -> str:
    return str((raw.get("Spec") or {}).get("Name") or "")


def _memory(node: Json) -> int:
    resources = (node.get("Description") or {}).get("Resources") or {}
    return int(resources.get("MemoryBytes") or 0)


def _shared_networks(networks: Sequence[Json]) -> dict[str, tuple[str, str | None]]:
    """Return each overlay network's name and the stack it belongs to, by id and by name."""
    found = {}
    for network in networks:
        if network.get("Driver") == "overlay" and not network.get("Ingress"):
            entry = (str(network.get("Name")), (network.get("Labels") or {}).get(STACK_LABEL))
            found[str(network.get("Id"))] = entry
            found[entry[0]] = entry
    return found


def _external(
    raw: Json, shared: dict[str, tuple[str, str | None]], stack: str | None
) -> tuple[str, ...]:
    """Return the networks of a service that are not its own stack's."""
    entries = [shared[target] for target in _targets(raw) if target in shared]
    return tuple(name for name, owner in entries if owner != stack or owner is None)
