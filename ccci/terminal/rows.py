"""A rollout as it stands, a row for each service: what Swarm says, what runs, how far. Pure."""

from dataclasses import dataclass

from ccci.swarm.judge.phrases import message_of, swarm_says, what_runs
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Judgement


@dataclass(frozen=True, slots=True)
class Row:
    """One service: what Swarm says (and why), what runs, how far it is (`open` until judged)."""

    name: str
    swarm: str
    runs: str
    phase: str
    message: str = ""
    open: bool = True
    passed: bool = False

    def __str__(self) -> str:
        """Return it as a line of a log."""
        why = f" ({self.message})" if self.message else ""
        return f"{self.name}: Swarm says {self.swarm}{why}; runs {self.runs}; {self.phase}"


def rows(rollout: Rollout) -> tuple[Row, ...]:
    """Return a row for each service judged so far, in the order of the judgements."""
    found = []
    for judged in rollout.judgements:
        history = rollout.histories.get(judged.id)
        there = history is not None and history.since.gone is None
        verdict = judged.verdict
        found.append(
            Row(
                judged.name,
                swarm_says(history.service) if history is not None and there else "gone",
                what_runs(history.slots, rolling_back=history.rolling_back)
                if history is not None and there
                else "nothing",
                _word(judged, rollout),
                message_of(history.service) if history is not None and there else "",
                open=verdict is None,
                passed=verdict is not None and verdict.passed,
            )
        )
    return tuple(found)


def _word(judged: Judgement, rollout: Rollout) -> str:
    """Return the verdict, or the phase while a good one may still turn."""
    verdict = judged.verdict
    if verdict is None or (verdict.passed and rollout.verdict is None):
        return judged.phase
    return verdict.value


def clock_face(seconds: float) -> str:
    """Return seconds as minutes and seconds: `6:05`."""
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02}"
