"""Recorded rollouts, while the Engine drops, doubles, spoils or holds back its answers.

Whatever it does: no failing rollout passes, nothing is called removed or disturbed that is not, and
nothing but a look that could not be read comes of what makes no sense.
"""

import random
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.engine import adversary
from support.engine.adversary import LISTINGS, Lie, judged, looks_of, spoilt
from support.recordings import EVERY, recorded

from ccci.exits import Verdict
from ccci.swarm.watching import recording

PARTIAL = (adversary.nothing, adversary.null, adversary.half, adversary.twice)


def said(path: Path) -> Verdict | None:
    found = recording.ending(path)
    assert found is not None
    return found.judged


def check(path: Path, lies: dict[int, dict[str, Lie]]) -> None:
    rollout = judged(path, lies)
    verdict, truth = rollout.verdict, said(path)
    assert truth is not None
    if verdict is None or verdict is truth:
        return
    if rollout.baseline is not None and not rollout.touched:
        return  # nothing is said then but that COMMAND did not touch the stack
    assert not verdict.passed or truth.passed, (path.stem, truth, verdict)
    if verdict is Verdict.REMOVED and tells_twice_of_before(path, lies):
        return  # two looks in a row that agree: nothing that the Engine says contradicts them
    assert verdict not in {Verdict.REMOVED, Verdict.DISTURBED}, (path.stem, truth, verdict)


def tells_twice_of_before(path: Path, lies: dict[int, dict[str, Lie]]) -> bool:
    """Say whether two looks in a row are replaced by whole ones in which a service was not yet."""
    looks = looks_of(path)

    def lacks(number: int) -> bool:
        lie = lies.get(number, {}).get("whole")
        told = lie(looks[number]) if lie is not None else looks[number]
        return len(told.get("services") or ()) < len(looks[number].get("services") or ())

    return any(lacks(number) and lacks(number + 1) for number in range(1, len(looks) - 1))


@given(st.sampled_from(EVERY))
def test_an_honest_engine_is_judged_as_it_was(path: Path) -> None:
    assert judged(path, {}).verdict is said(path)
    blind = [each.unreachable for each in adversary.seen(path, {})]
    assert blind == [each.get("unreachable") for each in looks_of(path)]


OLD_LOOKS_PASSED = [
    *("bind-source-missing", "unhealthy", "image-missing"),
    *("identical-redeploy-of-our-own", "orchestrator-restarted"),
]
"""Rollouts that passed once, when an old look came after newer ones and was believed."""


@pytest.mark.parametrize("name", OLD_LOOKS_PASSED)
def test_an_old_look_after_newer_ones_is_not_believed(name: str) -> None:
    path = recorded(name)
    last = len(looks_of(path)) - 1
    for early in range(0, last, max(1, last // 3)):
        if looks_of(path)[early].get("unreachable") is None:
            check(path, {last: {"whole": adversary.of_earlier(path, early)}})


@pytest.mark.slow
def test_one_listing_without_the_tasks_that_are_up_to_date_is_asked_for_again() -> None:
    path = next(each for each in EVERY if each.stem == "two-in-a-slot")
    for number in range(1, len(looks_of(path))):
        check(path, {number: {"up_to_date": adversary.nothing}})


@st.composite
def lies(draw: st.DrawFn) -> tuple[Path, dict[int, dict[str, Lie]]]:
    path = draw(st.sampled_from(EVERY))
    rng = random.Random(draw(st.integers(0, 2**32)))  # noqa: S311
    return path, told(path, rng, draw(st.integers(1, 3)))


def may_be_old(path: Path, early: int, late: int) -> bool:
    """Say whether the one look may be seen again in place of the other.

    Not as the first after COMMAND's end: that nothing had changed by then, nobody could contradict.
    """
    looks = looks_of(path)
    ended = [(look.get("command") or {}).get("code") for look in looks[late - 1 : late + 1]]
    return looks[early].get("unreachable") is None and ended[0] == ended[-1]


def told(path: Path, rng: random.Random, count: int) -> dict[int, dict[str, Lie]]:
    """Return so many lies about a recording, each of any kind."""
    last = max(1, len(looks_of(path)) - 1)
    found: dict[int, dict[str, Lie]] = {}
    for _ in range(count):
        number = rng.randint(1, last)
        early = rng.randrange(number)
        if rng.random() < 0.2 and may_be_old(path, early, number):
            found.setdefault(number, {})["whole"] = adversary.of_earlier(path, early)
        else:
            lie = rng.choice([*PARTIAL, *[spoilt(rng)] * 4])
            found.setdefault(number, {})[rng.choice(LISTINGS)] = lie
    return found


@given(lies())
def test_answers_that_cannot_be_true_are_looks_that_could_not_be_read(
    made: tuple[Path, dict[int, dict[str, Lie]]],
) -> None:
    check(*made)


@pytest.mark.soak
@pytest.mark.parametrize("part", range(20))
def test_a_hundred_thousand_lies(part: int) -> None:
    rng = random.Random(part)  # noqa: S311
    for _ in range(5_000):
        path = rng.choice(EVERY)
        check(path, told(path, rng, rng.randint(1, 3)))
