"""How often what was run failed, by recipe or stack, and of what.

Counted are runs that say something of the recipe: not those that were stopped, that lacked
something, that somebody disturbed, or whose base did not come up. A look alone is no run of it.
"""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import groupby

from ccci.exits import Verdict
from ccci.host.json_values import PLACES
from ccci.records.record import Record
from ccci.report.share import share

_SAYS_NOTHING = frozenset(each.value for each in Verdict if not each.counts)
_PASSED = frozenset(each.value for each in Verdict if each.passed)
_LOOKS = frozenset({"identity"})


@dataclass(frozen=True, slots=True)
class Portion:
    """So many of the runs, their share, and where the true share lies with 95 % confidence."""

    count: int
    share: float = field(metadata={PLACES: 4})
    confidence_95: tuple[float, float]
    """Wilson's score interval, which holds for few runs too."""

    @classmethod
    def of(cls, count: int, runs: int) -> "Portion":
        """Return the portion that so many of at least one run are."""
        found = share(count, runs)
        return cls(count, count / runs, found.interval)

    def __str__(self) -> str:
        """Return it in words."""
        low, high = self.confidence_95
        return f"{self.count} ({self.share:.0%}; {low:.0%} to {high:.0%})"


@dataclass(frozen=True, slots=True)
class Before:
    """The same numbers of the time of equal length before."""

    runs: int
    failed: int
    rolled_back: int


@dataclass(frozen=True, slots=True)
class Rate:
    """What the runs of a recipe, or of a stack without one, came to."""

    subject: str
    recipe: str | None
    runs: int
    failed: Portion | None
    """None where no run says anything of it."""
    rolled_back: Portion | None
    causes: dict[str, int]
    """How many runs failed of what: the code of the cause, else the verdict."""
    flaky: tuple[str, ...]
    """Commits that failed in one run and passed in another."""
    not_judged: dict[str, int]
    """How many more runs there were that say nothing of it, by their verdict."""
    last_verdict: str | None
    last_at: str
    before: Before | None = None


def rates(records: Sequence[Record], before: Sequence[Record] | None = None) -> tuple[Rate, ...]:
    """Return the rate of each recipe or stack, the worst first.

    `before` are the runs of an equal time before, where there is one to compare with.
    """
    earlier = {name: list(group) for name, group in _by_subject(before or ())}
    found = [
        _rate(name, list(group), None if before is None else earlier.get(name, []))
        for name, group in _by_subject(records)
    ]
    return tuple(sorted(found, key=_how_bad))


def is_run(record: Record) -> bool:
    """Say whether something was run, and not only looked at."""
    return record.command not in _LOOKS and record.deployed is not False


def says_something(record: Record) -> bool:
    """Say whether a run is over and says something of what was run."""
    return record.verdict is not None and record.verdict not in _SAYS_NOTHING


def failed(record: Record) -> bool:
    """Say whether a run failed, and what was run with it."""
    return says_something(record) and record.verdict not in _PASSED


def _by_subject(records: Iterable[Record]) -> Iterable[tuple[str, Iterable[Record]]]:
    ordered = sorted(filter(is_run, records), key=lambda each: each.subject)
    return groupby(ordered, key=lambda each: each.subject)


def _rate(name: str, records: list[Record], earlier: list[Record] | None) -> Rate:
    newest = max(records, key=lambda each: (each.started_at, each.id))
    judged, bad, back = _counts(records)
    causes = Counter(each.cause or each.verdict or "" for each in records if failed(each))
    others = Counter(each.verdict or "unfinished" for each in records if not says_something(each))
    return Rate(
        name,
        newest.recipe,
        judged,
        Portion.of(bad, judged) if judged else None,
        Portion.of(back, judged) if judged else None,
        dict(causes.most_common()),
        _flaky(records),
        dict(others.most_common()),
        newest.verdict,
        newest.started_at,
        None if earlier is None else Before(*_counts(earlier)),
    )


def _counts(records: Iterable[Record]) -> tuple[int, int, int]:
    """Return how many runs say something, how many of them failed, how many were rolled back."""
    judged = [each for each in records if says_something(each)]
    back = [each for each in judged if each.verdict == Verdict.ROLLED_BACK]
    return len(judged), sum(map(failed, judged)), len(back)


def _flaky(records: Iterable[Record]) -> tuple[str, ...]:
    ends: dict[str, set[bool]] = {}
    for each in records:
        if each.head and says_something(each):
            ends.setdefault(each.head, set()).add(failed(each))
    return tuple(sorted(head for head, seen in ends.items() if len(seen) > 1))


def _how_bad(rate: Rate) -> tuple[float, str]:
    return (-rate.failed.share if rate.failed else 1.0, rate.subject)
