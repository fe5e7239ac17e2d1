"""What a log says of a rollout: what begins, what dies, what is done, what is waited for."""

from collections.abc import Callable, Iterable
from pathlib import Path

import pytest
from support import recordings

from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin
from ccci.swarm.model import Observation, Service, Spec, Task, TaskState
from ccci.terminal.log import Digest, Lines, lines_for
from ccci.terminal.output import Output

SPEC = Spec("w", "t", "e")


@pytest.fixture
def said(capsys: pytest.CaptureFixture[str]) -> Callable[..., list[str]]:
    def told(looks: Iterable[tuple[Observation, Rollout]]) -> list[str]:
        view = Digest(Output())
        for seen, rollout in looks:
            view.show(rollout, seen)
        view.close()
        return capsys.readouterr().err.splitlines()

    return told


def replayed(name: str) -> Iterable[tuple[Observation, Rollout]]:
    return recordings.replayed(recordings.recorded(name))


def service(number: int, state: TaskState, since: str) -> Service:
    task = Task(f"t{number}", "1", state, TaskState.RUNNING, timestamp=since)
    return Service(
        f"id{number}", f"worker-{number:02}", f"s_worker-{number:02}", 5, SPEC, tasks=(task,)
    )


def thirty(seconds: int = 60) -> Iterable[tuple[Observation, Rollout]]:
    """Give a look a second at thirty services that come up one after the other."""
    rollout = begin(None, Policy(soak=5.0), 0.0)
    for at in range(seconds):
        wall = f"2026-01-01T00:{at // 60:02}:{at % 60:02}Z"
        services = tuple(
            service(
                number,
                TaskState.RUNNING if at > number + 3 else TaskState.STARTING,
                f"2026-01-01T00:00:{number + 3:02}Z",
            )
            for number in range(30)
            if at >= number
        )
        seen = Observation(float(at), wall, services=services)
        rollout = advance(rollout, seen)
        yield seen, rollout
        if rollout.verdict is not None:
            return


def test_thirty_healthy_services_take_at_most_forty_lines(
    said: Callable[..., list[str]],
) -> None:
    lines = said(thirty())
    assert len(lines) <= 40
    assert any("steady (30 of 30)" in line for line in lines)
    told = " ".join(lines)
    assert all(f"worker-{number:02}" in told for number in range(30))


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("first-deploy-crashes", "exited with 8"),
        ("oom", "exited with 137"),
        ("image-missing", "No such image"),
        ("mixed-stack", "exited with 1"),
    ],
)
def test_a_task_that_fails_is_said_when_it_is_seen(
    said: Callable[..., list[str]], name: str, words: str
) -> None:
    lines = said(replayed(name))
    deaths = [line for line in lines if words in line]
    assert deaths
    assert lines.index(deaths[0]) < len(lines) - 1


def test_a_crash_loop_counts_its_deaths(said: Callable[..., list[str]]) -> None:
    lines = said(replayed("first-deploy-crashes"))
    assert any(line.endswith("(2 times)") for line in lines)
    assert any(line.endswith("(5 times)") for line in lines)
    assert not any(line.endswith("(4 times)") for line in lines)


@recordings.EACH
def test_no_recorded_rollout_takes_more_than_a_screen(
    said: Callable[..., list[str]], path: Path
) -> None:
    assert 0 < len(said(recordings.replayed(path))) <= 24


def test_a_long_silence_is_broken_with_what_is_waited_for(
    said: Callable[..., list[str]],
) -> None:
    def waiting() -> Iterable[tuple[Observation, Rollout]]:
        rollout = begin(None, Policy(timeout=300.0), 0.0)
        for at in range(100):
            starting = service(1, TaskState.STARTING, "2026-01-01T00:00:00Z")
            seen = Observation(float(at), "2026-01-01T00:00:00Z", services=(starting,))
            rollout = advance(rollout, seen)
            yield seen, rollout

    lines = [line for line in said(waiting()) if "waiting for" in line]
    assert lines == [
        "  0:20  0 of 1 steady; waiting for worker-01 (0/1 up to date, 1 starting)",
        "  1:20  0 of 1 steady; waiting for worker-01 (0/1 up to date, 1 starting)",
    ]


def test_verbose_gives_a_line_for_each_change() -> None:
    assert type(lines_for(Output(verbosity=1))) is Lines
    assert isinstance(lines_for(Output()), Digest)


def test_a_ci_log_has_the_time_of_day(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("ccci.host.clock.now", lambda: "2026-01-01T12:34:56.789Z")
    monkeypatch.setenv("CI", "woodpecker")
    Output().progress("fetch: passed")
    monkeypatch.setenv("CI", "false")
    Output().progress("fetch: passed")
    assert capsys.readouterr().err == "12:34:56Z fetch: passed\nfetch: passed\n"
