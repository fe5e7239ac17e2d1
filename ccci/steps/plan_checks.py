"""What was sent to be deployed, held against what ccci knows: its images, and the sweep's rules."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from ccci.exits import Verdict
from ccci.planning.facts import Asked, There
from ccci.planning.fate import normalized
from ccci.planning.model import Plan, Remark
from ccci.planning.objects import Kind, Write
from ccci.swarm.decode.images import digests
from ccci.swarm.decode.parts import image_of
from ccci.swarm.engine.client import Engine
from ccci.sweep import live
from ccci.sweep.rules import Severity


@dataclass(frozen=True, slots=True)
class Images:
    """What the Engine asked knows of the images: which it lacks, the digests that others have."""

    absent: frozenset[str] = frozenset()
    digests: Mapping[str, str] = field(default_factory=dict)


def images(engine: Engine, writes: Sequence[Write]) -> Images:
    """Return what the Engine asked knows of the images that were sent."""
    names = {image_of(each.spec) for each in _services(writes)} - {""}
    found = {name: engine.image(name) for name in sorted(names)}
    digests = {name: _digest(name, said) for name, said in found.items()}
    return Images(
        frozenset(name for name, said in found.items() if said is None),
        {name: digest for name, digest in digests.items() if digest},
    )


def _digest(name: str, said: Mapping[str, Any] | None) -> str:
    """Return the digest that is meant: as the deployer wrote it, else that of the image at hand."""
    written = name.partition("@")[2]
    return written or next(iter(digests(said)), "")


def findings(stack: str, there: There, asked: Asked) -> tuple[Remark, ...]:
    """Return what the sweep's rules say of the specs that were sent, as it does of live ones."""
    last = {each.name: each for each in _services(asked.writes)}
    raw = [
        {"ID": each.id, "Version": {"Index": 1}, "Spec": normalized(each.spec, {})}
        for each in last.values()
        if live.belongs({"Spec": each.spec}, stack)
    ]
    found = live.sweep(raw, asked.networks or there.networks, there.nodes)
    return tuple(
        Remark(each.rule, each.severity.value, each.service or "", each.message, each.hint)
        for each in found.findings
    )


def failing(plan: Plan, fail_on: str) -> Plan:
    """Return a plan whose verdict is `findings` where one is as bad as this, or worse.

    `fail_on` is `error`, `warning` or `never`; a verdict that is no pass stays.
    """
    if fail_on == "never" or plan.verdict is not Verdict.DONE:
        return plan
    limit = Severity(fail_on).rank
    bad = [each for each in plan.findings if Severity(each.severity).rank <= limit]
    if not bad:
        return plan
    told = ", ".join(sorted({f"{each.rule} on {each.service or plan.stack}" for each in bad}))
    return replace(
        plan,
        verdict=Verdict.FINDINGS,
        summary=f"{plan.summary}; found {told}",
        hint=plan.hint or bad[0].hint,
    )


def _services(writes: Sequence[Write]) -> list[Write]:
    """Return the writes by which a service is to be made or changed."""
    sends = (each for each in writes if each.kind is Kind.SERVICE and each.action != "remove")
    return [each for each in sends if not each.refusal]
