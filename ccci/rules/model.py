"""The vocabulary of rules: what a rule looks at, what it finds, how bad that is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ccci.policy import Effective


class Severity(StrEnum):
    """How bad a finding is; the values are SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return list(Severity).index(self)


@dataclass(frozen=True, slots=True)
class Subject:
    """A service as the rules see it, from a compose file or from a running swarm.

    `node_memory` is the memory of the largest node in bytes, 0 where it is not known.
    """

    policy: Effective
    external_networks: tuple[str, ...] = ()
    missing_dependencies: tuple[str, ...] = ()
    interpolated_durations: tuple[str, ...] = ()
    node_memory: int = 0


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: one sentence, one next step, and the keys whose line to show."""

    message: str
    hint: str
    keys: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with everything its page says; `shown` names the test that gave what is `measured`.

    `check` is None for a rule that looks at a whole set instead of a service; `fixable` says that
    `order: stop-first`, which `--fix` writes, is the remedy.
    """

    id: str
    title: str
    severity: Severity
    why: str
    source: str
    shown: str
    measured: str
    check: Callable[[Subject], Iterator[Hit]] | None
    fixable: bool = False


def seconds(value: float) -> str:
    """Return a duration as a compose file writes it: `5s`, `1m30s`."""
    minutes, rest = divmod(value, 60)
    tail = f"{rest:g}s" if rest or not minutes else ""
    return f"{minutes:g}m{tail}" if minutes else tail


def memory(amount: int) -> str:
    """Return bytes as people write them: `512 MiB`."""
    for power, unit in ((30, "GiB"), (20, "MiB"), (10, "KiB")):
        if amount >= 2**power:
            return f"{amount / 2**power:.4g} {unit}"
    return f"{amount} B"
