"""Whatever takes long says what it waits for: once, and then now and then."""

import pytest

from ccci.host import clock
from ccci.terminal.escapes import ERASE
from ccci.terminal.output import Output
from ccci.terminal.waiting import Waiting


@pytest.fixture
def now(monkeypatch: pytest.MonkeyPatch) -> list[float]:
    """Give the time, which passes only when it is set."""
    time = [100.0]
    monkeypatch.setattr(clock, "monotonic", lambda: time[0])
    return time


def heard(waiting: Waiting, time: list[float], at: float) -> None:
    time[0] = 100.0 + at
    waiting.speak(time[0])


def test_in_a_log_it_is_said_after_two_seconds_and_then_once_a_minute(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = Waiting(Output(), "teardown")
    waiting._stop.set()  # no thread: the test is the clock
    waiting.begin("3 services, 1 network to be gone", 180)
    for at in (0.5, 1.9, 2.0, 5.0, 30.0, 61.9):
        heard(waiting, now, at)
    assert capsys.readouterr().err.splitlines() == [
        "teardown: waiting up to 2m58s for 3 services, 1 network to be gone"
    ]
    waiting.update("1 network to be gone")
    for at in (62.0, 100.0, 121.0, 122.0, 500.0):
        heard(waiting, now, at)
    assert capsys.readouterr().err.splitlines() == [
        "teardown: waiting up to 1m58s for 1 network to be gone",
        "teardown: waiting up to 58s for 1 network to be gone",
        "teardown: waiting up to 1s for 1 network to be gone",
    ]


def test_what_is_over_in_a_moment_is_not_worth_a_word(
    now: list[float], capsys: pytest.CaptureFixture[str]
) -> None:
    waiting = Waiting(Output())
    waiting._stop.set()
    waiting.begin("one thing")
    heard(waiting, now, 1.0)
    waiting.begin("another")
    heard(waiting, now, 2.5)
    waiting.end()
    heard(waiting, now, 9.0)
    assert capsys.readouterr().err == ""
    waiting.update("nothing")
    heard(waiting, now, 99.0)
    assert capsys.readouterr().err == ""


def test_it_speaks_by_itself_and_not_when_quiet(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("ccci.terminal.waiting.MOMENT", 0.0)
    monkeypatch.setattr("ccci.terminal.waiting._TICK", 0.001)
    spoke = Waiting.speak

    def until_said(output: Output) -> None:
        with Waiting(output, "fetch") as waiting:
            seen = clock.monotonic() + 10
            calls: list[float] = []

            def speak(self: Waiting, at: float) -> None:
                # However late its thread comes to it, all of the time is left.
                spoke(self, self._wait.since if self._wait is not None else at)
                calls.append(at)

            monkeypatch.setattr(Waiting, "speak", speak)
            waiting.begin("git to fetch shop", 1800)
            while not calls and clock.monotonic() < seen:
                clock.sleep(0.001)
        assert not any(thread.is_alive() for thread in waiting._threads)

    until_said(Output())
    assert capsys.readouterr().err == "fetch: waiting up to 30m for git to fetch shop\n"
    until_said(Output(verbosity=-1))
    assert capsys.readouterr().err == ""


def test_on_a_terminal_one_line_ticks_and_is_gone_when_it_is_over(
    now: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "100")
    output = Output()
    waiting = Waiting(output, "teardown")
    waiting._stop.set()
    waiting.begin("3 services to be gone", 180)
    for at in (1.0, 2.0, 2.25, 3.0):
        heard(waiting, now, at)
    output.progress("COMMAND says")
    waiting.end()
    lead = "teardown: waiting up to"
    assert capsys.readouterr().err == (
        f"{ERASE}{lead} 2m58s for 3 services to be gone (2s so far)"
        f"{ERASE}{lead} 2m57s for 3 services to be gone (3s so far)"
        f"{ERASE}COMMAND says\n{lead} 2m57s for 3 services to be gone (3s so far)"
        f"{ERASE}"
    )


def test_a_tick_is_no_longer_than_the_terminal_is_wide_and_hides_secrets(
    now: list[float], capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "30")
    output = Output()
    output.keep_secret(["swordfish"])
    waiting = Waiting(output)
    waiting._stop.set()
    waiting.begin("swordfish \x1b[2J and many others to be gone")
    heard(waiting, now, 5.0)
    (tick,) = capsys.readouterr().err.split(ERASE)[1:]
    assert tick.startswith("waiting for *** ")
    assert len(tick) < 30
    assert "\x1b" not in tick


@pytest.mark.parametrize(("verbosity", "term"), [(-1, "xterm"), (0, "dumb")])
def test_where_nothing_may_be_redrawn_nothing_ticks(
    verbosity: int,
    term: str,
    now: list[float],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sys.stderr.isatty", lambda: True)
    monkeypatch.setenv("TERM", term)
    waiting = Waiting(Output(verbosity=verbosity))
    waiting._stop.set()
    waiting.begin("one thing")
    heard(waiting, now, 5.0)
    waiting.end()
    said = capsys.readouterr().err
    assert said == ("" if verbosity < 0 else "waiting for one thing\n")
