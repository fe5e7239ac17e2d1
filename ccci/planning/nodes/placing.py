"""Where the tasks of a plan's services find a node: each alone, then beside each other. Pure."""

from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from ccci.planning.facts import Asked, There
from ccci.planning.fate import Fate
from ccci.planning.model import ServicePlan
from ccci.planning.nodes import packing
from ccci.planning.nodes.expected_tasks import is_guessed
from ccci.planning.nodes.fit import Demand, alone, filled
from ccci.planning.nodes.next_step import way_out
from ccci.planning.nodes.rolling import Tasks, outage, timed
from ccci.planning.nodes.room import Need, Occupant, Owner, Room, least, need_of, rooms
from ccci.planning.objects import Kind, Write
from ccci.swarm.decode import observation, specs
from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.listings import identity
from ccci.swarm.decode.parts import spec_of, template_of
from ccci.swarm.decode.tasks import entries
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.judge.endings import is_one_shot
from ccci.swarm.judge.placement import fitting
from ccci.swarm.model import Node, Spec

_RIVALS = 3
"""So many services are named that others have to fit beside."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A service's row with what was sent for it, and the spec it had, where it is there."""

    row: ServicePlan
    write: Write | None = None
    before: OwnJson | None = None
    tasks: Tasks = field(default_factory=Tasks)


def placed(sent: Sequence[Sent], there: There, asked: Asked) -> list[ServicePlan]:
    """Return the rows with where their tasks fit and how long they may take, where any start."""
    nodes = tuple(observation.node(each) for each in there.nodes)
    left = rooms(there.nodes, _staying(sent, there, asked))
    written = {each.row.name: each for each in sent}
    demands = {each.row.name: _demand(each, there) for each in sent if _places(each)}
    rows = {each.row.name: each.row for each in sent}
    for name, demand in demands.items():
        fit = alone(demand, nodes, left) if demand.wanted or demand.spec.mode.is_global else None
        row, one = rows[name], written[name]
        if _starts(one, demand, nodes):
            row = timed(row, demand, _old_need(one), one.tasks, nodes, there)
        if fit is not None:
            row = replace(
                row, nodes=fit.nodes, wanted=fit.wanted, placed=fit.placed, beside=fit.beside
            )
        rows[name] = row
    if not any(each.lacks for each in rows.values()):
        certain = {name: each for name, each in demands.items() if _is_certain(each)}
        there_already = list(_guessed(_kept(sent, there, asked), there))
        rows |= _together(rows, there_already, certain, nodes, left)
    for name, demand in demands.items():
        stops = outage(rows[name], demand.spec, written[name].tasks, nodes)
        rows[name] = replace(rows[name], outage=stops)
        if rows[name].lacks:
            full, replaces = demand.owner.name, bool(demand.olds)
            hint = way_out(rows[name], full, demand.spec, replaces=replaces)
            rows[name] = replace(rows[name], hint=hint)
    return list(rows.values())


def _places(sent: Sent) -> bool:
    """Say whether it is to be known where tasks of it may be: some start, or only some may stay."""
    if sent.write is None or not sent.row.starts_tasks:
        return False
    return specs.spec(sent.write.spec).replicas != 0


def _starts(sent: Sent, demand: Demand, nodes: tuple[Node, ...]) -> bool:
    if sent.row.fate is not Fate.SCALED:
        return True
    if not demand.spec.mode.is_global or sent.before is None:
        return demand.wanted > 0
    was = specs.spec(spec_of(sent.before))
    return bool(set(fitting(demand.spec, nodes)) - set(fitting(was, nodes)))


def _old_need(sent: Sent) -> Need:
    """Return what an old task needs: by its own spec, where it is not of its service's."""
    if sent.tasks.dirty:
        return need_of(sent.tasks.dirty[0].spec)
    return need_of(template_of(spec_of(sent.before)))


def _staying(sent: Sequence[Sent], there: There, asked: Asked) -> Iterator[Occupant]:
    """Yield the tasks that stay where they are: of services that are not written, or only grow.

    One that may end by itself, or whose service is on its way out, may make room.
    """
    kept = _kept(sent, there, asked)
    keeping = {}
    for each in there.services:
        about, spec = listed(each), spec_of(each)
        if about.id not in kept or _may_end(specs.spec(spec)):
            continue
        keeping[about.id] = Owner(about.id, about.name), spec
    for task in entries(there.tasks):
        found = keeping.get(task.service)
        if found is not None and task.occupies and not is_guessed(task):
            owner, spec = found
            yield Occupant(task.node, owner, need_of(task.spec, spec))


