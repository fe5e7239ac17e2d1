"""The running swarm as the sweep sees it: what Swarm applied, not what a file asked for. Pure."""

from collections.abc import Iterable, Sequence

from ccci.compose.values import Mount
from ccci.swarm.decode import networks as decode_networks
from ccci.swarm.decode import observation
from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.networks import Network
from ccci.swarm.decode.services import Mounted, ServiceEntry
from ccci.swarm.decode.typed import Json
from ccci.swarm.model import HealthSource, Service
from ccci.sweep.model import FileRow, FileStatus, Finding, ServiceRow, Sweep
from ccci.sweep.policy import CheckSource, Effective, writes_shared
from ccci.sweep.rules import BY_ID, PAUSED, Choice, Hit, Rule, Subject, of_service
from ccci.sweep.rules.failing import pauses

_HEALTH = {
    HealthSource.DEFINED: CheckSource.DEFINED,
    HealthSource.DISABLED: CheckSource.DISABLED,
    HealthSource.INHERITED: CheckSource.NONE,
}
_CHECKED = {CheckSource.DEFINED, CheckSource.INHERITED}


def belongs(raw: Json, stack: str) -> bool:
    """Say whether a service is of this stack."""
    return listed(raw).stack == stack


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
    known = decode_networks.networks(networks)
    shared = _shared_networks(known)
    host = {each.id for each in known if each.name == "host"} | {"host"}
    every = (observation.node(each) for each in nodes)
    memory = memory or max((each.memory for each in every if each.usable), default=0)
    rows: list[ServiceRow] = []
    findings: list[Finding] = []
    for raw in sorted(services, key=_place):
        entry = ServiceEntry(raw)
        stack = entry.listed.stack or None
        service = observation.service(raw)
        file = f"swarm:{stack}" if stack else f"swarm:{service.full_name}"
        policy = policy_of(entry, service)
        status = service.update.state.value if service.update else None
        rows.append(ServiceRow(stack, file, policy, status))
        on_host = not host.isdisjoint(entry.networks)
        subject = Subject(policy, _external(entry, shared, stack), (), (), memory, on_host)
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


def _place(raw: Json) -> str:
    about = listed(raw)
    return about.stack + about.name


def policy_of(entry: ServiceEntry, service: Service) -> Effective:
    """Return the policy that Swarm has for a service. Raise EngineError for what makes no sense."""
    spec = service.spec
    stack = entry.listed.stack
    mounts = [_mount(each) for each in entry.mounts]
    health = _HEALTH[spec.health_source]
    if health is CheckSource.NONE and entry.tunes_check:
        health = CheckSource.INHERITED
    return Effective(
        name=service.name,
        image=entry.image,
        mode=spec.mode,
        replicas=spec.replicas,
        update=spec.update,
        update_declared=entry.declares_update,
        rollback=spec.rollback,
        rollback_declared=entry.declares_rollback,
        restart=spec.restart,
        health=health,
        check=spec.health,
        start_period=entry.start_period if health in _CHECKED else None,
        stop_grace=spec.stop_grace,
        volumes=_keys((m for m in mounts if m.type == "volume" and m.source), stack),
        shared=_keys((m for m in mounts if writes_shared(m)), stack),
        host_ports=tuple(sorted(port for port in spec.host_ports if port)),
        published=entry.publishes,
        memory_limit=spec.memory_limit,
        memory_reservation=entry.memory_reservation,
        max_per_node=entry.max_per_node,
    )


def _mount(mount: Mounted) -> Mount:
    return Mount(mount.target, mount.source, mount.kind or "volume", mount.read_only)


def _keys(mounts: Iterable[Mount], stack: str) -> tuple[str, ...]:
    """Return the sources of mounts as a compose file calls them: without `STACK_`."""
    return tuple(sorted({mount.source.removeprefix(f"{stack}_") for mount in mounts}))


def _shared_networks(networks: Iterable[Network]) -> dict[str, Network]:
    """Return the networks that services attach to of their own, by id and by name."""
    shared = [each for each in networks if each.is_shared]
    return {key: each for each in shared for key in (each.id, each.name)}


def _external(
    service: ServiceEntry, shared: dict[str, Network], stack: str | None
) -> tuple[str, ...]:
    """Return the networks of a service that are not its own stack's."""
    found = [shared[target] for target in service.networks if target in shared]
    return tuple(each.name for each in found if each.stack != stack or not each.stack)
