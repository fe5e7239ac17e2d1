"""A signal is answered at once, and a second one does what the first answer says."""

import os
import signal
from collections.abc import Iterator

import pytest

from ccci.errors import Interrupted
from ccci.host import clock, interrupts


@pytest.fixture(autouse=True)
def fresh(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    before = {each: signal.getsignal(each) for each in (1, 2, 3, 15)}
    monkeypatch.setattr(interrupts, "_noted", [])
    monkeypatch.setattr(interrupts, "_hurried", [])
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def pressed(
    monkeypatch: pytest.MonkeyPatch,
    *signals: int,
    words: str | None = "removing what this run made, up to 3m",
    terminal: bool = True,
    apart: float = 5.0,
) -> list[str]:
    """Return what is said when these signals come one after the other."""
    said: list[str] = []
    time = [0.0]
    monkeypatch.setattr(clock, "monotonic", lambda: time[0])
    monkeypatch.setattr(interrupts, "_is_terminal", lambda: terminal)

    def press() -> None:
        with pytest.raises(Interrupted):
            os.kill(os.getpid(), signals[0])
        for each in signals[1:]:
            time[0] += apart
            os.kill(os.getpid(), each)

    with interrupts.heard(said.append):
        if words is None:
            press()
        else:
            with interrupts.leading_to(words, removes=True):
                press()
    return said


def test_ctrl_c_is_answered_with_what_happens_and_what_a_second_one_does(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    (said,) = pressed(monkeypatch, signal.SIGINT)
    assert said == (
        "interrupted, stopping: removing what this run made, up to 3m; "
        "^C again leaves it for `ccci sweep leftovers`"
    )
    assert not interrupts.hurried()


def test_a_second_ctrl_c_does_what_was_said(monkeypatch: pytest.MonkeyPatch) -> None:
    said = pressed(monkeypatch, signal.SIGINT, signal.SIGINT)
    assert said[1] == "leaving it for `ccci sweep leftovers`"
    assert interrupts.hurried()


@pytest.mark.parametrize(
    ("signals", "more"),
    [
        ((signal.SIGINT, signal.SIGINT), {"apart": 0.3}),
        ((signal.SIGINT, signal.SIGINT), {"terminal": False}),
        ((signal.SIGINT, signal.SIGTERM), {}),
        ((signal.SIGTERM, signal.SIGINT), {}),
        ((signal.SIGHUP, signal.SIGINT), {}),
        ((signal.SIGINT, signal.SIGINT), {"words": None}),
    ],
    ids=["pressed twice at once", "a CI", "then told", "told first", "hung up", "makes nothing"],
)
def test_nothing_else_cuts_the_removal_short(
    signals: tuple[int, ...], more: dict[str, object], monkeypatch: pytest.MonkeyPatch
) -> None:
    said = pressed(monkeypatch, *signals, **more)  # type: ignore[arg-type]
    assert "ends it at once" in said[1]
    assert not interrupts.hurried()


def test_what_removes_nothing_does_not_say_so(monkeypatch: pytest.MonkeyPatch) -> None:
    (said,) = pressed(monkeypatch, signal.SIGINT, words=None)
    assert said == "interrupted, stopping: ending what runs, and removing what was made for it"
