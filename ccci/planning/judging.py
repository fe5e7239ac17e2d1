"""The verdict of a plan: worst first, with the way out. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from ccci.exits import Verdict
from ccci.planning.facts import Asked
from ccci.planning.fate import Fate
from ccci.planning.model import NodeFit, Plan, ServicePlan
from ccci.swarm.judge.refusals import refusal


def judged(plan: Plan, asked: Asked, moved: Sequence[str]) -> Plan:
    """Return a plan with its verdict, worst first; `moved` are the services really written."""
    if moved:
        return replace(
            plan,
            verdict=Verdict.DISTURBED,
            summary=f"while it was planned, the real swarm changed: {', '.join(moved)}",
            hint="does COMMAND address an Engine of its own? Then it was not planned but done; "
            "else somebody else deployed: plan again",
        )
    refused = [each for each in plan.services if each.refusal]
    objects = [each for each in plan.objects if each.refusal]
    if refused or objects:
        if refused:
            name, said, hint = refused[0].name, refused[0].refusal, refused[0].hint
        else:
            first = objects[0]
            name, said = f"{first.kind} {first.name}", first.refusal
            hint = refusal(f"failed to {first.action} {name}: {said}").hint
        return replace(
            plan,
            verdict=Verdict.DEPLOY_FAILED,
            summary=f"the Engine would refuse {name}: {said}",
            hint=hint,
        )
    if asked.code and not asked.ended:
        words = f": {asked.last_words}" if asked.last_words else ""
        return replace(
            plan,
            verdict=Verdict.DEPLOY_FAILED,
            summary=f"COMMAND exited with {asked.code}{words}",
            hint=refusal(asked.last_words).hint,
        )
    if not any(each.fate is not Fate.LEFT_OUT for each in plan.services):
        return replace(
            plan,
            verdict=Verdict.UNABLE,
            summary=f"COMMAND did not touch {plan.stack}: it wrote no service of it",
            hint="check the stack's name, and that COMMAND goes by DOCKER_HOST",
        )
    lacks = [each for each in plan.services if each.lacks]
    if lacks:
        lacking = next((each for each in lacks if each.outage), lacks[0])
        return replace(
            plan,
            verdict=Verdict.STALLED,
            summary=lack(lacking),
            hint=lacking.hint,
        )
    return replace(plan, summary=_summary(plan))


def lack(service: ServicePlan) -> str:
    """Return in a sentence that tasks of a service find no place, and why on each node."""
    name = service.name
    some = f"{service.placed} of {service.wanted} tasks of {name} find a node"
    found = some if service.placed else f"no node fits {name}"
    beside = f" beside {service.beside}" if service.beside else ""
    why = [f"{each.node} {each.reason or _takes(each)}" for each in service.nodes]
    outage = f"; {service.outage}" if service.outage else ""
    return f"{found}{beside}: {'; '.join(why)}{outage}"


def _takes(node: NodeFit) -> str:
    return f"takes {node.tasks}, then {node.limit}" if node.limit else "has room"


def _summary(plan: Plan) -> str:
    counts: dict[Fate, int] = {}
    for each in plan.services:
        counts[each.fate] = counts.get(each.fate, 0) + 1
    told = ", ".join(f"{count} {fate.value}" for fate, count in counts.items())
    return f"{plan.stack}: {told}"
