"""What the command line of a sweep says in words that have to be known ones. Pure."""

from collections.abc import Iterable

from ccci.errors import UsageError
from ccci.sweep.rules import ALL, BY_ID


def rules(option: str, given: Iterable[str]) -> tuple[str, ...]:
    """Return rules by the beginnings of their numbers. Raise UsageError where none is meant."""
    chosen = tuple(
        word.strip().upper() for each in given for word in each.split(",") if word.strip()
    )
    for each in chosen:
        if each != ALL and not any(rule.startswith(each) for rule in BY_ID):
            raise UsageError(f"{option} {each}: no rule", "see `ccci sweep --list-rules`")
    return chosen
