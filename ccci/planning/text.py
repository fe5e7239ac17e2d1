"""A plan as people read it: what rolls first, the fields that differ, the verdict last. Pure."""

from collections.abc import Iterator
from dataclasses import replace

from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.planning.fate import Fate
from ccci.planning.model import NodeFit, Plan, Remark, ServicePlan
from ccci.report.layout import Line, Row, Tone, laid_out

NO_PROMISE = "a plan is no promise about the app"
_SIGNS = {
    Fate.CREATED: "+",
    Fate.REMOVED: "-",
    Fate.ROLLS: "~",
    Fate.SCALED: "~",
    Fate.REFUSED: "!",
    Fate.LABELS_ONLY: ".",
    Fate.SETTINGS_ONLY: ".",
}
_TONES = {
    Fate.CREATED: Tone.GOOD,
    Fate.REMOVED: Tone.BAD,
    Fate.ROLLS: Tone.ODD,
    Fate.SCALED: Tone.ODD,
    Fate.REFUSED: Tone.BAD,
}
QUIET = {Fate.UNCHANGED: "unchanged", Fate.LEFT_OUT: "left out, runs on"}
"""What is told in one line for all services of that fate, and how."""
_TOLD = ("error", "warning")
_INDENT = " " * 6
_HANG = 4


def lines(plan: Plan, width: int | None = None) -> list[Line]:
    """Return the lines of a plan, wrapped to `width` columns or not at all."""
    return laid_out(rows(plan), width)


def rows(plan: Plan) -> Iterator[Row]:
    """Yield the rows of a plan, each with where its further lines begin."""
    for each in _rows(plan):
        yield replace(each, hang=_HANG + (len(_INDENT) if each.lead.startswith(_INDENT) else 0))


def _rows(plan: Plan) -> Iterator[Row]:
    if plan.revision is not None:
        yield Row("", revision(plan))
    for service in plan.services:
        if service.fate not in QUIET:
            yield from _service(service)
    for fate, words in QUIET.items():
        names = [each.name for each in plan.services if each.fate is fate]
        if names:
            yield Row(f"  {words}: ", ", ".join(names), Tone.QUIET)
    for each in plan.objects:
        refused = f": refused, {each.refusal}" if each.refusal else ""
        sign = {"create": "+", "remove": "-"}.get(each.action, "~")
        tone = Tone.BAD if each.refusal else Tone.GOOD if sign == "+" else Tone.ODD
        yield Row(f"{sign} ", f"{each.kind} {each.name}{refused}", tone)
    yield from _findings(plan.findings)
    for note in plan.notes:
        yield Row("  note: ", note, Tone.QUIET)
    if plan.hint:
        yield Row("  next: ", plan.hint)
    tone = Tone.GOOD if plan.verdict is Verdict.DONE else Tone.BAD
    code = plan.verdict.exit_code
    yield Row(
        f"{plan.verdict.value.upper()}: ", f"{plan.summary} (exit {code}); {NO_PROMISE}", tone
    )


def revision(plan: Plan) -> str:
    """Return in one line which revision of a recipe it is of; empty where it is of a COMMAND."""
    of = plan.revision
    if of is None:
        return ""
    what = (
        f"{of.recipe} {of.version or of.commit[:8]} as {of.domain}, by the {of.deployer} deployer"
    )
    below = plan.base.revision if plan.base is not None else None
    if below is None:
        return what
    return f"{what}, on top of {below.version or below.commit[:8]}, which is to be deployed first"


def _service(service: ServicePlan) -> Iterator[Row]:
    image = f" {service.image}" if service.image else ""
    sign = f"{_SIGNS[service.fate]} {service.name}: {service.fate.value}"
    yield Row(sign, image, _TONES.get(service.fate, Tone.QUIET))
    for each in service.fields:
        if each.before == each.after:
            yield Row(f"{_INDENT}{each.path}: ", "changed")
        else:
            told = f"{each.before or 'not set'} -> {each.after or 'not set'}"
            yield Row(f"{_INDENT}{each.path}: ", told)
    yield from (Row(_INDENT, each, tone) for each, tone in sentences(service))


def sentences(service: ServicePlan, most: int | None = None) -> Iterator[tuple[str, Tone]]:
    """Yield what becomes of a service's tasks, and on which nodes, at `most` so many not."""
    if service.refusal:
        yield f"refused: {service.refusal}", Tone.BAD
    yield from ((each, Tone.PLAIN) for each in _roll(service))
    fit = [_fits(each, service) for each in service.nodes if not each.reason]
    if service.nodes and service.placed and service.lacks:
        beside = f" beside {service.beside}" if service.beside else ""
        told = f"{service.placed} of {service.wanted} tasks find a node{beside}"
        yield told, Tone.BAD
    if service.nodes:
        yield f"fits on {', '.join(fit) or 'no node'}", Tone.PLAIN
    others = [each for each in service.nodes if each.reason]
    yield from ((f"not on {one.node}: {one.reason}", Tone.PLAIN) for one in others[:most])


def _fits(node: NodeFit, service: ServicePlan) -> str:
    if not service.lacks or not node.limit:
        return node.node
    return f"{node.node} ({node.tasks}, then {node.limit})"


def _roll(service: ServicePlan) -> Iterator[str]:
    """Yield the sentences on how a service's tasks are replaced: why, side by side, how long."""
    if service.why:
        yield service.why
    if service.side_by_side:
        yield service.side_by_side
    if service.longest is not None:
        waves = f"{counted(service.waves, 'wave')}, " if service.waves else ""
        yield f"{waves}at most {service.arithmetic}"


def _findings(findings: tuple[Remark, ...]) -> Iterator[Row]:
    for each in (each for each in findings if each.severity in _TOLD):
        tone = Tone.BAD if each.severity == "error" else Tone.ODD
        where = f" on {each.service}" if each.service else ""
        yield Row(f"{each.severity} {each.rule}{where}: ", each.message, tone)
    notes = sum(each.severity not in _TOLD for each in findings)
    if notes:
        yield Row("  note: ", f"{notes} more of the sweep's rules, as notes: --json", Tone.QUIET)
