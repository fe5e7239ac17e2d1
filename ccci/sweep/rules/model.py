"""The vocabulary of rules: what a rule looks at, what it finds, how bad that is."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum

from ccci.sweep.policy import Effective


class Severity(StrEnum):
    """How bad a finding is; the values are SARIF's levels."""

    ERROR = "error"
    WARNING = "warning"
    NOTE = "note"

    @property
    def rank(self) -> int:
        """Return 0 for the worst."""
        return list(Severity).index(self)


class Confidence(StrEnum):
    """How sure it is that a finding is one; the values are JSON's words.

    `certain`: the file alone shows it. `likely`: it depends on what the file does not show, such
    as the number of nodes. `guess`: it rests on something that was guessed.
    """

    CERTAIN = "certain"
    LIKELY = "likely"
    GUESS = "guess"


@dataclass(frozen=True, slots=True)
class Subject:
    """A service as the rules see it, from a compose file or from a running swarm.

    `node_memory` is the memory of the largest node in bytes, 0 where it is not known.
    `host_network` says that it runs on the network of its node, `of_recipe` that it is one of a
    recipe, which abra deploys.
    """

    policy: Effective
    external_networks: tuple[str, ...] = ()
    missing_dependencies: tuple[str, ...] = ()
    interpolated_durations: tuple[str, ...] = ()
    node_memory: int = 0
    host_network: bool = False
    of_recipe: bool = True


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule found: one sentence, one next step, and the keys whose line to show.

    `severity` and `confidence` stand above the rule's own where this one is another case;
    `service` is where a finding about several begins.
    """

    message: str
    hint: str
    keys: tuple[str, ...] = ()
    severity: Severity | None = None
    confidence: Confidence | None = None
    service: str | None = None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule with everything its page says.

    A rule of one's own needs a `check`, and an `id` that begins with CCCI where comments are to
    answer it.
    """

    id: str
    title: str
    severity: Severity
    why: str
    source: str = ""
    shown: str = ""
    """The test that gave what is `measured`."""
    measured: str = ""
    check: Callable[[Subject], Iterator[Hit]] | None = None
    """None for a rule that looks at a whole set instead of a service."""
    fixable: bool = False
    """Whether `order: stop-first`, which `--fix` writes, is the remedy."""
    safe: bool = False
    """Whether nothing is lost by it: elsewhere each update then has a moment in which nothing
    serves.
    """
    usual: bool = True
    """Without it a rule is silent unless it is asked for."""
    confidence: Confidence = Confidence.CERTAIN


def seconds(value: float) -> str:
    """Return a duration as a compose file writes it: `5s`, `1m30s`."""
    minutes, rest = divmod(value, 60)
    tail = f"{rest:g}s" if rest or not minutes else ""
    return f"{minutes:g}m{tail}" if minutes else tail
