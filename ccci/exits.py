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
    DONE = "done"
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
        """Return the exit code; `interrupted` is 130 here: 128 and the signal's number."""
        return MEANINGS[self].exit_code

    @property
    def codes(self) -> str:
        """Return every exit code that it may end with, as the documentation writes them."""
        known = INTERRUPTED_EXITS if self is Verdict.INTERRUPTED else (self.exit_code,)
        return ", ".join(map(str, known))

    @property
    def passed(self) -> bool:
        """Say whether this verdict is a pass of a rollout; `done` judges none."""
        return self in {Verdict.CONVERGED, Verdict.UNCHANGED}

    @property
    def says_something(self) -> bool:
        """Say whether this verdict tells of what was run, and not only why it cannot be told."""
        return self not in _SAYS_NOTHING

    @property
    def is_refusal(self) -> bool:
        """Say whether it tells only why nothing was judged: not asked well, not able, cut short."""
        return self in _REFUSALS

    @property
    def counts(self) -> bool:
        """Say whether a run that ended so is one of those of which a share failed.

        Not one that tested no head, nor one of a verb that judges no rollout.
        """
        others = {Verdict.BASE_BROKEN, Verdict.DONE, Verdict.FINDINGS}
        return self.says_something and self not in others


_REFUSALS = frozenset({Verdict.USAGE, Verdict.UNABLE, Verdict.BUG, Verdict.INTERRUPTED})
_SAYS_NOTHING = _REFUSALS | {Verdict.DISTURBED}


@dataclass(frozen=True, slots=True)
class Meaning:
    """An exit code and the sentence that explains it."""

    exit_code: int
    sentence: str


MEANINGS: dict[Verdict, Meaning] = {
    Verdict.CONVERGED: Meaning(
        0, "every service runs exactly what was asked for, and stayed so through the soak"
    ),
    Verdict.UNCHANGED: Meaning(0, "as `converged`; nothing had to roll, and nothing was stopped"),
    Verdict.DONE: Meaning(
        0,
        "what was asked is done, by a verb that judges no rollout (plan, a dry run, a sweep "
        "without findings at or above `--fail-on`, identity without `--expect`, a saved baseline, "
        "bundle, teardown, leftovers, sandbox, doctor)",
    ),
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
    Verdict.FINDINGS: Meaning(
        20,
        "a sweep or `plan --fail-on` found problems at or above `--fail-on`, or `sweep leftovers "
        "--dry-run` found what runs left",
    ),
    Verdict.BUG: Meaning(70, "an unexpected exception in ccci: please report it"),
    Verdict.INTERRUPTED: Meaning(
        130,
        "stopped by Ctrl-C (130), SIGTERM (143), a closed terminal (129) or SIGQUIT (131), after "
        "cleanup",
    ),
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


def exit_code(verdict: Verdict, signal: int | None = None) -> int:
    """Return the exit code of a verdict; a signal that ended the run has one of its own.

    Also where the verdict was known by then: a run that was cut short is no run. No other number
    ends one: what a document says of it must not become a code that means something else.
    """
    code = _SIGNALLED + (signal or 0)
    return code if code in INTERRUPTED_EXITS else verdict.exit_code


_SIGNALLED = 128
INTERRUPTED_EXITS = (130, 143, 129, 131)
UNREAD_EXIT = 141
"""Whatever the verdict: what was to be printed could not be, as nobody reads it any more."""
