"""A sweep as SARIF 2.1.0, which code hosts and editors show at the line. Pure."""

from typing import Any

from ccci.report.writers.sarif import SarifRule, log
from ccci.sweep.forms import Told
from ccci.sweep.issues import of_finding
from ccci.sweep.model import Sweep
from ccci.sweep.rules import RULES, UPGRADE_RULES, Confidence, Rule

_PRECISION = {
    Confidence.CERTAIN: "very-high",
    Confidence.LIKELY: "high",
    Confidence.GUESS: "medium",
}


def sarif(sweep: Sweep, rules: tuple[Rule, ...] = RULES) -> dict[str, Any]:
    """Return the sweep as a SARIF log with one run, of these rules.

    What several variants of a recipe share is one result; what a comment answers is suppressed.
    """
    found = {each.key: each for each in sweep.unique()}
    answered = {each.key: each for each in reversed(sweep.ignored) if each.key not in found}
    return log(
        [of_finding(each) for each in found.values()],
        [_rule(rule) for rule in rules],
        [
            (of_finding(each), "external" if each.excepted else "inSource")
            for each in reversed(answered.values())
        ],
    )


def form(told: Told) -> dict[str, Any]:
    """Return a sweep as a form."""
    return sarif(told.sweep, UPGRADE_RULES if told.commits else RULES)


def _rule(rule: Rule) -> SarifRule:
    about = {"source": rule.source, "precision": _PRECISION[rule.confidence]}
    return SarifRule(rule.id, rule.title, rule.why, rule.severity.value, about)