def _kept(sent: Sequence[Sent], there: There, asked: Asked) -> frozenset[str]:
    """Return the services all tasks of which stay: not written, or written and kept as they are."""
    stays = {each.write.id for each in sent if each.write is not None and _keeps(each)}
    written = {each.id for each in asked.writes if each.kind is Kind.SERVICE and not each.refusal}
    return frozenset(map(identity, there.services)) - (written - stays)


def _keeps(sent: Sent) -> bool:
    """Say whether a service that was written keeps all the tasks that it has.

    Those of a global service are counted with the ones it gains, a node's for itself.
    """
    if sent.row.fate is Fate.SCALED:
        before = specs.spec(spec_of(sent.before))
        after = specs.spec(sent.write.spec if sent.write is not None else {})
        return not after.mode.is_global and (after.replicas or 0) >= (before.replicas or 0)
    return sent.row.fate in {Fate.UNCHANGED, Fate.LABELS_ONLY, Fate.SETTINGS_ONLY}


def _may_end(spec: Spec) -> bool:
    return spec.mode.is_job or is_one_shot(spec, spec.health)


def _demand(sent: Sent, there: There) -> Demand:
    write = sent.write
    if write is None:
        raise ValueError("a service that starts tasks was written")
    spec = specs.spec(write.spec)
    owner, need = Owner(write.id, write.name), need_of(template_of(write.spec), write.spec)
    every = (task for task in entries(there.tasks) if task.service == write.id)
    own = [task for task in every if task.node and task.occupies]
    if spec.mode.is_global:
        wanted = 0
    elif _may_end(spec):  # its tasks may run one after the other
        return Demand(owner, spec, need, 1)
    else:
        kept = len(own) if sent.row.fate is Fate.SCALED else 0
        wanted = max(0, (spec.replicas or 0) - kept)
    if sent.row.fate is not Fate.ROLLS or sent.before is None:
        return Demand(owner, spec, need, wanted)
    was = spec_of(sent.before)
    if _may_end(specs.spec(was)) or any(map(is_guessed, own)):
        return Demand(owner, spec, need, wanted)
    old = least(need_of(task.spec, was) for task in own)
    return Demand(owner, spec, need, wanted, old, Counter(task.node for task in own))


def _guessed(stays: Collection[str], there: There) -> Iterator[Demand]:
    """Yield the tasks that stay, on nodes that nobody knows yet."""
    guessed = Counter(task.service for task in entries(there.tasks) if is_guessed(task))
    for each in there.services:
        about, spec = listed(each), spec_of(each)
        if about.id in guessed and about.id in stays and not _may_end(specs.spec(spec)):
            need = need_of(template_of(spec), spec)
            owner = Owner(about.id, about.name)
            yield Demand(owner, specs.spec(spec), need, guessed[about.id])


def _is_certain(demand: Demand) -> bool:
    """Say whether others have to fit beside its tasks."""
    asks = demand.need.reserved or demand.need.ports
    runs = demand.wanted or demand.spec.mode.is_global
    return bool(asks and runs) and not _may_end(demand.spec)


def _together(
    rows: Mapping[str, ServicePlan],
    there_already: Sequence[Demand],
    demands: Mapping[str, Demand],
    nodes: tuple[Node, ...],
    left: Mapping[str, Room],
) -> dict[str, ServicePlan]:
    """Return the row that changes since its tasks do not fit beside those of the others."""
    every = [*there_already, *demands.values()]
    found = packing.lack(every, nodes, left)
    if found is None or found.at < len(there_already):
        return {}
    name = list(demands)[found.at - len(there_already)]
    last, before = every[found.at], every[: found.at]
    rivals = [each.owner.name for each in before if _rival(each, last)]
    beside = ", ".join(rivals[:_RIVALS]) + (" and others" if len(rivals) > _RIVALS else "")
    return {
        name: replace(
            rows[name],
            nodes=filled(last, nodes, found.rooms),
            placed=min(found.placed, rows[name].wanted - 1),
            beside=beside,
        )
    }


def _rival(one: Demand, other: Demand) -> bool:
    shared = one.need.reserved.keys() & other.need.reserved.keys()
    return bool(shared or one.need.ports & other.need.ports)
