import io
import os
import pty
import re
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin
from ccci.swarm.model import (
    Command,
    Observation,
    Service,
    Spec,
    Task,
    TaskState,
    UpdateState,
    UpdateStatus,
)
from ccci.terminal.live import View, view_for
from ccci.terminal.log import Lines
from ccci.terminal.output import Output
from ccci.terminal.rows import clock_face, rows
from ccci.terminal.table import Table, draw

SPEC = Spec("w", "t", "e")
STATUS = UpdateStatus(UpdateState.UPDATING, "update in progress", "2026-01-01T00:00:00Z")


def look(at: float, state: TaskState = TaskState.STARTING, **other: object) -> Observation:
    task = Task("t1", "1", state, TaskState.RUNNING, error="boom\x1b[2J" if state.ended else "")
    app = Service("id1", "app", "s_app", 5, SPEC, update=STATUS, tasks=(task,))
    seen = Observation(at, "2026-01-01T00:00:00Z", services=(app,))
    return replace(seen, **other)  # type: ignore[arg-type]


def follow(*looks: Observation) -> Iterator[tuple[Rollout, Observation]]:
    rollout = begin(None, Policy(), looks[0].at)
    for seen in looks:
        rollout = advance(rollout, seen)
        yield rollout, seen


def shown(*looks: Observation, capture: Callable[[], str]) -> list[str]:
    view = Lines(Output())
    for rollout, seen in follow(*looks):
        view.show(rollout, seen)
    view.close()
    return capture().splitlines()


@pytest.fixture
def captured(capsys: pytest.CaptureFixture[str]) -> Callable[[], str]:
    return lambda: capsys.readouterr().err


def test_a_log_gets_the_deadline_and_then_a_line_for_each_change(
    captured: Callable[[], str],
) -> None:
    lines = shown(
        look(100.0, TaskState.PREPARING),
        look(101.0, TaskState.PREPARING),
        look(165.0),
        look(170.0),
        look(175.0, TaskState.RUNNING),
        capture=captured,
    )
    assert lines[0].startswith("  0:00  deadline: ")
    assert [line.split("; ")[1] for line in lines[1:]] == [
        "runs 0/1 up to date, 1 preparing",
        "runs 0/1 up to date, 1 starting",
        "runs 1/1 up to date",
    ]
    assert lines[2].startswith("  1:05  app: Swarm says updating; ")


def test_a_look_that_changes_nothing_prints_nothing(captured: Callable[[], str]) -> None:
    once = shown(look(1.0), capture=captured)
    again = shown(*(look(1.0 + each / 10) for each in range(20)), capture=captured)
    assert len(once) == len(again) == 2


def test_an_engine_out_of_reach_is_said_once_and_again_when_it_comes_back_the_same(
    captured: Callable[[], str],
) -> None:
    gone = look(2.0, services=(), unreachable="connection refused")
    lines = shown(look(1.0), gone, replace(gone, at=3.0), look(4.0), gone, capture=captured)
    assert sum("out of reach: connection refused" in line for line in lines) == 2
    assert len(lines) == 4


def test_no_line_moves_the_cursor(captured: Callable[[], str]) -> None:
    pending = Task("t1", "1", TaskState.PENDING, TaskState.RUNNING, error="\x1b[2Jno\rnode")
    service = Service("id1", "app", "s_app", 5, SPEC, tasks=(pending,))
    lines = shown(look(1.0, services=(service,)), capture=captured)
    assert "(no node)" in lines[1]
    assert "\x1b" not in "".join(lines)


def test_quiet_prints_nothing(capsys: pytest.CaptureFixture[str]) -> None:
    view = Lines(Output(verbosity=-1))
    for rollout, seen in follow(look(1.0)):
        view.show(rollout, seen)
    assert capsys.readouterr().err == ""


