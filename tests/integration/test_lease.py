"""Both locks on a real Swarm: two processes, two hosts (two state folders), a killed holder."""

import secrets
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import pytest
from support.engine.lock_store import FakeStore
from support.sandbox.swarms import Swarm, wait_for

from ccci.errors import EngineError
from ccci.host import clock
from ccci.locks.lease import Held, Lost, hold, lock_file, take
from ccci.locks.swarm_lock import Holder, LockStore, bury, lock_name, look, objects
from ccci.swarm.engine.client import Engine

HOLDER = """
import sys
from pathlib import Path
from ccci.locks.lease import hold
from ccci.swarm.engine.client import Engine

stack, run, folder, timeout = sys.argv[1:]
with hold(
    Engine.connect(), stack, run, folder=Path(folder), timeout=float(timeout), renew_every=0.2,
    waiting=lambda words: print("waits:", words, flush=True),
):
    print("holds", flush=True)
    sys.stdin.readline()
"""


@pytest.fixture
def engine(swarm: Swarm) -> Iterator[Engine]:
    with Engine.connect(environ=swarm.environment) as connected:
        yield connected


@pytest.fixture
def name(engine: Engine) -> Iterator[str]:
    stack = f"lock-{secrets.token_hex(3)}"
    yield stack
    left = engine.config(lock_name(stack))
    if left is not None:
        engine.remove_config(left["ID"])


