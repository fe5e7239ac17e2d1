import os
import threading
from contextlib import ExitStack
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.engine.lock_store import FakeStore

from ccci.errors import EngineError
from ccci.host import clock
from ccci.host import file_lock as hostlock
from ccci.locks import lease
from ccci.locks.lease import Held, Lost, hold, take
from ccci.locks.swarm_lock import DATA, Holder, Squatted, bury, lock_name, look, objects


@pytest.fixture
def store() -> FakeStore:
    return FakeStore()


@pytest.fixture(autouse=True)
def _look_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "LOOK_EVERY", 0.01)
    monkeypatch.setattr(hostlock, "LOOK_EVERY", 0.01)


def soon(seconds: float = 0.05) -> float:
    return clock.monotonic() + seconds


def holder(tmp_path: Path, host: str, run: str = "r1", stack: str = "shop") -> Holder:
    folder = tmp_path / host
    return replace(Holder.ours(stack, run, folder), host=host, boot=host)


def test_a_lock_is_made_held_and_gone_again(store: FakeStore, tmp_path: Path) -> None:
    with hold(store, "shop", "r1", folder=tmp_path) as held:
        held.check()
        (only,) = objects(store.configs.values())
        assert only.holder.run == "r1"
        assert only.holder.pid == os.getpid()
        assert "com.docker.stack.namespace" not in only.spec["Labels"]
        assert lease.lock_file(tmp_path, "shop").exists()
    assert store.configs == {}
    assert not lease.lock_file(tmp_path, "shop").exists()


def test_the_second_on_one_host_is_told_who_holds_it(store: FakeStore, tmp_path: Path) -> None:
    waited: list[str] = []
    with (
        hold(store, "shop", "first", folder=tmp_path),
        pytest.raises(Held, match="worked on by run first"),
        hold(store, "shop", "second", folder=tmp_path, timeout=0.05, waiting=waited.append),
    ):
        pass
    assert len(waited) == 1
    assert "run first" in waited[0]


def test_the_second_on_another_host_is_told_who_holds_it(store: FakeStore, tmp_path: Path) -> None:
    waited: list[str] = []
    with (
        hold(store, "shop", "first", folder=tmp_path / "a"),
        pytest.raises(Held, match="run first"),
        hold(store, "shop", "2", folder=tmp_path / "b", timeout=0.05, waiting=waited.append),
    ):
        pass
    assert len(waited) == 1
    assert store.configs == {}


