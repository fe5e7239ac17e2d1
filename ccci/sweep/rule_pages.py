"""What is said of rules, from their own data: the list, one rule, the reference page. Pure."""

from collections.abc import Sequence
from typing import Any

from ccci.sweep.rules import EVERY_RULE, Rule

PAGE = "docs/reference/rules.md"
_INTRODUCTION = (
    "What `ccci sweep rollback-policy` looks for, and from CCCI101 on what `ccci sweep upgrade` "
    "does, which compares two commits. A number never changes its meaning. To keep a "
    "finding from being reported, write a comment in the compose file with the reason: "
    "`# ccci: ignore CCCI001 the app has one replica and a session store`. Inside a service, or "
    "right above it, the comment answers for that service; at the left margin, for the file. What "
    "is measured was measured with docker CLI 28.2.2 on engine 20.10.24, one node, and is measured "
    "again by the test that is named."
)


def listed(rules: Sequence[Rule]) -> list[str]:
    """Return a line for each rule."""
    return [f"{rule.id}  {rule.severity.value:<8} {rule.title}" for rule in rules]


def told(rule: Rule) -> list[str]:
    """Return everything about one rule, line by line."""
    lines = [f"{rule.id} ({rule.severity.value}): {rule.title}", "", rule.why, ""]
    lines.append(f"Source: {rule.source}")
    if rule.measured:
        lines += ["", f"Measured: {rule.measured}", f"({rule.shown})"]
    if rule.fixable:
        lines.append("`ccci sweep rollback-policy RECIPE --fix` writes the remedy.")
    return lines


def documents(rules: Sequence[Rule]) -> list[dict[str, Any]]:
    """Return rules as JSON has them."""
    return [
        {
            "id": rule.id,
            "title": rule.title,
            "severity": rule.severity.value,
            "why": rule.why,
            "source": rule.source,
            "measured": rule.measured or None,
            "shown": rule.shown or None,
            "fixable": rule.fixable,
        }
        for rule in rules
    ]


def anchor(rule: str) -> str:
    """Return a rule's place on the reference page."""
    return rule.lower()


def page() -> str:
    """Return the reference page of all rules."""
    lines = ["# Rules of the sweep", "", _INTRODUCTION, ""]
    lines += ["| rule | severity | finds |", "| --- | --- | --- |"]
    lines += [
        f"| [{rule.id}](#{anchor(rule.id)}) | {rule.severity.value} | {rule.title} |"
        for rule in EVERY_RULE
    ]
    for rule in EVERY_RULE:
        lines += ["", f"## {rule.id}", "", f"**{rule.title}** ({rule.severity.value})", ""]
        lines += [rule.why, "", f"Source: {rule.source}."]
        if rule.measured:
            lines += ["", f"Measured: {rule.measured} (`{rule.shown}`)"]
        if rule.fixable:
            lines += ["", "`--fix` writes the remedy: `order: stop-first`."]
    return "\n".join(lines)
