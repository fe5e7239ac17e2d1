"""What a plan says: a row per service and per object, and the verdict. Frozen values."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from ccci.exits import Verdict
from ccci.host.json_values import RARE, to_json
from ccci.planning.fate import Fate
from ccci.swarm.decode.fields import Field

SCHEMA = "ccci.plan/1"


@dataclass(frozen=True, slots=True)
class NodeFit:
    """A node, and why no task of the service can be on it; an empty reason where one can.

    `tasks` is how many of them find room where that is not all of them, and `limit` why not more.
    """

    node: str
    reason: str = ""
    tasks: int | None = None
    limit: str = ""


@dataclass(frozen=True, slots=True)
class ServicePlan:
    """What becomes of one service."""

    name: str
    fate: Fate
    image: str = ""
    fields: tuple[Field, ...] = ()
    nodes: tuple[NodeFit, ...] = ()
    waves: int = 0
    """In how many rounds its tasks are replaced."""
    longest: float | None = None
    """How many seconds that may take at most; 0 where tasks only start, which they do at once."""
    arithmetic: str = ""
    """How `longest` comes about."""
    side_by_side: str = ""
    """How old and new share a node where `order: start-first` lets both run."""
    refusal: str = ""
    """The Engine's words."""
    hint: str = ""
    """The way out."""
    digest: str | None = None
    """What the image's tag means: as it was sent, else on the node asked; None where none tells."""
    wanted: int = 0
    """How many tasks have to find a place."""
    placed: int = 0
    """How many of them do."""
    beside: str = ""
    """What they have to run beside where that is why."""
    why: str = ""
    """Why its tasks are replaced where no field says so."""
    outage: str = ""
    """What stops all the same."""

    @property
    def starts_tasks(self) -> bool:
        """Say whether Swarm has to find a place for tasks of it."""
        return self.fate in {Fate.CREATED, Fate.ROLLS, Fate.SCALED}

    @property
    def lacks(self) -> bool:
        """Say whether a task of it finds no place."""
        return bool(self.nodes) and (not self.placed or self.placed < self.wanted)


@dataclass(frozen=True, slots=True)
class ObjectPlan:
    """A network, config or secret that is created, changed or removed."""

    kind: str
    name: str
    action: str
    refusal: str = ""


@dataclass(frozen=True, slots=True)
class Remark:
    """What a rule of the sweep says of a spec that was sent."""

    rule: str
    severity: str
    service: str
    message: str
    hint: str


@dataclass(frozen=True, slots=True)
class PlannedRevision:
    """Which revision of a recipe was planned (full commit), under which domain, by what."""

    recipe: str
    domain: str
    commit: str
    version: str | None
    deployer: str


@dataclass(frozen=True, slots=True)
class Plan:
    """What COMMAND, or a recipe's deployer, would do to a stack."""

    stack: str
    verdict: Verdict
    summary: str
    hint: str = ""
    services: tuple[ServicePlan, ...] = ()
    objects: tuple[ObjectPlan, ...] = ()
    findings: tuple[Remark, ...] = ()
    notes: tuple[str, ...] = ()
    command_exit_code: int | None = None
    planned_on: Mapping[str, int] = field(default_factory=dict)
    """Each service of the stack with the version it had, by which a later deploy knows it again."""
    revision: PlannedRevision | None = field(default=None, metadata={RARE: True})
    base: "Plan | None" = field(default=None, metadata={RARE: True})
    """The plan of the base that a head goes on top of, where neither is there yet."""


def document(plan: Plan) -> dict[str, Any]:
    """Return a plan as the document `ccci.plan/1`."""
    return {
        "schema": SCHEMA,
        "command": "plan",
        "exit_code": plan.verdict.exit_code,
        **to_json(plan),
    }