@pytest.mark.parametrize("other", ["a", "b"])
def test_a_wait_says_for_whom_and_how_long_and_says_so_again(
    store: FakeStore, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    monkeypatch.setattr(lease, "REMIND_EVERY", 0.05)
    monkeypatch.setattr(lease, "LOOK_EVERY", 0.05)
    waited: list[str] = []
    with (
        hold(store, "shop", "first", folder=tmp_path / "a"),
        pytest.raises(Held),
        hold(store, "shop", "2", folder=tmp_path / other, timeout=0.6, waiting=waited.append),
    ):
        pass
    assert waited[0].startswith("waiting up to 1s for run first of")
    assert waited[0].endswith("which works on shop")
    assert waited[-1].startswith("waiting up to 0s")


def test_two_stacks_do_not_meet(store: FakeStore, tmp_path: Path) -> None:
    with (
        hold(store, "shop", "first", folder=tmp_path),
        hold(store, "blog", "second", folder=tmp_path),
    ):
        assert [lock.holder.stack for lock in objects(store.configs.values())] == ["blog", "shop"]


def test_the_second_gets_it_when_the_first_lets_go(store: FakeStore, tmp_path: Path) -> None:
    order: list[str] = []

    def second() -> None:
        with hold(store, "shop", "second", folder=tmp_path / "b", timeout=20):
            order.append("second")

    thread = threading.Thread(target=second)
    with hold(store, "shop", "first", folder=tmp_path / "a"):
        thread.start()
        order.append("first")
    thread.join()
    assert order == ["first", "second"]
    assert store.configs == {}


def test_a_holder_whose_counter_stands_still_is_dead(store: FakeStore, tmp_path: Path) -> None:
    take(store, holder(tmp_path, "gone"), until=soon())
    second = take(store, holder(tmp_path, "here", "r2"), until=soon(5), dead_after=0.05)
    assert second.holder.run == "r2"
    second.check()


def test_a_holder_that_renews_is_never_taken_for_dead(store: FakeStore, tmp_path: Path) -> None:
    with (
        hold(store, "shop", "first", folder=tmp_path / "a", renew_every=0.01) as first,
        pytest.raises(Held),
    ):
        take(store, holder(tmp_path, "b"), until=soon(0.5), dead_after=0.3)
    first_counter = first.holder.counter
    assert first_counter > 3


def test_a_killed_holder_of_this_host_is_dead_at_once(store: FakeStore, tmp_path: Path) -> None:
    take(store, Holder.ours("shop", "killed", tmp_path), until=soon())
    with hold(store, "shop", "next", folder=tmp_path, timeout=0) as held:
        assert held.holder.run == "next"


def test_one_that_was_taken_for_dead_notices(store: FakeStore, tmp_path: Path) -> None:
    first = take(store, holder(tmp_path, "slow"), until=soon())
    take(store, holder(tmp_path, "fast", "r2"), until=soon(5), dead_after=0)
    first.renew()
    with pytest.raises(Lost, match="shop"):
        first.check()
    first.release()
    there = look(store, lock_name("shop"))
    assert there is not None
    assert there.holder.run == "r2"


def test_a_holder_that_wakes_in_time_is_not_buried(store: FakeStore, tmp_path: Path) -> None:
    first = take(store, holder(tmp_path, "slow"), until=soon())
    seen = look(store, lock_name("shop"))
    assert seen is not None
    first.renew()
    assert not bury(store, seen)
    first.renew()
    first.check()


def test_lost_answers_do_no_harm(store: FakeStore, tmp_path: Path) -> None:
    store.lose = 1
    first = take(store, holder(tmp_path, "a"), until=soon())
    store.lose = 1
    first.renew()
    first.renew()
    first.renew()
    first.check()
    assert first.holder.counter >= 2
    first.release()
    assert store.configs == {}


def test_a_released_object_is_free_for_anybody(store: FakeStore, tmp_path: Path) -> None:
    first = take(store, holder(tmp_path, "a"), until=soon())
    store.lose = 0
    there = look(store, lock_name("shop"))
    assert there is not None
    spec = {**there.spec, "Labels": replace(first.holder, released=True).labels()}
    store.update_config(there.id, there.version, spec)
    second = take(store, holder(tmp_path, "b", "r2"), until=soon())
    assert second.holder.run == "r2"


def test_an_engine_that_goes_away_does_not_lose_the_lock(store: FakeStore, tmp_path: Path) -> None:
    with hold(store, "shop", "r1", folder=tmp_path, renew_every=0.01) as held:
        store.away = True
        held.check()
        store.away = False
    assert store.configs == {}


@pytest.mark.parametrize("odd", [RuntimeError("?"), EngineError(0, "no sense"), AttributeError()])
def test_whatever_one_answer_holds_the_lock_is_renewed_again(
    store: FakeStore, tmp_path: Path, odd: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = threading.Event()
    config = store.config

    def once(name: str) -> dict[str, Any] | None:
        if told.is_set():
            return config(name)
        told.set()
        raise odd

    with hold(store, "shop", "r1", folder=tmp_path, renew_every=0.01) as held:
        monkeypatch.setattr(store, "config", once)
        assert told.wait(5)
        before = held.holder.counter
        until = soon(5)
        while held.holder.counter == before and clock.monotonic() < until:
            clock.sleep(0.01)
        assert held.holder.counter > before
        held.check()
    assert store.configs == {}


def test_an_interrupt_while_waiting_leaves_the_other_lock(store: FakeStore, tmp_path: Path) -> None:
    def interrupt(_: str) -> None:
        raise KeyboardInterrupt

    take(store, holder(tmp_path, "other"), until=soon())
    with (
        pytest.raises(KeyboardInterrupt),
        hold(store, "shop", "r2", folder=tmp_path, waiting=interrupt),
    ):
        pass
    (only,) = objects(store.configs.values())
    assert only.holder.host == "other"
    assert not lease.lock_file(tmp_path, "shop").exists()


def test_names_stay_within_what_swarm_takes() -> None:
    long, other = "a" * 63, "a" * 62 + "b"
    assert lock_name("shop") == "ccci-lock-shop"
    assert len(lock_name(long)) <= 64
    assert lock_name(long) != lock_name(other)


def test_one_lock_file_is_one_folder_on_one_kernel_or_host(tmp_path: Path) -> None:
    us = Holder.ours("shop", "r1", tmp_path)
    assert us.shares_lock_file(replace(us, host="a container's"))
    assert us.shares_lock_file(replace(us, boot="before the reboot"))
    assert not us.shares_lock_file(replace(us, host="a copy", boot="of its own"))
    assert not us.shares_lock_file(replace(us, folder="another"))
    assert not replace(us, boot="").shares_lock_file(replace(us, boot="", host="elsewhere"))


def test_labels_that_are_no_lock_read_as_nobody() -> None:
    assert Holder.of({}).run == ""
    assert Holder.of({"ccci.lock.counter": "x"}).counter == 0


NAMESPACE = {"com.docker.stack.namespace": "evil"}


@pytest.mark.parametrize(
    ("name", "data", "more"),
    [
        ("ccci-lock-shop", DATA, NAMESPACE),
        ("ccci-lock-shop", DATA, {"note": "mine"}),
        ("ccci-lock-shop", b"another's", {}),
        ("ccci-lock-blog", DATA, {}),
        ("shop_config", DATA, {}),
    ],
)
def test_what_only_looks_like_a_lock_is_none(
    store: FakeStore, tmp_path: Path, name: str, data: bytes, more: dict[str, str]
) -> None:
    store.create_config(name, data, {**holder(tmp_path, "a").labels(), **more})
    assert objects(store.configs.values()) == ()
    with pytest.raises(Squatted, match=f"docker config rm {name}|no lock of ccci"):
        look(store, name)


def test_a_squatted_name_is_told_at_once(store: FakeStore, tmp_path: Path) -> None:
    store.create_config(lock_name("shop"), DATA, NAMESPACE)
    with (
        pytest.raises(Squatted, match="namespace=evil") as told,
        hold(store, "shop", "r1", folder=tmp_path),
    ):
        pass
    assert "docker config rm ccci-lock-shop" in told.value.hint
    assert len(store.configs) == 1
    assert not lease.lock_file(tmp_path, "shop").exists()


def test_a_lock_that_a_stack_took_over_is_lost(store: FakeStore, tmp_path: Path) -> None:
    with hold(store, "shop", "r1", folder=tmp_path, renew_every=600) as held:
        (config,) = store.configs.values()
        taken = {**config["Spec"], "Labels": {**config["Spec"]["Labels"], **NAMESPACE}}
        store.update_config(config["ID"], config["Version"]["Index"], taken)
        held.renew()
        with pytest.raises(Lost, match="namespace=evil"):
            held.check()


def test_numbers_of_any_length_in_a_label_do_no_harm() -> None:
    assert Holder.of({"ccci.lock.counter": "9" * 5000, "ccci.lock.pid": "9" * 5000}).counter == 0


def test_a_removed_lock_file_is_no_lock(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with ExitStack() as first:
        first.enter_context(hostlock.hold(path, "first", until=soon(0)))
        path.unlink()
        with hostlock.hold(path, "second", until=soon(0)):
            assert path.read_text() == "second"
        assert not path.exists()
    assert not path.exists()


def test_a_file_that_is_removed_between_opening_and_locking_is_no_lock(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "x.lock"
    really = hostlock._locked
    seen: list[int] = []

    def after_the_holder_before_let_go(descriptor: int) -> bool:
        if not seen:
            path.unlink()
        seen.append(descriptor)
        return really(descriptor)

    monkeypatch.setattr(hostlock, "_locked", after_the_holder_before_let_go)
    with hostlock.hold(path, "first", until=soon()):
        assert path.read_text() == "first"
        with pytest.raises(hostlock.Busy), hostlock.hold(path, "second", until=soon(0)):
            pass


def test_a_first_holder_leaves_the_file_of_the_next(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    with hostlock.hold(path, "first", until=soon(0)):
        path.unlink()
        path.write_text("another's")
    assert path.read_text() == "another's"


def test_a_lock_says_what_is_to_become_of_the_app(store: FakeStore, tmp_path: Path) -> None:
    lease_of_ours = take(store, holder(tmp_path, "a"), until=soon())
    (lock,) = objects(store.configs.values())
    assert lock.holder.keep is None
    for keep in (True, False):
        lease_of_ours.intend(keep=keep)
        (lock,) = objects(store.configs.values())
        assert lock.holder.keep is keep
    lease_of_ours.renew()
    (lock,) = objects(store.configs.values())
    assert lock.holder.keep is False


def test_a_lock_file_says_whether_it_is_free(tmp_path: Path) -> None:
    path = tmp_path / "x.lock"
    assert hostlock.is_free(path)
    with hostlock.hold(path, "first", until=soon(0)):
        assert not hostlock.is_free(path)
    path.write_text("left by a crash")
    assert hostlock.is_free(path)


def test_a_folder_keeps_its_name(tmp_path: Path) -> None:
    assert hostlock.folder_name(tmp_path / "a") == hostlock.folder_name(tmp_path / "a")
    assert hostlock.folder_name(tmp_path / "a") != hostlock.folder_name(tmp_path / "b")
    assert [path.name for path in (tmp_path / "a").iterdir()] == ["folder-name"]
