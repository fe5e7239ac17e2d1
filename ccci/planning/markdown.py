"""A plan as Markdown, for the comment on a pull request: short, with what differs folded. Pure.

Everything in it was written by others, so each text is sanitized here. It stays below what GitHub
takes as a comment (65,536 characters).
"""

import re
from collections.abc import Iterable, Iterator, Sequence

from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.host.sanitizer import html, log
from ccci.host.sanitizer import markdown as prose
from ccci.host.sanitizer import markdown_code as code
from ccci.planning.fate import Fate
from ccci.planning.model import Plan, ServicePlan
from ccci.planning.text import NO_PROMISE, QUIET, revision, sentences

_LONGEST = 60_000
_MOST_SERVICES = 100
_MOST_LINES = 60
_MOST_REST = 40
_LONGEST_CELL = 300
_NODES = 3
"""So many nodes that a service does not fit on are named."""
_SIGNS = {
    Fate.CREATED: "🟢",
    Fate.REMOVED: "🔴",
    Fate.ROLLS: "🟡",
    Fate.SCALED: "🟡",
    Fate.REFUSED: "🔴",
    Fate.LABELS_ONLY: "⚪",
    Fate.SETTINGS_ONLY: "⚪",
}
_SEVERITIES = {"error": "🔴", "warning": "🟡", "note": "🔵"}


def markdown(plan: Plan) -> str:
    """Return a plan as a heading, a table of the services that something happens to, and details.

    Fields stand in a diff below a fold of their own for each service.
    """
    pieces = [_head(plan), _table(plan), *_rest(plan)]
    folds = [_fold(each) for each in plan.services if each.fate not in QUIET and each.fields]
    folds += [each for each in (_findings(plan),) if each]
    end = f"\n_{prose(NO_PROMISE[0].upper() + NO_PROMISE[1:])}._\n"
    whole = "\n".join(each for each in pieces if each)
    left = 0
    for number, fold in enumerate(folds):
        if len(whole) + len(fold) > _LONGEST:
            left = len(folds) - number
            break
        whole += f"\n{fold}"
    if left:
        whole += f"\n… and details of {left} more.\n"
    return whole + end


def _head(plan: Plan) -> str:
    sign = "✅" if plan.verdict is Verdict.DONE else "❌"
    lines = [f"### {sign} Plan of {code(plan.stack)}", ""]
    of = revision(plan)
    lines += [f"{prose(of)}", ""] if of else []
    said = prose(_short(plan.summary, 4 * _LONGEST_CELL))
    lines.append(f"**{plan.verdict.value}** (exit {plan.verdict.exit_code}): {said}")
    if plan.hint:
        lines += ["", f"Next: {prose(_short(plan.hint, 4 * _LONGEST_CELL))}"]
    return "\n".join([*lines, ""])


def _table(plan: Plan) -> str:
    told = [each for each in plan.services if each.fate not in QUIET]
    lines: list[str] = []
    if told:
        lines += [
            "| | service | what becomes of it | image | how |",
            "| --- | --- | --- | --- | --- |",
        ]
    for each in told[:_MOST_SERVICES]:
        how = "<br>".join(prose(_short(said)) for said, _ in sentences(each, _NODES))
        lines.append(
            f"| {_SIGNS[each.fate]} | {code(_short(each.name))} | {each.fate.value} "
            f"| {code(_short(each.image))} | {how} |"
        )
    if len(told) > _MOST_SERVICES:
        lines += ["", f"… and {len(told) - _MOST_SERVICES} more services."]
    for fate, words in QUIET.items():
        names = [each.name for each in plan.services if each.fate is fate]
        if names:
            lines += ["", f"{words.capitalize()}: {_several(names)}"]
    return "\n".join([*lines, ""])


def _rest(plan: Plan) -> Iterator[str]:
    objects = [
        f"- {prose({'create': 'new', 'remove': 'removed'}.get(each.action, 'changed'))} "
        f"{each.kind} {code(_short(each.name))}"
        + (f": refused, {prose(_short(each.refusal))}" if each.refusal else "")
        for each in plan.objects
    ]
    yield _listed(objects)
    yield _listed([f"- {prose(_short(each))}" for each in plan.notes])


def _listed(lines: Sequence[str]) -> str:
    if not lines:
        return ""
    more = [f"- … and {len(lines) - _MOST_REST} more"] if len(lines) > _MOST_REST else []
    return "\n".join([*lines[:_MOST_REST], *more, ""])


def _fold(service: ServicePlan) -> str:
    """Return the fields of a service that differ, as a diff below a fold."""
    lines: list[str] = []
    for each in service.fields[:_MOST_LINES]:
        path = _diff(each.path)
        if each.before == each.after:
            lines.append(f"! {path}: changed")
            continue
        lines += [f"- {path}: {_diff(each.before)}"] if each.before else []
        lines += [f"+ {path}: {_diff(each.after)}"] if each.after else []
    if len(service.fields) > _MOST_LINES:
        lines.append(f"  … and {len(service.fields) - _MOST_LINES} more")
    count = len(service.fields)
    what = f"{counted(count, 'field')} of {_plain(service.name)}"
    return _folded(what, ["```diff", *lines, "```"])


def _findings(plan: Plan) -> str:
    """Return what the sweep's rules say of what was sent, below a fold."""
    lines = [
        f"- {_SEVERITIES.get(each.severity, '')} {prose(each.rule)} "
        f"{code(_short(each.service))} {prose(_short(each.message))}"
        for each in plan.findings
    ]
    if not lines:
        return ""
    counts = {word: sum(each.severity == word for each in plan.findings) for word in _SEVERITIES}
    told = ", ".join(counted(count, word) for word, count in counts.items() if count)
    return _folded(f"The sweep's rules on what was sent: {told}", _listed(lines).splitlines())


def _folded(title: str, lines: Iterable[str]) -> str:
    body = "\n".join(lines)
    return f"<details><summary>{title}</summary>\n\n{body}\n\n</details>\n"


def _plain(text: str) -> str:
    """Return a text for a block of HTML, in which no Markdown is read, but mentions are."""
    return re.sub("@|(?<!&)#", r"\g<0>&#8203;", html(log(_short(text))))  # `&#` is an entity's


def _diff(text: str) -> str:
    """Return a text for a line of a fenced block, which it cannot end."""
    return log(_short(text)).replace("```", "'''")


def _several(names: Sequence[str]) -> str:
    shown = ", ".join(code(_short(each)) for each in names[:_MOST_REST])
    return shown + (f" and {len(names) - _MOST_REST} more" if len(names) > _MOST_REST else "")


def _short(text: str, most: int = _LONGEST_CELL) -> str:
    return text if len(text) <= most else f"{text[: most - 1]}…"
