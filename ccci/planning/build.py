"""A plan out of what is there and what was asked for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from ccci.exits import Verdict
from ccci.planning import fit
from ccci.planning.facts import Asked, There, versions
from ccci.planning.fate import Fate, fate_of, fields, normalized
from ccci.planning.judging import judged
from ccci.planning.model import ObjectPlan, Plan, ServicePlan
from ccci.planning.ports import published
from ccci.planning.recorded import Kind, Write, name_of
from ccci.swarm.decode import observation, specs
from ccci.swarm.judge import deadline
from ccci.swarm.judge.placement import fitting
from ccci.swarm.judge.refusals import refusal
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.model import Node, Observation, Service, Spec

Json = dict[str, Any]


def build(
    stack: str,
    there: There,
    asked: Asked,
    moved: Sequence[str] = (),
    planned_on: Mapping[str, int] | None = None,
) -> Plan:
    """Return the plan. `moved` are the services that were really written meanwhile.

    `planned_on` are the real versions, where what is there is partly recorded itself.
    """
    before = there.of(stack)
    known = versions(there.services, stack) if planned_on is None else planned_on
    sent = _last_of_each(stack, asked.writes, before)
    rows = [
        _service(stack, name, before.get(name), sent.get(name), there, asked)
        for name in sorted({*before, *sent})
    ]
    objects = tuple(
        ObjectPlan(each.kind.word, each.name, each.action, each.refusal)
        for each in asked.writes
        if each.kind is not Kind.SERVICE and _matters(each)
    )
    plan = Plan(
        stack,
        Verdict.DONE,
        "",
        services=tuple(sorted(rows, key=lambda each: (_ORDER.index(each.fate), each.name))),
        objects=objects,
        notes=_notes(stack, asked, there),
        command_exit_code=asked.code,
        planned_on=dict(sorted(known.items())),
    )
    return judged(plan, asked, moved)


_ORDER = (
    Fate.REFUSED,
    Fate.REMOVED,
    Fate.ROLLS,
    Fate.CREATED,
    Fate.SCALED,
    Fate.SETTINGS_ONLY,
    Fate.LABELS_ONLY,
    Fate.LEFT_OUT,
    Fate.UNCHANGED,
)


def _last_of_each(
    stack: str, writes: Sequence[Write], before: Mapping[str, Json]
) -> dict[str, Write]:
    """Return the last write of each service that belongs to the stack."""
    found: dict[str, Write] = {}
    for each in writes:
        if each.kind is not Kind.SERVICE:
            continue
        labels = each.spec.get("Labels") or {}
        if each.name in before or labels.get(STACK_LABEL) == stack or each.name in found:
            found[each.name] = each
    return found


def _matters(write: Write) -> bool:
    """Say whether a write of a config, secret or network changes anything.

    `docker stack deploy` sends configs and secrets that exist again, with their labels.
    """
    if write.action != "update" or write.before is None or write.refusal:
        return True
    was = (write.before.get("Spec") or {}).get("Labels") or {}
    return was != (write.spec.get("Labels") or {})


def _service(
    stack: str, full: str, live: Json | None, write: Write | None, there: There, asked: Asked
) -> ServicePlan:
    name = full.removeprefix(f"{stack}_")
    if write is None:
        return ServicePlan(name, Fate.LEFT_OUT, image_of((live or {}).get("Spec") or {}))
    if write.refusal:
        return ServicePlan(
            name,
            Fate.REFUSED,
            image_of(write.spec),
            refusal=write.refusal,
            hint=refusal(f"failed to {write.action} service {full}: {write.refusal}").hint,
        )
    if write.action == "remove":
        return ServicePlan(name, Fate.REMOVED, image_of((live or {}).get("Spec") or {}))
    spec = specs.spec(write.spec)
    networks = {str(each.get("Name")): str(each.get("Id")) for each in asked.networks}
    after = normalized(write.spec, networks)
    nodes = tuple(observation.node(each) for each in there.nodes)
    if live is None:
        row = ServicePlan(name, Fate.CREATED, spec.identity.image or "")
        old = fit.Need()
    else:
        before = normalized(live["Spec"], networks)
        on = _nodes_of(str(live["ID"]), there.tasks, nodes)
        row = ServicePlan(
            name,
            fate_of(before, after, spec, on),
            spec.identity.image or "",
            fields(before, after),
        )
        old = fit.need_of(live["Spec"])
    row = replace(row, digest=there.digests.get(row.image))
    return _placed(row, full, spec, write, there, nodes, old)


def _placed(
    row: ServicePlan,
    full: str,
    spec: Spec,
    write: Write,
    there: There,
    nodes: tuple[Node, ...],
    old: fit.Need,
) -> ServicePlan:
    """Return a row with where its tasks fit and how long they may take, where any start."""
    if not row.starts_tasks or spec.replicas == 0:
        return row
    need = fit.need_of(write.spec)
    stays = spec.update.order == "start-first"
    room = fit.rooms(there.nodes, there.tasks, without="" if stays else write.id)
    held = _held(spec, write, there, stays=stays)
    service = Service(write.id, row.name, full, 0, spec)
    seen = Observation(0.0, "", (service,), nodes, absent_images=there.absent_images)
    longest = deadline.derive(seen)
    return replace(
        row,
        nodes=fit.fits(spec, need, nodes, room, held),
        waves=_waves(spec, len(fitting(spec, nodes))),
        longest=longest.seconds,
        arithmetic=longest.arithmetic,
        side_by_side=fit.side_by_side(spec, old, need, room) if row.fate is Fate.ROLLS else "",
    )


def _waves(spec: Spec, nodes: int) -> int:
    count = nodes if spec.mode.is_global else spec.replicas or 0
    at_once = spec.update.parallelism or count
    return -(-count // at_once) if at_once else 0


def _held(spec: Spec, write: Write, there: There, *, stays: bool) -> dict[str, str]:
    """Return, by node, who holds a host port that the service wants; itself under start-first."""
    wanted = published(spec.raw, "host")
    names = {str(each["ID"]): name_of(Kind.SERVICE, each) for each in there.services}
    ports = {str(each["ID"]): published(each["Spec"], "host") for each in there.services}
    found: dict[str, str] = {}
    for task in there.tasks:
        owner = str(task.get("ServiceID") or "")
        taken = sorted(ports.get(owner, frozenset()) & wanted)
        running = (task.get("Status") or {}).get("State") == "running"
        if taken and running and (owner != write.id or stays):
            found[str(task.get("NodeID"))] = f"port {taken[0]} is held by {names.get(owner, owner)}"
    return found


def _nodes_of(service: str, tasks: Sequence[Json], nodes: Sequence[Node]) -> list[Node]:
    where = {
        str(task.get("NodeID"))
        for task in tasks
        if task.get("ServiceID") == service and task.get("DesiredState") in {"running", "ready"}
    }
    return [node for node in nodes if node.id in where]


def image_of(spec: Mapping[str, Any]) -> str:
    """Return the image of a raw spec of a service, or nothing."""
    template = spec.get("TaskTemplate") or {}
    return str((template.get("ContainerSpec") or {}).get("Image") or "")


def _notes(stack: str, asked: Asked, there: There) -> tuple[str, ...]:
    notes = [f"refused while planning: {each}" for each in asked.refused]
    if asked.ended:
        notes.append("COMMAND only watched at the end, and was ended")
    if any(each.kind is Kind.SECRET and each.action == "update" for each in asked.writes):
        notes.append("whether a secret that exists would get other content cannot be known")
    for each in asked.writes:
        owner = _owner(each.before) if each.action == "update" and not each.refusal else ""
        if each.kind in {Kind.CONFIG, Kind.SECRET} and owner not in {"", stack}:
            # docker/cli cli/command/stack/swarm/deploy_composefile.go createConfigs: by its name.
            notes.append(f"{each.kind.word} {each.name} is taken over from the stack {owner}")
    if there.absent_images:
        absent = ", ".join(sorted(there.absent_images))
        notes.append(f"not on the node asked, so to be pulled: {absent}")
    return tuple(notes)


def _owner(found: Json | None) -> str:
    labels = ((found or {}).get("Spec") or {}).get("Labels") or {}
    return str(labels.get(STACK_LABEL) or "")
