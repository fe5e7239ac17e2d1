"""A look that is older than one before it says nothing, whatever it shows."""

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

from support.recordings import EACH, judged, replayed

from ccci.swarm.judge.rollout import advance, begin
from ccci.swarm.judge.stale import older
from ccci.swarm.watching.recording import beginning


@EACH
def test_no_recorded_look_is_older_than_the_one_before(path: Path) -> None:
    looks = [seen for seen, _ in replayed(path) if seen.unreachable is None]
    assert [older(*pair) for pair in pairwise(looks)] == [""] * (len(looks) - 1)


@EACH
def test_old_looks_that_come_again_change_no_verdict(path: Path) -> None:
    how = beginning(path)
    looks = [seen for seen, _ in replayed(path)]
    stale = begin(how.baseline, how.policy, how.at)
    before = [seen for seen in looks if seen.unreachable is None]
    for number, seen in enumerate(looks):
        stale = advance(stale, seen)
        first = before[0]
        if number and older(seen, first) and stale.verdict is None:
            again = replace(first, at=seen.at, wall=seen.wall, command=seen.command)
            stale = advance(stale, again)
    assert stale.verdict is judged(path).verdict
