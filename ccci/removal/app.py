"""A whole app removed: its lock held, its stack torn down, its runs told that it is gone."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from pathlib import Path

from ccci import settings
from ccci.errors import UsageError
from ccci.locks import lease
from ccci.locks.swarm_lock import LockObject, Squatted, lock_name, look, objects
from ccci.recipe.naming import stack_of
from ccci.records import runs
from ccci.records.runs import Record
from ccci.removal.objects import Claim
from ccci.removal.teardown import REMOVAL_PATIENCE, Ending, claim_of, files_of, tear_down
from ccci.swarm.engine.client import Engine
from ccci.terminal.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Place:
    """Where to remove from: the Engine, the folder of records, the folder of lock files."""

    engine: Engine
    runs_folder: Path
    locks_folder: Path

    @classmethod
    def usual(cls, engine: Engine) -> "Place":
        """Return the place that the environment names."""
        return cls(engine, settings.runs_folder(), settings.locks_folder())


@dataclass(frozen=True, slots=True)
class Target:
    """A stack to remove, and what names it: `ours` when a run's record or a lock does."""

    stack: str
    ours: bool
    forced: bool = False
    """It is ours, and the user repeated its name: what a person put there goes as well."""


def resolve(place: Place, target: str, *, force: str | None = None) -> Target:
    """Return the stack that a person means by a domain, a stack, a recipe or a run's id.

    Raise UsageError when it may be several, and when no run and no lock names it, unless `force`
    repeats its name.
    """
    named = [record for record in runs.recent(place.runs_folder, target=target) if record.stack]
    there = {record.stack for record in named if record.stack and not record.gone}
    if len(there) > 1:
        raise UsageError(
            f"{target} is deployed as several apps: {', '.join(sorted(there))}",
            "name the one to remove",
        )
    stack = there.pop() if there else None
    if stack is None and named:
        stack = named[0].stack
    if stack is not None:
        return Target(stack, ours=True, forced=force in {stack, target})
    stack = stack_of(target)
    if _is_locked(place.engine, stack):
        return Target(stack, ours=True, forced=force in {stack, target})
    if force is None:
        raise UsageError(
            f"no run and no lock names {target}: ccci did not deploy it",
            f"if it is to go all the same: ccci teardown {target} --force {stack}",
        )
    if force not in {stack, target}:
        raise UsageError(
            f"--force {force} is another name than {stack}: nothing was removed",
            "repeat the very name",
        )
    return Target(stack, ours=False)


def _is_locked(engine: Engine, stack: str) -> bool:
    """Say whether a run of ccci works on the stack, or died over it; a squatter says nothing."""
    try:
        return look(engine, lock_name(stack)) is not None
    except Squatted:
        return False


def remove(
    place: Place,
    target: Target,
    *,
    lock_timeout: float,
    patience: float = REMOVAL_PATIENCE,
    dead_after: float = lease.DEAD_AFTER,
    say: Callable[[str], None] = lambda _: None,
    waiting: Waiting | None = None,
) -> Ending:
    """Remove the app under its lock, and record for each of its runs that it is gone.

    Raise Held when a living run works on it.
    """
    with (
        place.engine.sibling() as store,
        lease.hold(
            store,
            target.stack,
            "teardown",
            folder=place.locks_folder,
            timeout=lock_timeout,
            waiting=say,
            dead_after=dead_after,
        ) as held,
    ):
        records = runs.recent(place.runs_folder)
        # One that waits for this very lock keeps its own files, and makes the app once we let go.
        ended = runs.ended(place.runs_folder, records)
        ending = tear_down(
            place.engine,
            _claim(place.engine, target, records),
            files=files_of(target.stack, ended),
            check=held.check,
            patience=patience,
            waiting=waiting,
        )
        if ending.gone:
            runs.forget_stack(place.runs_folder, target.stack, ended)
    return ending


def _claim(engine: Engine, target: Target, records: Iterable[Record]) -> Claim:
    claim = claim_of(engine, target.stack, records)
    return replace(claim, by_name=True) if target.forced else claim


def locks(engine: Engine) -> tuple[LockObject, ...]:
    """Return every lock object on the swarm."""
    return objects(engine.configs())
