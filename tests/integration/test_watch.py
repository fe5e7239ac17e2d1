"""Watching a real stack: what is seen, how soon, at what cost, and what a failure leaves behind."""

import statistics
import time
from collections.abc import Callable, Iterator
from datetime import datetime
from functools import partial
from pathlib import Path

import pytest
from support.engine.relay import relay
from support.sandbox.swarms import Swarm, compose

from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Evidence, Observation, UpdateState
from ccci.swarm.watching import recording
from ccci.swarm.watching.trace import Trace
from ccci.swarm.watching.watch import Watch

AT_ONCE = {"update_config": {"monitor": "1s", "order": "start-first"}}


@pytest.fixture
def engine(swarm: Swarm) -> Iterator[Engine]:
    with Engine.connect(environ=swarm.environment) as connected:
        yield connected


def until(
    watching: Watch, condition: Callable[[Observation], object], timeout: float = 60.0
) -> list[Observation]:
    """Watch until the condition holds and return what was seen."""
    seen: list[Observation] = []
    for each in watching.observations():
        seen.append(each)
        if condition(each):
            return seen
        assert each.at - seen[0].at < timeout, f"watched in vain: {each}"
    raise AssertionError("a watch never ends by itself")


def ended(seen: Observation, count: int = 1) -> bool:
    states = [task.state.value for each in seen.services for task in each.tasks]
    return sum(state in {"failed", "complete"} for state in states) >= count


def all_run(seen: Observation, count: int) -> bool:
    return [t.state.value for each in seen.services for t in each.tasks] == ["running"] * count


def evidence_of(watching: Watch) -> Evidence:
    assert watching.settle_evidence(5)
    return next(iter(watching.evidence.values()))


