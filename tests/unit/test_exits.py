"""The table of verdicts: complete, and in the design's order."""

import pytest

from ccci.exits import INTERRUPTED_EXITS, MEANINGS, WORST_FIRST, Verdict, exit_code, worst


def test_every_verdict_has_an_exit_code_and_a_sentence() -> None:
    assert set(MEANINGS) == set(Verdict)
    assert all(meaning.sentence for meaning in MEANINGS.values())


def test_only_converged_and_unchanged_pass() -> None:
    assert {each for each in Verdict if each.exit_code == 0} == {
        Verdict.CONVERGED,
        Verdict.UNCHANGED,
        Verdict.DONE,
    }
    assert {each for each in Verdict if each.passed} == {Verdict.CONVERGED, Verdict.UNCHANGED}


def test_what_judged_nothing_is_no_verdict_of_a_service_and_says_nothing() -> None:
    refusals = {each for each in Verdict if each.is_refusal}
    assert refusals == {Verdict.USAGE, Verdict.UNABLE, Verdict.BUG, Verdict.INTERRUPTED}
    assert refusals.isdisjoint(WORST_FIRST)
    silent = {each for each in Verdict if not each.says_something}
    assert silent == {*refusals, Verdict.DISTURBED}


@pytest.mark.parametrize("better", WORST_FIRST[1:])
def test_the_stack_has_the_verdict_of_its_worst_service(better: Verdict) -> None:
    above = WORST_FIRST[WORST_FIRST.index(better) - 1]
    assert worst([better, above, better]) is above


def test_a_signal_ends_with_its_own_code_and_no_other_number_does() -> None:
    assert tuple(exit_code(Verdict.FAILED, each - 128) for each in INTERRUPTED_EXITS) == (
        INTERRUPTED_EXITS
    )
    assert {exit_code(Verdict.FAILED, each) for each in (None, 0, 128, -113, 10**30)} == {1}
