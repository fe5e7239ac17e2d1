"""The parts of a report that only some commands have; their fields are the keys of its JSON."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from ccci.exits import Verdict
from ccci.host.json_values import KEY, PLACES, RARE
from ccci.swarm.causes import CauseCode


@dataclass(frozen=True, slots=True)
class EngineOf:
    """The Engine that was asked: its address, as `DOCKER_HOST` has it, and its release."""

    address: str
    version: str


@dataclass(frozen=True, slots=True)
class Followed:
    """A rollout that was followed: COMMAND's own end, and how long it was given."""

    command_exit_code: int | None = None
    """COMMAND's exit code; None where there was no COMMAND, or ccci ended it."""
    deadline: str = ""
    """The arithmetic of the deadline, in words."""
    deadline_seconds: float | None = field(default=None, metadata={PLACES: 3})
    soak_seconds: float | None = field(default=None, metadata={PLACES: 3})
    """The longest soak of its services; None where none passed."""
    refusal: CauseCode | None = None
    """A cause that COMMAND's own words show."""


@dataclass(frozen=True, slots=True)
class RunFolder:
    """Where a run is recorded: its id, and the folder of its files."""

    run: str
    folder: str

    @property
    def told_again(self) -> str:
        """Return the command that tells the run again; by its folder where no list has its id."""
        listed = self.folder.rpartition("/")[2] == self.run
        return f"ccci explain {short_id(self.run) if listed else shlex.quote(self.folder)}"


def short_id(run: str) -> str:
    """Return the short word by which `ccci explain` finds a run: the end of its id."""
    return run.rpartition("-")[2]


@dataclass(frozen=True, slots=True)
class BaseOf:
    """What a head was put on top of: its release where it is one, and its full commit."""

    version: str | None
    commit: str


@dataclass(frozen=True, slots=True)
class Upgrade:
    """What an upgrade went from and to; `base_verdict` where the base failed."""

    head: str
    base: BaseOf
    base_verdict: Verdict | None = field(default=None, metadata={RARE: True})


@dataclass(frozen=True, slots=True)
class Deploy:
    """What was deployed: the full commit, and its release where it is one."""

    head: str
    version: str | None


@dataclass(frozen=True, slots=True)
class DryRun:
    """One deploy that a dry run tells of; see the page of the report's keys."""

    what: str
    name: str
    commit: str
    version: str | None
    files: tuple[str, ...]
    overlay: str | None
    compose: str
    service: str
    labels: Mapping[str, str]
    secrets: Mapping[str, str]
    configs: Mapping[str, str]
    networks: tuple[str, ...]
    images: Mapping[str, str]
    plan: Mapping[str, Any] | None = field(default=None, metadata={RARE: True})
    """What the swarm would make of it, as `ccci plan` says; where there is a swarm at hand."""


class Health(StrEnum):
    """How a check of the machine came out."""

    OK = "ok"
    WARNING = "warning"
    MISSING = "missing"


@dataclass(frozen=True, slots=True)
class Check:
    """One line: what was looked at, how it is, what was found, and the next step if any."""

    name: str
    health: Health = field(metadata={KEY: "status"})
    found: str
    hint: str = ""


@dataclass(frozen=True, slots=True)
class SandboxNode:
    """One node of a sandbox, how to speak to it, and where it lives."""

    name: str
    role: str
    docker_host: str
    address: str
    network_namespace: str
    log: str


@dataclass(frozen=True, slots=True)
class Sandbox:
    """A private throwaway Swarm, and what is wrong with it."""

    folder: str
    docker_host: str
    trouble: tuple[str, ...]
    nodes: tuple[SandboxNode, ...]


@dataclass(frozen=True, slots=True)
class SandboxState:
    """The sandbox that was asked for; None where there is none."""

    sandbox: Sandbox | None


@dataclass(frozen=True, slots=True)
class Teardown:
    """What was removed of an app, and what is left of it."""

    removed: tuple[str, ...]
    files: tuple[str, ...]
    left: tuple[str, ...]
    unseen_nodes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leftover:
    """What a killed run left, and how that is known; `app` says whether an app is part of it."""

    stack: str
    why: str
    app: bool
    folder: str | None


@dataclass(frozen=True, slots=True)
class Leftovers:
    """What killed runs left, and what was left alone because a run lives."""

    leftovers: tuple[Leftover, ...]
    living: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Difference:
    """A field that differs: what it was before, and what it is in the spec that failed.

    An empty text stands for what is not set; what may hold a password is `***` on both sides.
    """

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Memory:
    """What a service's tasks on one node were seen to hold, in bytes; None where nothing was seen.

    The peaks are the highest samples, of one task at a time; `together_peak_bytes` is the highest
    sum of all of its tasks at one moment. What was held between two samples nobody knows.
    """

    node: str
    node_bytes: int | None = None
    new_peak_bytes: int | None = None
    new_limit_bytes: int | None = None
    old_peak_bytes: int | None = None
    old_limit_bytes: int | None = None
    together_peak_bytes: int | None = None
