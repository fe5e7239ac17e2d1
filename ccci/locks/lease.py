"""One holder per app: a lock file on this host, and a lock object on the swarm itself.

The file (flock) is free the moment its holder dies. The object is a Swarm config: its name is
unique in the replicated log, so creating it is atomic for all hosts. One object belongs to one
holder for all of its life: a dead holder's is marked as released (by id and version, so that a
living one cannot lose it), removed by id, and the next one created anew.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from ccci.errors import CcciError, ConnectionLost, EngineError, EngineUnavailable
from ccci.host import clock, file_lock
from ccci.host.cleanup import ensured
from ccci.host.durations import told
from ccci.locks.swarm_lock import (
    DATA,
    Holder,
    LockObject,
    LockStore,
    Squatted,
    bury,
    lock_name,
    look,
    remove,
)

DEAD_AFTER = 300.0
RENEW_EVERY = 20.0
RETRY_AFTER = 5.0
LOOK_EVERY = 1.0
REMIND_EVERY = 60.0
DEFAULT_TIMEOUT = 900.0
_ATTEMPTS = 3
_AWAY = (EngineError, EngineUnavailable)


class Held(CcciError):  # noqa: N818 -- reads as what happened
    """Somebody else works on the app, and did not finish within the lock timeout."""


class Lost(CcciError):  # noqa: N818
    """Our lock is no longer ours: another run took us for dead."""


class Lease:
    """A lock that is held; made by `hold`. `check` says at any time whether it still is.

    `predecessor` is the dead holder it was taken over from, if there was one.
    """

    def __init__(
        self, store: LockStore, held: LockObject, predecessor: Holder | None = None
    ) -> None:
        self.predecessor = predecessor
        self._store = store
        self._held = held
        self._lost: str | None = None
        self._gone = False
        # The store is used by the thread that renews, and by the run's own.
        self._mutex = threading.Lock()

    @property
    def holder(self) -> Holder:
        """Return us, as the labels say."""
        return self._held.holder

    def check(self) -> None:
        """Raise Lost when another run took the lock, or removed it."""
        if self._gone or self._lost is not None:
            by = f": {self._lost}" if self._lost else ""
            raise Lost(
                f"the lock on {self.holder.stack} is no longer ours{by}",
                "this run could not renew it for five minutes; see whether the Engine was away",
            )

    def renew(self) -> None:
        """Move the counter. A lost answer does no harm: the next look adopts what is there."""
        with self._mutex, suppress(ConnectionLost):
            self._write(replace(self.holder, counter=self.holder.counter + 1))

    def intend(self, *, keep: bool) -> None:
        """Say on the lock what is to become of the app, should we die: see `runs.Record`."""
        with self._mutex:
            for _ in range(_ATTEMPTS):
                if self._gone or self._lost or self._write(replace(self.holder, keep=keep)):
                    return

    def _write(self, holder: Holder) -> bool:
        """Write our labels; say whether they were taken. The version is read anew each time."""
        spec = {**self._held.spec, "Labels": holder.labels()}
        taken = True
        try:
            self._store.update_config(self._held.id, self._held.version, spec)
        except ConnectionLost:
            raise
        except EngineError:
            taken = False
        try:
            now = look(self._store, self._held.id)
        except Squatted as taken:
            self._lost = taken.message
            return False
        if now is None:
            self._gone = True
            return False
        if now.holder.token != holder.token or (now.holder.released and not holder.released):
            self._lost = f"{now.holder} has it"
            return False
        self._held = now
        return taken

    def release(self) -> None:
        """Give the lock back; nothing happens to one that is no longer ours.

        It is marked first: whoever finds the mark may remove the object at once, and nobody's
        living lock is removed by one that was slow.
        """
        with self._mutex:
            for _ in range(_ATTEMPTS):
                if self._gone or self._lost is not None:
                    return
                if self._write(replace(self.holder, released=True)):
                    remove(self._store, self._held.id)
                    self._gone = True


def take(
    store: LockStore,
    us: Holder,
    *,
    until: float,
    dead_after: float = DEAD_AFTER,
    waiting: Callable[[str], None] = lambda _: None,
) -> Lease:
    """Take the lock object of a stack; the lock file of the host is held already.

    Wait up to `until` on the monotonic clock. A holder is dead when its counter stands still for
    `dead_after` seconds of our own clock, or at once when it is one of this very host, whose lock
    file we hold. `waiting` is told at each look who is in the way. Raise Held, with who it is, when
    a living one does not let go, Squatted at once where the name is no lock's: it would never end.
    """
    name = lock_name(us.stack)
    watched: tuple[str, int] | None = None
    watched_since = 0.0
    predecessor: Holder | None = None
    while True:
        there = look(store, name)
        if there is None:
            with suppress(ConnectionLost):  # the next look says whether it was made
                _create(store, name, us)
            continue
        if there.holder.token == us.token:
            return Lease(store, there, predecessor)
        now = clock.monotonic()
        if (there.id, there.holder.counter) != watched:
            watched, watched_since = (there.id, there.holder.counter), now
        if (
            there.holder.released
            or there.holder.shares_lock_file(us)
            or now - watched_since >= dead_after
        ):
            if bury(store, there) and not there.holder.released:
                predecessor = there.holder
            continue
        if now >= until:
            raise Held(
                f"{us.stack} is being worked on by {there.holder}",
                "wait for it to end, or give it longer with --lock-timeout",
            )
        waiting(str(there.holder))
        clock.sleep(min(LOOK_EVERY, max(0.0, until - now)))


@contextmanager
def hold(
    store: LockStore,
    stack: str,
    run: str,
    *,
    folder: Path,
    timeout: float = DEFAULT_TIMEOUT,
    waiting: Callable[[str], None] = lambda _: None,
    dead_after: float = DEAD_AFTER,
    renew_every: float = RENEW_EVERY,
) -> Iterator[Lease]:
    """Hold both locks of a stack for `run`, renewed by a thread, given back at the end.

    `store` is an Engine of its own (`Engine.sibling`), for that thread; `folder` is where this
    host's lock files are; `timeout` is in seconds. `waiting` is told who is in the way and how long
    we wait at most, and again each REMIND_EVERY seconds. Raise Held when somebody living is, and
    stays.
    """
    us = Holder.ours(stack, run, folder)
    until = clock.monotonic() + timeout
    remind = _reminder(stack, until, waiting)
    try:
        with (
            file_lock.hold(lock_file(folder, stack), str(us), until=until, waiting=remind),
            ensured(lambda: _forget(store, us)),
        ):
            lease = take(store, us, until=until, dead_after=dead_after, waiting=remind)
            with _renewed(lease, renew_every):
                yield lease
    except file_lock.Busy as busy:
        raise Held(
            f"{stack} is being worked on by {busy.message}",
            "wait for it to end, or give it longer with --lock-timeout",
        ) from None


def lock_file(folder: Path, stack: str) -> Path:
    """Return this host's lock file of a stack."""
    return folder / f"{lock_name(stack)}.lock"


