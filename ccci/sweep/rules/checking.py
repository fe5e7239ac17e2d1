"""Which rules are asked for, and what they find in one service."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from ccci.sweep.rules.catalogue import REFUSED, RULES
from ccci.sweep.rules.model import Hit, Rule, Subject

ALL = "ALL"
# Where the first is found, its remedy takes the second away or makes it wrong.
_SUPERSEDED = {
    "CCCI007": {"CCCI024"},
    "CCCI008": {"CCCI024"},
    "CCCI014": {"CCCI001", "CCCI003"},
    "CCCI022": {"CCCI002"},
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Rules by the beginnings of their numbers, `ALL` for all; what is ignored is not selected."""

    select: tuple[str, ...] = ()
    ignore: tuple[str, ...] = ()

    def wants(self, rule: Rule) -> bool:
        """Say whether a rule is asked for; that a file is refused always is, unless ignored."""
        if rule.id.startswith(self.ignore) or ALL in self.ignore:
            return False
        if rule.id == REFUSED:
            return True
        return rule.usual if not self.select else self.names(rule)

    def names(self, rule: Rule) -> bool:
        """Say whether the selection names a rule."""
        return ALL in self.select or rule.id.startswith(self.select)


def of_service(
    subject: Subject, choice: Choice, rules: Iterable[Rule] = RULES
) -> Iterator[tuple[Rule, Hit]]:
    """Yield what the rules of single services find, but what another finding stands for."""
    found = [(rule, hit) for rule in rules if rule.check for hit in rule.check(subject)]
    ids = {rule.id for rule, _ in found}
    for rule, hit in found:
        if choice.wants(rule) and not _SUPERSEDED.get(rule.id, set()) & ids:
            yield rule, hit