def test_a_service_that_disappeared_is_gone() -> None:
    other = Service("id2", "db", "s_db", 5, SPEC)
    both = look(1.0, services=(look(1.0).services[0], other))
    *_, (rollout, _) = follow(both, replace(both, at=2.0, services=(other,)))
    found = {row.name: row for row in rows(rollout)}
    assert (found["app"].swarm, found["app"].runs) == ("gone", "nothing")
    assert found["app"].phase == "removed"


def test_no_deadline_is_said_before_command_has_changed_anything(
    captured: Callable[[], str],
) -> None:
    running = Command(("docker", "stack", "deploy"))
    lines = shown(look(1.0, command=running), capture=captured)
    assert len(lines) == 1
    assert "deadline" not in lines[0]


def test_minutes_and_seconds() -> None:
    assert [clock_face(each) for each in (-1, 0, 59.9, 60, 3665)] == [
        "0:00",
        "0:00",
        "0:59",
        "1:00",
        "61:05",
    ]


def test_without_a_terminal_there_are_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stderr", io.StringIO())
    assert isinstance(view_for(Output()), Lines)


class Screen:
    """A pseudo-terminal in the place of standard error."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self._monkeypatch = monkeypatch
        self._reader, writer = pty.openpty()
        self.stream = os.fdopen(writer, "w")
        self._kept = b""
        # What nobody reads blocks whoever writes to it.
        self._thread = threading.Thread(target=self._keep, daemon=True)
        self._thread.start()

    def view(self) -> View:
        """Return the view for this terminal; pytest puts its own streams back between phases."""
        self._monkeypatch.setattr("sys.stderr", self.stream)
        return view_for(Output())

    def _keep(self) -> None:
        with suppress(OSError):  # the other end is closed
            while piece := os.read(self._reader, 65536):
                self._kept += piece

    def seen(self, until: str) -> str:
        """Return what was written, once it matches this."""
        self.stream.flush()
        over = time.monotonic() + 10
        while not re.search(until, self._kept.decode(errors="replace"), re.DOTALL):
            assert time.monotonic() < over
            self._thread.join(0.01)
        return self._kept.decode()

    def read(self) -> str:
        self.stream.close()
        self._thread.join(10)
        os.close(self._reader)
        return self._kept.decode()


@pytest.fixture
def screen(monkeypatch: pytest.MonkeyPatch) -> Screen:
    monkeypatch.setenv("TERM", "xterm")
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.delenv("NO_COLOR", raising=False)
    monkeypatch.setattr("ccci.host.clock.monotonic", lambda: 142.0)
    return Screen(monkeypatch)


def test_a_terminal_gets_a_table_with_both_axes_the_clock_and_the_arithmetic(
    screen: Screen,
) -> None:
    view = screen.view()
    assert isinstance(view, Table)
    for rollout, seen in follow(look(100.0, TaskState.PREPARING), look(140.0)):
        view.show(rollout, seen)
    view.close()
    text = screen.read()
    for words in ("Swarm says", "what runs", "0:42 of", "updating", "1 starting", "deadline: "):
        assert words in text
    # Redrawn in place, and the cursor is visible again at the end.
    assert "\x1b[1A" in text
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l")


RUNNING = Command(("docker", "stack", "deploy"))


class Terminal:
    """What a terminal of 80 columns shows, of the controls that ccci uses."""

    def __init__(self, columns: int = 80) -> None:
        self.columns = columns
        self.lines: list[str] = [""]
        self.row = self.column = 0

    def feed(self, text: str) -> list[str]:
        for piece in re.findall(r"\x1b\[[?]?[0-9;]*[a-zA-Z]|.", text, re.DOTALL):
            self._take(piece)
        return [line.rstrip() for line in self.lines]

    def _take(self, piece: str) -> None:
        match piece:
            case "\n":
                self.row += 1
                self.lines += [""] * (self.row + 1 - len(self.lines))
            case "\r":
                self.column = 0
            case "\x1b[2K":
                self.lines[self.row] = ""
            case "\x1b[1A":
                self.row -= 1
            case _ if not piece.startswith("\x1b"):
                if self.column == self.columns:
                    self._take("\n")
                    self.column = 0
                line = self.lines[self.row].ljust(self.column)
                self.lines[self.row] = line[: self.column] + piece + line[self.column + 1 :]
                self.column += 1


def test_while_command_runs_its_lines_are_printed_above_the_table(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", screen.stream)
    monkeypatch.setattr("sys.stdout", screen.stream)
    output = Output()
    view = view_for(output)
    for at, (rollout, seen) in enumerate(
        follow(*(look(100.0 + n, command=RUNNING) for n in range(3)))
    ):
        view.show(rollout, seen)
        output.command_line(f"out {at}: overall progress \x1b[2J0 out of 3 tasks{'!' * 90}")
        output.command_error(f"error {at}")
    shown = Terminal(120).feed(screen.seen("error 2.*no service yet"))
    view.close()
    after = Terminal(120).feed(screen.read())
    table = [number for number, line in enumerate(shown) if "0/1 steady" in line]
    assert len(table) == 1, "one table, below all lines"
    above, below = shown[: table[0]], shown[table[0] :]
    said = re.findall(r"(?:out|error) \d", "\n".join(above))
    assert said == ["out 0", "error 0", "out 1", "error 1", "out 2", "error 2"]
    assert "COMMAND has changed no service yet" in "\n".join(below)
    assert [line for line in after if line] == [line for line in above if line]


def test_many_writers_at_once_leave_one_table_and_every_line(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.stderr", screen.stream)
    monkeypatch.setattr("sys.stdout", screen.stream)
    output = Output()
    view = view_for(output)
    *_, (rollout, seen) = follow(look(100.0, command=RUNNING))
    view.show(rollout, seen)

    def write(name: str) -> None:
        for number in range(100):
            output.command_line(f"{name}{number}")

    threads = [threading.Thread(target=write, args=(name,)) for name in "ab"]
    for thread in threads:
        thread.start()
    for _ in range(20):
        view.show(rollout, seen)
    for thread in threads:
        thread.join()
    view.close()
    told = [line for line in Terminal(120).feed(screen.read()) if line]
    assert sorted(told) == sorted(f"{name}{number}" for name in "ab" for number in range(100))


def test_a_death_is_said_above_the_table_and_stays(screen: Screen) -> None:
    view = screen.view()
    looks = [look(100.0, TaskState.RUNNING), look(103.0, TaskState.FAILED)]
    for rollout, seen in follow(*looks, replace(looks[1], at=104.0)):
        view.show(rollout, seen)
    view.close()
    left = [line for line in Terminal(120).feed(screen.read()) if line]
    (death,) = left
    assert death.startswith("  0:03  app: task t1 of slot 1")


def test_a_stream_that_is_no_terminal_gets_its_lines_as_they_are(
    screen: Screen, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    with (tmp_path / "out").open("w") as out:
        monkeypatch.setattr("sys.stderr", screen.stream)
        monkeypatch.setattr("sys.stdout", out)
        output = Output()
        view = view_for(output)
        *_, (rollout, seen) = follow(look(100.0, command=RUNNING))
        view.show(rollout, seen)
        output.command_line("from COMMAND")
        view.close()
    assert (tmp_path / "out").read_text() == "from COMMAND\n"
    assert "from COMMAND" not in screen.read()


def test_no_colour_where_the_user_wants_none(
    screen: Screen, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    view = screen.view()
    for rollout, seen in follow(look(100.0)):
        view.show(rollout, seen)
    view.close()
    assert isinstance(view, Table)
    text = screen.read()
    assert "1 starting" in text
    assert "\x1b[3" not in text


def test_closing_a_view_that_showed_nothing_is_harmless(screen: Screen) -> None:
    view = screen.view()
    view.close()
    view.close()
    assert screen.read() == ""


def many(count: int, name: str = "worker") -> Observation:
    task = Task("t", "1", TaskState.STARTING, TaskState.RUNNING)
    return look(
        1.0,
        services=tuple(
            Service(f"id{number}", f"{name}-{number:02}", "s_w", 5, SPEC, tasks=(task,))
            for number in range(count)
        ),
    )


def drawn(seen: Observation, *, width: int = 80, height: int = 24) -> list[str]:
    from rich.console import Console

    *_, (rollout, last) = follow(seen)
    console = Console(file=io.StringIO(), width=width, height=height, color_system=None)
    console.print(draw(rollout, last, 7.0, size=(width, height)))
    assert isinstance(console.file, io.StringIO)
    return console.file.getvalue().splitlines()


@pytest.mark.parametrize("height", [8, 24, 50])
def test_thirty_services_fit_any_height_and_what_is_hidden_is_counted(height: int) -> None:
    lines = drawn(many(30), height=height)
    assert len(lines) <= height
    assert lines[0].startswith("0/30 steady · 0:06 of ")
    assert any("deadline: " in line for line in lines)
    shown_rows = sum(line.startswith("worker-") for line in lines)
    hidden = [line for line in lines if line.startswith("… and ")]
    assert hidden == ([f"… and {30 - shown_rows} more"] if shown_rows < 30 else [])


@pytest.mark.parametrize("width", [60, 80, 200])
def test_a_long_name_leaves_room_for_what_runs(width: int) -> None:
    lines = drawn(many(1, "a-service-with-a-name-that-goes-on-and-on"), width=width)
    assert any("…" in line and "0/1 up to" in line for line in lines)
    assert all(len(line) <= width for line in lines)


def test_services_that_are_done_are_a_number() -> None:
    running = Task("t", "1", TaskState.RUNNING, TaskState.RUNNING, timestamp="2026-01-01T00:00:00Z")
    service = Service("id1", "app", "s_app", 5, SPEC, tasks=(running,))
    looks = [
        look(float(at), services=(service,), wall=f"2026-01-01T00:01:{at:02}Z") for at in range(20)
    ]
    *_, (rollout, last) = follow(*looks)
    assert rollout.verdict is not None
    from rich.console import Console

    console = Console(file=io.StringIO(), width=80, color_system=None)
    console.print(draw(rollout, last, 20.0))
    assert isinstance(console.file, io.StringIO)
    text = console.file.getvalue()
    assert text.startswith("1/1 steady")
    assert "app  " not in text


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (100, "service Swarm says what runs phase"),
        (80, "service what runs phase"),
        (60, "service what runs phase"),
        (40, "service what runs"),
    ],
)
def test_a_narrow_terminal_does_without_what_is_worth_least(width: int, heads: str) -> None:
    back = UpdateStatus(UpdateState.ROLLBACK_STARTED, "", "2026-01-01T00:00:00Z")
    seen = many(1, "a-service-with-a-name")
    service = replace(seen.services[0], update=back)
    lines = drawn(replace(seen, services=(service,)), width=width)
    assert " ".join(lines[1].split()) == heads
    assert all(len(line) <= width for line in lines)
    assert "0/1 put back, 1 starting" in lines[2], "what runs is told whole"


def test_a_terminal_that_gets_narrower_is_cleared_of_the_rows_that_wrapped() -> None:
    from rich.console import Console

    console = Console(file=io.StringIO(), width=100, height=24, color_system=None)
    render = SimpleNamespace(_shape=(100, 5))
    table = Table(Output())
    *_, table._latest = follow(many(2, "a-service-with-a-long-name"))
    table._live = cast("Any", SimpleNamespace(console=console, _live_render=render))
    table._draw()
    assert render._shape == (100, 5), "nothing wrapped"
    before = list(table._lines_drawn)
    console.size = (40, 24)
    table._draw()
    assert render._shape == (40, sum(max(1, -(-length // 40)) for length in before))
    assert render._shape[1] > len(before)
    console.size = (120, 24)
    table._draw()
    assert render._shape[0] == 40, "a wider one wraps nothing"
