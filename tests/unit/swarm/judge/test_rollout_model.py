"""The judge against the model of Swarm: over generated histories, however they are looked at,
what failed is never passed, and what succeeded is never failed.
"""

from dataclasses import replace

import pytest
from hypothesis import HealthCheck as Check
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.swarm_model.histories import START, History, Play, Truth, excused, looks, serves, truth
from support.swarm_model.histories import begin as open_history
from support.swarm_model.strategies import gaps, histories

from ccci.exits import Verdict
from ccci.swarm.baseline import take
from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin

EVER = 4000.0
PASSED = {Verdict.CONVERGED, Verdict.UNCHANGED}
thorough = settings(
    max_examples=examples(120),
    deadline=None,
    suppress_health_check=[Check.too_slow],
    derandomize=True,
    phases=[Phase.explicit, Phase.generate],
)


def judge(history: History, when: tuple[float, ...]) -> tuple[Play, Rollout, bool]:
    """Follow a history until the judge has decided; say too whether it saw COMMAND's work alone.

    What others do before the first look after COMMAND's end cannot be told from COMMAND's own.
    """
    play, before = open_history(history)
    rollout = begin(take("stack", before), Policy(), START)
    alone = False
    for seen in looks(play, when, EVER):
        ended = seen.command is not None and seen.command.code is not None
        if ended and not seen.unreachable and len(play.pending) == len(history.theirs):
            alone = True
        rollout = advance(rollout, seen)
        if rollout.verdict is not None:
            return play, rollout, alone
    assert not rollout.histories, f"never decided: {rollout.judgements}"
    return play, rollout, False


def runs_as_asked(play: Play) -> bool:
    """Say whether, at this very moment, every slot runs what was asked."""
    usable = sum(node.usable for node in play.cluster.nodes.values())
    services = play.cluster.services
    now = play.cluster.now
    return all(
        name in services
        and serves(services[name], revision, usable, now, stayed=name in play.stayed)
        for name, revision in play.asked.items()
    )


def judge_against_the_truth(history: History, when: tuple[float, ...]) -> None:
    play, rollout, _ = judge(history, when)
    at = play.cluster.now
    passed = rollout.verdict in PASSED
    if play.pending and not passed:
        return  # what COMMAND did first has failed already, and a failing verdict ends COMMAND
    if truth(play) is Truth.FAILED:
        assert not passed, rollout.judgements
    elif not passed and rollout.verdict is not None:
        # A success may come too late. A COMMAND that sends a service twice disarms Swarm, or sends
        # it after a rollback, which is decided once it is seen.
        late = rollout.verdict is Verdict.TIMED_OUT and at >= rollout.deadline_at
        decided = {Verdict.DISTURBED, Verdict.ROLLED_BACK}
        disarmed = rollout.verdict in decided and history.doubled
        assert late or disarmed or excused(play, rollout.verdict), (
            rollout.verdict,
            rollout.judgements,
        )


@settings(thorough, max_examples=examples(300))
@given(histories(), gaps)
def test_what_failed_is_never_passed_and_what_succeeded_is_never_failed(
    history: History, when: tuple[float, ...]
) -> None:
    judge_against_the_truth(history, when)


@pytest.mark.soak
@settings(thorough, max_examples=10_000, derandomize=False)
@given(histories(), gaps)
def test_nor_over_ten_thousand_histories(history: History, when: tuple[float, ...]) -> None:
    judge_against_the_truth(history, when)


@thorough
@given(histories(disturbed=True), gaps)
def test_a_pass_means_that_every_slot_runs_what_was_asked_whoever_else_was_there(
    history: History, when: tuple[float, ...]
) -> None:
    play, rollout, alone = judge(history, when)
    if alone and rollout.verdict in PASSED:
        assert runs_as_asked(play)


@thorough
@given(histories(), gaps, st.data())
def test_a_doubled_look_changes_nothing(
    history: History, when: tuple[float, ...], data: st.DataObject
) -> None:
    play, before = open_history(history)
    once = twice = begin(take("stack", before), Policy(), START)
    for seen in looks(play, when, EVER):
        once = advance(once, seen)
        twice = advance(twice, seen)
        if data.draw(st.booleans()) if len(when) < 10 else True:
            twice = advance(twice, seen)
        assert once.verdict == twice.verdict
        if once.verdict is not None:
            break
    assert [j.verdict for j in once.judgements] == [j.verdict for j in twice.judgements]


@settings(thorough, max_examples=examples(100))
@given(histories(disturbed=True), gaps)
def test_a_terminal_verdict_never_changes_and_the_order_of_services_does_not_matter(
    history: History, when: tuple[float, ...]
) -> None:
    play, before = open_history(history)
    baseline = take("stack", before)
    one = other = begin(baseline, Policy(), START)
    ended: list[Rollout] = []
    for seen in looks(play, when, EVER):
        one = advance(one, seen)
        other = advance(other, replace(seen, services=seen.services[::-1]))
        assert one.verdict == other.verdict
        assert {j.id: j.verdict for j in one.judgements} == {
            j.id: j.verdict for j in other.judgements
        }
        ended += [one] if one.verdict is not None else []
        if len(ended) > 5:
            break
    assert ended or not one.histories  # a service that came and went between two looks
    assert all(each is ended[0] for each in ended)