def _reminder(stack: str, until: float, say: Callable[[str], None]) -> Callable[[str], None]:
    """Return what says of each holder that we wait for it: when it is met, then now and then."""
    said: dict[str, float] = {}

    def remind(holder: str) -> None:
        now = clock.monotonic()
        if now - said.get(holder, -REMIND_EVERY) >= REMIND_EVERY:
            said[holder] = now
            say(f"waiting up to {told(until - now)} for {holder}, which works on {stack}")

    return remind


@contextmanager
def _renewed(lease: Lease, every: float) -> Iterator[None]:
    stop = threading.Event()

    def renew() -> None:
        patience = every
        while not stop.wait(patience):
            patience = every
            try:
                lease.renew()
            except Exception:  # noqa: BLE001 -- its holder lives, whatever the Engine says: try again soon
                patience = min(every, RETRY_AFTER)

    def give_back() -> None:
        stop.set()
        thread.join()
        with suppress(*_AWAY):  # five minutes from now it counts as dead
            lease.release()

    thread = threading.Thread(target=renew, name="ccci-lock", daemon=True)
    thread.start()
    with ensured(give_back):
        yield


def _create(store: LockStore, name: str, us: Holder) -> None:
    try:
        store.create_config(name, DATA, us.labels())
    except EngineError as error:
        if not error.is_taken:
            raise


def _forget(store: LockStore, us: Holder) -> None:
    """Remove what there is of our lock: made before we could hold it, or not given back."""
    with suppress(*_AWAY, Squatted):
        there = look(store, lock_name(us.stack))
        if there is not None and there.holder.token == us.token:
            bury(store, there)
