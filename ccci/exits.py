"""How things end: every verdict, its exit code, and which of several is the worst.

One table; the exit code, the JSON and the docs page are derived from it.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """How a service, a stack or a run ended. The values are the words users and scripts read."""

    CONVERGED = "converged"
    UNCHANGED = "unchanged"
    FAILED = "failed"
    USAGE = "usage"
    UNABLE = "unable"
    DEPLOY_FAILED = "deploy-failed"
    ROLLED_BACK = "rolled-back"
    PAUSED = "paused"
    ROLLBACK_PAUSED = "rollback-paused"
    TIMED_OUT = "timed-out"
    WRONG_IDENTITY = "wrong-identity"
    UNSTABLE = "unstable"
    DISTURBED = "disturbed"
    STALLED = "stalled"
    BASE_BROKEN = "base-broken"
    REMOVED = "removed"
    FINDINGS = "findings"
    BUG = "bug"
    INTERRUPTED = "interrupted"

    @property
    def exit_code(self) -> int:
        """Return the exit code; `interrupted` is 130 here, and 143 after SIGTERM."""
        return MEANINGS[self].exit_code

    @property
    def passed(self) -> bool:
        """Say whether this verdict is a pass."""
        return self in {Verdict.CONVERGED, Verdict.UNCHANGED}


@dataclass(frozen=True, slots=True)
class Meaning:
    """An exit code and the sentence that explains it."""

    exit_code: int
    sentence: str


MEANINGS: dict[Verdict, Meaning] = {
    Verdict.CONVERGED: Meaning(
        0, "every service runs exactly what was asked for, and stayed so through the soak"
    ),
    Verdict.UNCHANGED: Meaning(0, "as `converged`, and nothing had to roll"),
    Verdict.FAILED: Meaning(
        1, "a check of the recipe failed that has no code of its own (health path, rehearsal)"
    ),
    Verdict.USAGE: Meaning(2, "refused from the command line alone"),
    Verdict.UNABLE: Meaning(
        3,
        "something ccci needs is missing or out of reach (engine, tool, repository, ref, "
        "registry, external network); says nothing about the recipe",
    ),
    Verdict.DEPLOY_FAILED: Meaning(
        4, "the deployer refuses the recipe, abra failed, or the wrapped command did"
    ),
    Verdict.ROLLED_BACK: Meaning(10, "Swarm put the previous spec back"),
    Verdict.PAUSED: Meaning(11, "Swarm stopped the update half-way"),
    Verdict.ROLLBACK_PAUSED: Meaning(11, "Swarm stopped the rollback half-way"),
    Verdict.TIMED_OUT: Meaning(
        12, "not terminal before the deadline; the report says what it was waiting for"
    ),
    Verdict.WRONG_IDENTITY: Meaning(
        13, "terminal and healthy, but not the commit that was asked for"
    ),
    Verdict.UNSTABLE: Meaning(
        14,
        "Swarm says done, the tasks say otherwise: crash loop, missing replicas, unhealthy, "
        "or died during the soak",
    ),
    Verdict.DISTURBED: Meaning(
        15,
        "somebody else changed the service during the rollout, or the orchestrator restarted: "
        "inconclusive",
    ),
    Verdict.STALLED: Meaning(
        16,
        "cannot make progress: no suitable node, port taken, no addresses left, image not "
        "obtainable",
    ),
    Verdict.BASE_BROKEN: Meaning(
        17, "the base did not come up, or there is none: the head was not tested"
    ),
    Verdict.REMOVED: Meaning(18, "the service or the stack disappeared"),
    Verdict.FINDINGS: Meaning(20, "a sweep found problems at or above `--fail-on`"),
    Verdict.BUG: Meaning(70, "an unexpected exception in ccci: please report it"),
    Verdict.INTERRUPTED: Meaning(130, "stopped by Ctrl-C (130) or SIGTERM (143), after cleanup"),
}

WORST_FIRST: tuple[Verdict, ...] = (
    Verdict.REMOVED,
    Verdict.ROLLBACK_PAUSED,
    Verdict.ROLLED_BACK,
    Verdict.PAUSED,
    Verdict.UNSTABLE,
    Verdict.STALLED,
    Verdict.DISTURBED,
    Verdict.WRONG_IDENTITY,
    Verdict.TIMED_OUT,
    Verdict.FAILED,
    Verdict.CONVERGED,
    Verdict.UNCHANGED,
)
"""The verdicts a service can have, worst first: a stack's verdict is its worst service's."""


def worst(verdicts: Iterable[Verdict]) -> Verdict:
    """Return the worst of the services' verdicts. Raise ValueError when there is none."""
    return min(verdicts, key=WORST_FIRST.index)


SIGTERM_EXIT = 143
EXIT_UNABLE = 3