def test_a_stack_that_is_not_there_is_seen_as_soon_as_it_comes(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    with Watch(engine, stack) as watching:
        seen = watching.observations()
        assert next(seen).services == ()
        swarm.deploy(stack, compose({"one": {}, "two": {}}))
        deployed = time.monotonic()
        found = until(watching, lambda each: all_run(each, 2))
    assert [each.name for each in found[-1].services] == ["one", "two"]
    first = next(each for each in found if each.services)
    assert first.at - deployed < 1


def test_a_service_removed_and_one_added_are_seen(swarm: Swarm, stack: str, engine: Engine) -> None:
    swarm.deploy(stack, compose({"one": {}, "two": {}}))
    swarm.wait_running(f"{stack}_two")
    with Watch(engine, stack) as watching:
        seen = watching.observations()
        assert len(next(seen).services) == 2
        swarm.docker("service", "rm", f"{stack}_one")
        after = next(each for each in seen if len(each.services) < 2)
        assert [each.name for each in after.services] == ["two"]
        swarm.deploy(stack, compose({"two": {}, "three": {}}))
        after = next(each for each in seen if len(each.services) > 1)
        assert [each.name for each in after.services] == ["three", "two"]


def test_a_task_that_fails_leaves_its_exit_code_and_its_last_words(
    swarm: Swarm, stack: str, engine: Engine, tmp_path: Path
) -> None:
    command = ["sh", "-c", "for i in $$(seq 40); do echo line $$i $$DB_PASSWORD; done; exit 3"]
    once = {"restart_policy": {"condition": "none"}}
    app = {"command": command, "environment": {"DB_PASSWORD": "hunter2hunter2"}, "deploy": once}
    path = tmp_path / "trace.jsonl"
    with Trace(path) as writer, Watch(engine, stack, trace=writer) as watching:
        next(watching.observations())
        swarm.deploy(stack, compose({"app": app}))
        seen = until(watching, ended)
        found = evidence_of(watching)
    task = seen[-1].services[0].tasks[0]
    assert found.task == task.id
    assert found.exit_code == task.exit_code == 3
    assert found.local
    assert found.incomplete == ""
    assert found.logs == tuple(f"line {number} ***" for number in range(11, 41))
    assert found.ran_for is not None
    assert 0 <= found.ran_for < 10
    assert recording.evidence(path) == {task.id: found}
    assert "hunter2hunter2" not in path.read_text()


def test_a_task_killed_for_want_of_memory_is_told_from_any_other_kill(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    limited = {"resources": {"limits": {"memory": "16M"}}, "restart_policy": {"condition": "none"}}
    greedy = {"command": ["sh", "-c", "echo eating; tail /dev/zero"], "deploy": limited}
    killed = {
        "command": ["sh", "-c", "echo dying; kill -9 $$$$; sleep 1; exit 137"],
        "deploy": {"restart_policy": {"condition": "none"}},
    }
    swarm.deploy(stack, compose({"greedy": greedy, "killed": killed}))
    with Watch(engine, stack) as watching:
        seen = until(watching, lambda each: ended(each, 2))[-1]
        assert watching.settle_evidence(5)
        found = {
            each.name: watching.evidence[each.tasks[0].id] for each in seen.services if each.tasks
        }
    assert found["greedy"].oom_killed
    assert found["greedy"].exit_code in {137, 1}
    assert found["greedy"].logs[0] == "eating"
    assert not found["killed"].oom_killed
    assert found["killed"].exit_code == 137


def test_a_task_that_stops_gracefully_after_turning_unhealthy_is_known_as_unhealthy(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    # Swarm tells no error of it: it exits 0 and is `complete`.
    graceful = "trap 'exit 0' TERM; touch /ok; (sleep 2; rm /ok)& while :; do sleep 0.1; done"
    app = {
        "command": ["sh", "-c", graceful],
        "healthcheck": {
            "test": ["CMD-SHELL", "test -e /ok || { echo not ok; exit 1; }"],
            "interval": "1s",
            "retries": 2,
        },
    }
    swarm.deploy(stack, compose({"app": app}))
    with Watch(engine, stack) as watching:
        until(watching, lambda _: any(each.unhealthy for each in watching.evidence.values()))
        until(watching, ended)
        found = evidence_of(watching)
    assert found.unhealthy
    assert found.local
    assert found.health[-1] == "exit 1: not ok"
    assert found.exit_code == 0


def test_evidence_of_what_failed_before_the_watch_is_taken_too(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    once = {"restart_policy": {"condition": "none"}}
    swarm.deploy(stack, compose({"app": {"command": ["sh", "-c", "exit 4"], "deploy": once}}))
    with Watch(engine, stack) as watching:
        until(watching, ended)
    with Watch(engine, stack) as later:
        later.look()
        assert evidence_of(later).exit_code == 4


def test_a_recorded_rollout_is_seen_again_as_it_was(
    swarm: Swarm, stack: str, engine: Engine, tmp_path: Path
) -> None:
    path = tmp_path / "trace.jsonl"
    app = {"environment": {"A": "one"}, "deploy": AT_ONCE}
    swarm.deploy(stack, compose({"app": app, "other": {}}))
    with Trace(path) as writer, Watch(engine, stack, trace=writer) as watching:
        live = until(watching, lambda each: all_run(each, 2))
        swarm.deploy(stack, compose({"app": {**app, "environment": {"A": "two"}}, "other": {}}))
        live += until(watching, completed)
    again = list(recording.observations(path))
    assert [plain(each) for each in again] == [plain(each) for each in live]
    # Hidden values are equal where the values were, so the roll shows as it did.
    templates = [prints(each) for each in again]
    assert classes(templates) == classes([prints(each) for each in live])


def completed(seen: Observation) -> bool:
    states = {each.update.state for each in seen.services if each.update}
    return UpdateState.COMPLETED in states


def prints(seen: Observation) -> list[str]:
    return [
        print_
        for each in seen.services
        for print_ in (each.spec.template, each.spec.whole, *(task.template for task in each.tasks))
    ]


def classes(prints: list[list[str]]) -> list[list[int]]:
    """Return which fingerprints are equal, whatever they are."""
    order: dict[str, int] = {}
    return [[order.setdefault(each, len(order)) for each in one] for one in prints]


def plain(seen: Observation) -> object:
    return (
        (seen.at, seen.wall, seen.orchestrator, seen.nodes, seen.absent_images),
        [
            (each.id, each.version, each.update, each.spec.identity, each.spec.update)
            for each in seen.services
        ],
        [
            (t.id, t.state, t.desired, t.up_to_date, t.since, t.exit_code)
            for each in seen.services
            for t in each.tasks
        ],
    )


def test_what_swarm_decides_is_seen_within_a_tenth_of_a_second(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    """From Swarm's own time of `completed` to the wall clock of the look that shows it."""
    delays = []
    swarm.deploy(stack, compose({"app": {"deploy": AT_ONCE}}))
    swarm.wait_running(f"{stack}_app")
    with Watch(engine, stack) as watching:
        for number in range(5):
            update = {"deploy": AT_ONCE, "environment": {"A": str(number)}}
            before = engine.services(stack)[0]["UpdatedAt"]
            swarm.deploy(stack, compose({"app": update}))
            seen = until(watching, partial(newly_completed, before))[-1]
            status = seen.services[0].update
            assert status is not None
            decided = datetime.fromisoformat(status.completed_at or "")
            delays.append((datetime.fromisoformat(seen.wall) - decided).total_seconds())
    print(f"seen after {delays}")
    assert statistics.median(delays) < 0.1


def newly_completed(before: str, seen: Observation) -> bool:
    status = seen.services[0].update
    return completed(seen) and status is not None and (status.completed_at or "") > before


def test_a_quiet_watch_asks_about_once_a_second(swarm: Swarm, stack: str, tmp_path: Path) -> None:
    swarm.deploy(stack, compose({"app": {}, "every": {"deploy": {"mode": "global"}}}))
    swarm.wait_running(f"{stack}_every")
    swarm.wait_running(f"{stack}_app")
    with (
        relay(tmp_path, swarm.host) as passing,
        Engine.connect(environ=passing.environ) as engine,
        Watch(engine, stack) as watching,
    ):
        seen = watching.observations()
        settled = next(seen).at + 6  # it looks each second for 5 s
        begun = next(each.at for each in seen if each.at > settled)
        passing.requests.clear()
        over = next(each.at for each in seen if each.at > begun + 15)
        # The docker CLI makes about sixteen a second while it waits.
        rate = len(passing.requests) / (over - begun)
    print(f"{rate:.2f} requests a second")
    assert rate < 1.2
