"""What a sweep of leftovers is told as."""

import pytest

from ccci.actions.leftovers import _report
from ccci.exits import Verdict
from ccci.removal.leftovers import Found, Leftover, Swept
from ccci.removal.teardown import Ending

ONE, TWO = Leftover("shop", "run 1 (killed) did not remove it"), Leftover("blog", "its run died")
GONE = (Swept(ONE, Ending()), Swept(TWO))


def test_nothing_left_is_done() -> None:
    report = _report(Found(), (), dry_run=False)
    assert (report.verdict, report.summary) == (Verdict.DONE, "no run left anything behind")
    assert _report(Found(), (), dry_run=True).verdict is Verdict.DONE


def test_what_is_only_looked_for_is_a_finding_with_how_to_remove_it() -> None:
    report = _report(Found((ONE, TWO)), (), dry_run=True)
    assert (report.verdict, report.summary) == (Verdict.FINDINGS, "runs left 2 things")
    assert "removes them" in report.hint


def test_what_was_removed_whole_is_done() -> None:
    report = _report(Found((ONE, TWO)), GONE, dry_run=False)
    assert (report.verdict, report.hint) == (Verdict.DONE, "")
    assert report.summary == "2 things removed, and verified gone"


@pytest.mark.parametrize(
    ("stuck", "said"),
    [
        (Swept(ONE, trouble="somebody works on shop by now"), "shop stays: somebody works on"),
        (Swept(ONE, Ending(left=("volume data",))), "shop stays: left: volume data"),
    ],
)
def test_what_could_not_be_removed_is_never_done(stuck: Swept, said: str) -> None:
    report = _report(Found((ONE, TWO)), (stuck, GONE[1]), dry_run=False)
    assert (report.verdict, report.exit_code) == (Verdict.UNABLE, 3)
    assert report.summary == "1 of 2 things could not be removed"
    assert any(note.startswith(said) for note in report.notes)


def test_a_living_run_is_left_alone_and_said() -> None:
    report = _report(Found((), ("blog: run 7",)), (), dry_run=False)
    assert report.notes == ("left alone, a living run is at work: blog: run 7",)