@contextmanager
def process(
    swarm: Swarm, stack: str, run: str, folder: Path, timeout: float = 30
) -> Iterator["subprocess.Popen[str]"]:
    """Give a process of its own that takes both locks and holds them until a line comes."""
    with subprocess.Popen(
        (sys.executable, "-c", HOLDER, stack, run, str(folder), str(timeout)),
        env=swarm.environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as started:
        try:
            yield started
        finally:
            started.kill()


def says(started: "subprocess.Popen[str]") -> str:
    assert started.stdout is not None
    return started.stdout.readline().strip()


def let_go(started: "subprocess.Popen[str]") -> None:
    assert started.stdin is not None
    started.stdin.write("\n")
    started.stdin.close()
    assert started.wait(20) == 0


def holder_of(engine: Engine, stack: str) -> Holder | None:
    there = look(engine, lock_name(stack))
    return there.holder if there else None


# The fake that the unit tests use keeps the same contract.


@pytest.fixture(params=["fake", "swarm"])
def store(request: pytest.FixtureRequest) -> LockStore:
    if request.param == "fake":
        return FakeStore()
    engine: Engine = request.getfixturevalue("engine")
    return engine


def test_a_config_is_created_once_and_updated_at_the_version_read(store: LockStore) -> None:
    name = f"ccci-contract-{secrets.token_hex(4)}"
    identifier = store.create_config(name, b"x", {"a": "1"})
    try:
        with pytest.raises(EngineError) as taken:
            store.create_config(name, b"x", {"a": "2"})
        assert taken.value.status == 409
        first = store.config(name)
        assert first is not None
        assert first["ID"] == identifier
        version = first["Version"]["Index"]
        store.update_config(identifier, version, {**first["Spec"], "Labels": {"a": "3"}})
        second = store.config(identifier)
        assert second is not None
        assert second["Spec"]["Labels"] == {"a": "3"}
        assert second["Version"]["Index"] != version
        with pytest.raises(EngineError) as behind:
            store.update_config(identifier, version, {**first["Spec"], "Labels": {"a": "4"}})
        assert behind.value.status not in {0, 404}
    finally:
        store.remove_config(identifier)
    assert store.config(name) is None
    with pytest.raises(EngineError) as gone:
        store.remove_config(identifier)
    assert gone.value.status == 404


def test_the_lock_is_no_part_of_the_stack(engine: Engine, name: str, tmp_path: Path) -> None:
    with hold(engine, name, "r1", folder=tmp_path):
        assert engine.configs(name) == []
        assert [lock.holder.run for lock in objects(engine.configs())].count("r1") == 1
    assert holder_of(engine, name) is None


def test_a_second_process_waits_until_the_first_is_done(
    swarm: Swarm, engine: Engine, name: str, tmp_path: Path
) -> None:
    with process(swarm, name, "first", tmp_path) as first:
        assert says(first) == "holds"
        with process(swarm, name, "second", tmp_path) as second:
            assert says(second).startswith("waits: waiting up to 30s for run first of ")
            let_go(first)
            assert says(second) == "holds"
            let_go(second)
    assert holder_of(engine, name) is None
    assert not lock_file(tmp_path, name).exists()


def test_a_second_host_waits_until_the_first_is_done(
    swarm: Swarm, engine: Engine, name: str, tmp_path: Path
) -> None:
    with process(swarm, name, "first", tmp_path / "a") as first:
        assert says(first) == "holds"
        with process(swarm, name, "second", tmp_path / "b") as second:
            assert says(second).startswith("waits: waiting up to 30s for run first of ")
            let_go(first)
            assert says(second) == "holds"
            let_go(second)
    assert holder_of(engine, name) is None


@pytest.mark.parametrize("other", ["a", "b"], ids=["same host", "other host"])
def test_one_that_may_not_wait_says_who_holds_it(
    swarm: Swarm, engine: Engine, name: str, tmp_path: Path, other: str
) -> None:
    with process(swarm, name, "first", tmp_path / "a") as first:
        assert says(first) == "holds"
        with (
            pytest.raises(Held, match=f"run first of .*pid {first.pid}") as held,
            hold(engine, name, "second", folder=tmp_path / other, timeout=0),
        ):
            pass
        assert held.value.exit_code == 3
        assert "--lock-timeout" in held.value.hint
        let_go(first)


def test_a_killed_holder_of_this_host_is_followed_at_once(
    swarm: Swarm, engine: Engine, name: str, tmp_path: Path
) -> None:
    with process(swarm, name, "killed", tmp_path) as first:
        assert says(first) == "holds"
    assert holder_of(engine, name) is not None
    with hold(engine, name, "next", folder=tmp_path, timeout=0) as lease:
        lease.check()
        there = holder_of(engine, name)
        assert there is not None
        assert there.run == "next"


def test_a_killed_holder_of_another_host_is_followed_when_its_counter_stands_still(
    swarm: Swarm, engine: Engine, name: str, tmp_path: Path
) -> None:
    with process(swarm, name, "killed", tmp_path / "a") as first:
        assert says(first) == "holds"
        # Alive and renewing every 0.2 s: not to be taken in 1 s, by the very rule that follows.
        us = Holder.ours(name, "next", tmp_path / "b")
        with pytest.raises(Held):
            take(engine, us, until=clock.monotonic() + 2.5, dead_after=1.5)
    begun = clock.monotonic()
    lease = take(engine, us, until=begun + 30, dead_after=1.5)
    assert clock.monotonic() - begun >= 1.5
    lease.check()
    lease.release()
    assert holder_of(engine, name) is None


def test_a_holder_that_was_taken_for_dead_learns_of_it(
    engine: Engine, name: str, tmp_path: Path
) -> None:
    us = replace(Holder.ours(name, "slow", tmp_path / "a"), host="elsewhere")
    slow = take(engine, us, until=clock.monotonic())
    there = look(engine, lock_name(name))
    assert there is not None
    next_one = Holder.ours(name, "next", tmp_path / "b")
    taken = take(engine, next_one, until=clock.monotonic() + 10, dead_after=0)
    slow.renew()
    with pytest.raises(Lost):
        slow.check()
    slow.release()
    assert not bury(engine, there) or holder_of(engine, name) is not None
    taken.check()
    still = holder_of(engine, name)
    assert still is not None
    assert still.run == "next"
    taken.release()


def test_of_many_takers_of_a_dead_lock_one_at_a_time_holds_it(
    swarm: Swarm, engine: Engine, name: str, tmp_path: Path
) -> None:
    with process(swarm, name, "killed", tmp_path / "dead") as dead:
        assert says(dead) == "holds"
    inside = tmp_path / "inside"
    script = HOLDER.replace("renew_every=0.2", "renew_every=0.2, dead_after=1").replace(
        "sys.stdin.readline()",
        f"import time; from pathlib import Path; mark = Path({str(inside)!r}); "
        "mark.touch(exist_ok=False); time.sleep(0.2); mark.unlink()",
    )
    takers = [
        subprocess.Popen(
            (sys.executable, "-c", script, name, f"r{number}", str(tmp_path / str(number)), "60"),
            env=swarm.environment,
            stdout=subprocess.DEVNULL,
        )
        for number in range(4)
    ]
    wait_for(lambda: all(each.poll() is not None for each in takers), "every taker", 60)
    assert [each.returncode for each in takers] == [0] * 4
    assert holder_of(engine, name) is None
