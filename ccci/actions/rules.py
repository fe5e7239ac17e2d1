"""The rules of the sweep, told."""

from ccci.errors import UsageError
from ccci.sweep import rule_pages
from ccci.sweep.rules import BY_ID, EVERY_RULE
from ccci.terminal.output import Output


def tell(output: Output, rule: str | None = None) -> int:
    """Print one rule's page, or the list of all. Raise UsageError for a rule that is none."""
    if rule is not None and rule.upper() not in BY_ID:
        raise UsageError(f"there is no rule {rule}", "see `ccci sweep --list-rules`")
    chosen = [BY_ID[rule.upper()]] if rule else list(EVERY_RULE)
    output.document({"schema": "ccci.rules/1", "rules": rule_pages.documents(chosen)})
    output.text(*(rule_pages.told(chosen[0]) if rule else rule_pages.listed(chosen)))
    return 0
