"""A plan out of what is there and what was asked for. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

from ccci.exits import Verdict
from ccci.planning.facts import Asked, There, versions
from ccci.planning.fate import Change, Fate, fate_of, fields, normalized
from ccci.planning.judging import judged
from ccci.planning.model import ObjectPlan, Plan, ServicePlan
from ccci.planning.nodes.placing import Sent, placed
from ccci.planning.nodes.rolling import Tasks
from ccci.planning.objects import Kind, Write
from ccci.swarm.decode import observation, specs
from ccci.swarm.decode.listings import identity
from ccci.swarm.decode.networks import networks
from ccci.swarm.decode.parts import image_of, labels_of, spec_of
from ccci.swarm.decode.tasks import TaskEntry, entries
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.judge.refusals import refusal
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.model import Node


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
    rows = placed(
        [
            _service(stack, name, before.get(name), sent.get(name), there, asked)
            for name in sorted({*before, *sent})
        ],
        there,
        asked,
    )
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
    stack: str, writes: Sequence[Write], before: Mapping[str, OwnJson]
) -> dict[str, Write]:
    """Return the last write of each service that belongs to the stack."""
    found: dict[str, Write] = {}
    for each in writes:
        if each.kind is not Kind.SERVICE:
            continue
        owner = labels_of(each.spec).get(STACK_LABEL)
        if each.name in before or owner == stack or each.name in found:
            found[each.name] = each
    return found


def _matters(write: Write) -> bool:
    """Say whether a write of a config, secret or network changes anything.

    `docker stack deploy` sends configs and secrets that exist again, with their labels.
    """
    if write.action != "update" or write.before is None or write.refusal:
        return True
    return labels_of(spec_of(write.before)) != labels_of(write.spec)


def _service(
    stack: str, full: str, live: OwnJson | None, write: Write | None, there: There, asked: Asked
) -> Sent:
    name = full.removeprefix(f"{stack}_")
    if write is None:
        return Sent(ServicePlan(name, Fate.LEFT_OUT, image_of(spec_of(live))))
    if write.refusal:
        said = refusal(f"failed to {write.action} service {full}: {write.refusal}")
        image = image_of(write.spec)
        row = ServicePlan(name, Fate.REFUSED, image, refusal=write.refusal, hint=said.hint)
        return Sent(row)
    if write.action == "remove":
        return Sent(ServicePlan(name, Fate.REMOVED, image_of(spec_of(live))))
    spec = specs.spec(write.spec)
    ids = {each.name: each.id for each in networks(asked.networks) if each.is_of_swarm}
    after = normalized(write.spec, ids)
    row, tasks = ServicePlan(name, Fate.CREATED, spec.identity.image or ""), Tasks()
    if live is not None:
        nodes = tuple(observation.node(each) for each in there.nodes)
        tasks, was = _tasks_of(identity(live), there), spec_of(live)
        change = Change(normalized(was, ids), after, specs.spec(was), spec)
        fate = fate_of(change, _nodes_of(tasks.live, nodes), nodes, dirty=bool(tasks.dirty))
        differ = fields(change.before, after)
        row = replace(row, fate=fate, fields=differ, why=_why(change, fate, tasks))
    return Sent(replace(row, digest=there.digests.get(row.image)), write, live, tasks)


def _why(change: Change, fate: Fate, tasks: Tasks) -> str:
    """Return why tasks are replaced though no field that they are made of differs."""
    if fate is not Fate.ROLLS:
        return ""
    if change.spec.mode.is_job:
        return "it is a job: each update runs it again, whatever it changes"
    if not tasks.dirty or change.remakes:
        return ""
    old, live = len(tasks.dirty), len(tasks.live)
    return f"{old} of its {live} tasks {'is' if old == 1 else 'are'} still of another spec"


def _tasks_of(service: str, there: There) -> Tasks:
    """Return the tasks of a service that are to run, or to start after a delay."""
    own = (task for task in entries(there.tasks) if task.service == service)
    live = [task for task in own if task.is_meant_to_run]
    return Tasks(live, [task for task in live if task.id in there.dirty])


def _nodes_of(tasks: Sequence[TaskEntry], nodes: Sequence[Node]) -> list[Node | None]:
    """Return the node of each task; None for one that has none yet, or whose node is gone."""
    known = {node.id: node for node in nodes}
    return [known.get(task.node) for task in tasks]


def _notes(stack: str, asked: Asked, there: There) -> tuple[str, ...]:
    notes = [f"refused while planning: {each}" for each in asked.refused]
    notes += dict.fromkeys(asked.passed_over)
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


def _owner(found: OwnJson | None) -> str:
    return str(labels_of(spec_of(found)).get(STACK_LABEL) or "")
