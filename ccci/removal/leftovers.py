"""What killed runs left: found through lock objects and run records, never by age or name."""

from collections.abc import Callable, Collection, Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.errors import CcciError, ConnectionLost
from ccci.host import clock, file_lock, temporary
from ccci.locks import lease
from ccci.locks.lease import lock_file
from ccci.locks.swarm_lock import Holder, LockObject, Squatted, bury, look
from ccci.records import runs
from ccci.records.runs import Record
from ccci.removal.app import Place, Target, locks, remove
from ccci.removal.teardown import Ending, remove_files
from ccci.swarm.engine.client import Engine
from ccci.terminal.waiting import Waiting

_LOOK_EVERY = 1.0
_LONGEST = 500


@dataclass(frozen=True, slots=True)
class Leftover:
    """An app that a run made and meant to remove, or, without `app`, only its lock or checkouts.

    `lock` is the dead holder's, as it was seen.
    """

    stack: str
    why: str
    app: bool = True
    lock: LockObject | None = None
    folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """What dead runs left, and which stacks are left alone because a living run is at work."""

    leftovers: tuple[Leftover, ...] = ()
    living: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Swept:
    """What became of one leftover: its ending, or, with `trouble`, why it was not touched."""

    leftover: Leftover
    ending: Ending | None = None
    trouble: str = ""

    @property
    def gone(self) -> bool:
        """Say whether nothing of it is left."""
        return not self.trouble and (self.ending is None or self.ending.gone)


def find(
    place: Place,
    *,
    dead_after: float = lease.DEAD_AFTER,
    say: Callable[[str], None] = lambda _: None,
) -> Found:
    """Return what dead runs left.

    The holder of a lock on this host is dead when its lock file is free; one of another host when
    its counter stands still for `dead_after` seconds, so this may take that long.
    """
    records = [_without_lost_folder(each) for each in runs.recent(place.runs_folder)]
    alive = frozenset(each.id for each in records if runs.is_alive(place.runs_folder, each))
    every = locks(place.engine)
    dead = _dead(place, every, dead_after, say)
    living = {lock.holder.stack: str(lock.holder) for lock in every if lock.id not in dead}
    found = sort_out(records, alive, [lock for lock in every if lock.id in dead], living)
    found += tuple(
        Leftover(path.name, "what a killed ccci was working in", app=False, folder=path)
        for path in temporary.find()
    )
    return Found(found, tuple(f"{stack}: {who}" for stack, who in sorted(living.items())))


def sort_out(
    records: Iterable[Record],
    alive: Collection[str],
    dead: Iterable[LockObject],
    living: Collection[str],
) -> tuple[Leftover, ...]:
    """Return the leftovers that records (newest first) and dead locks name; pure.

    `alive` are the ids of runs of this host that are still being made, `living` the stacks whose
    lock is held. An app that its newest run means to keep is none, whatever older ones meant.
    """
    newest: dict[str, Record] = {}
    for record in records:
        if record.stack and not record.gone and record.keep is not None:
            newest.setdefault(record.stack, record)
    busy = {record.stack for record in records if record.id in alive} | set(living)
    unlocked = {lock.holder.stack: lock for lock in dead}
    apps = {
        stack: Leftover(
            stack,
            f"run {record.id} ({record.verdict or 'killed'}) did not remove it",
            lock=unlocked.get(stack),
        )
        for stack, record in newest.items()
        if record.keep is False and stack not in busy
    }
    for stack, lock in unlocked.items():
        if stack in busy or stack in apps:
            continue
        kept = stack in newest and newest[stack].keep
        removes = lock.holder.keep is False and not kept
        apps[stack] = Leftover(stack, f"{lock.holder} died", app=removes, lock=lock)
    folders = [
        Leftover(
            record.stack or record.target,
            f"checkouts of run {record.id}",
            app=False,
            folder=Path(path),
        )
        for record in records
        if (path := record.abra_dir) and record.id not in alive and _only_checkouts(record)
    ]
    return (*(apps[stack] for stack in sorted(apps)), *folders)


def _without_lost_folder(record: Record) -> Record:
    there = record.abra_dir and Path(record.abra_dir).exists()
    return record if there else replace(record, abra_dir=None)


def _only_checkouts(record: Record) -> bool:
    """Say whether a run's folder of checkouts belongs to no app: gone, or never made."""
    return record.gone or record.keep is None


def sweep(
    place: Place,
    leftovers: Iterable[Leftover],
    *,
    say: Callable[[str], None] = lambda _: None,
    waiting: Waiting | None = None,
) -> tuple[Swept, ...]:
    """Remove them, each under its lock; one that somebody works on by now is left alone."""
    return tuple(_swept(place, each, say, waiting) for each in leftovers)


def _swept(
    place: Place, leftover: Leftover, say: Callable[[str], None], waiting: Waiting | None
) -> Swept:
    say(f"{leftover.stack}: {leftover.why}")
    try:
        if leftover.folder is not None:
            troubles: list[str] = []
            remove_files([leftover.folder], troubles)
            return Swept(leftover, trouble="; ".join(troubles))
        if leftover.lock is not None and not _bury(place, leftover.lock):
            return Swept(leftover, trouble=f"somebody works on {leftover.stack} by now")
        if leftover.app:
            target = Target(leftover.stack, ours=True)
            return Swept(leftover, remove(place, target, lock_timeout=0, waiting=waiting))
    except CcciError as error:
        return Swept(leftover, trouble=error.message)
    except Exception as error:  # noqa: BLE001 -- one leftover never keeps the others from their end
        return Swept(leftover, trouble=f"{type(error).__name__}: {error}"[:_LONGEST])
    return Swept(leftover)


def _bury(place: Place, seen: LockObject) -> bool:
    """Remove a dead holder's lock, unless it moved since it was seen."""
    now = look(place.engine, seen.id)
    return now is None or (now.version == seen.version and bury(place.engine, now))


def _moved(engine: Engine, seen: LockObject) -> bool:
    """Say whether a lock is another than it was, or none any more."""
    try:
        now = look(engine, seen.id)
    except Squatted:
        return True
    return now is None or now.version != seen.version


def _dead(
    place: Place, every: Iterable[LockObject], dead_after: float, say: Callable[[str], None]
) -> frozenset[str]:
    """Return the ids of the locks whose holders are dead."""
    us = Holder.ours("", "", place.locks_folder)
    dead = set()
    watched: dict[str, LockObject] = {}
    for lock in every:
        if not lock.holder.shares_lock_file(us):
            watched[lock.id] = lock
        elif file_lock.is_free(lock_file(place.locks_folder, lock.holder.stack)):
            dead.add(lock.id)
    if watched:
        say(
            f"watching {len(watched)} locks of other hosts for up to {dead_after:g} s: "
            "a living holder renews its own"
        )
    until = clock.monotonic() + dead_after
    while watched and clock.monotonic() < until:
        clock.sleep(min(_LOOK_EVERY, dead_after))
        for identifier, first in list(watched.items()):
            with suppress(ConnectionLost):
                if _moved(place.engine, first):
                    del watched[identifier]
    return frozenset(dead | set(watched))
