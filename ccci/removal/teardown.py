"""Removing an app until the Engine itself says that nothing of it is left.

Never its images, never the records of its runs. What is removed is named by the stack's label, by
the records of the runs that made it, or, where the user repeats its name, by its prefix.
"""

from collections.abc import Callable, Collection, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.errors import CcciError, ConnectionLost, EngineError
from ccci.host import clock, folders, interrupts
from ccci.records.runs import Record
from ccci.removal.jobs import end_jobs
from ccci.removal.looking import Looks
from ccci.removal.objects import (
    Claim,
    Item,
    Kind,
    claimed,
    counted,
    known_stacks,
    removable,
    told,
)
from ccci.swarm.decode import listings, nodes
from ccci.swarm.decode.listed import every
from ccci.swarm.engine.client import Engine
from ccci.terminal.waiting import Waiting

REMOVAL_PATIENCE = 180.0
STUCK_AFTER = 45.0
FORGOTTEN_AFTER = 2.0
"""How long an ended container may stay before we take it: a job's, which no node removes."""
KILL_AFTER = 30.0
"""How long the containers of a stack without services may take: a recipe may ask for days."""
_LOOK_EVERY = 0.25


@dataclass(frozen=True, slots=True)
class Ending:
    """What a teardown came to.

    `removed` is what was there, `left` what still is, `unseen` the nodes whose containers and
    volumes our Engine cannot show, `troubles` what was said on the way, `kept` what has the
    stack's name and was put there by a person.
    """

    removed: tuple[Item, ...] = ()
    files: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    unseen: tuple[str, ...] = ()
    troubles: tuple[str, ...] = ()
    kept: tuple[str, ...] = ()

    @property
    def gone(self) -> bool:
        """Say whether nothing is left that we could see."""
        return not self.left

    @property
    def notes(self) -> tuple[str, ...]:
        """Return what a report has to add."""
        unseen = f"volumes on these nodes cannot be seen from here: {', '.join(self.unseen)}"
        kept = f"no run on record here made these, so they stay: {', '.join(self.kept)}"
        return (
            *self.troubles,
            *((unseen,) if self.unseen else ()),
            *((kept,) if self.kept else ()),
        )


def tear_down(
    engine: Engine,
    claim: Claim,
    *,
    files: Iterable[Path] = (),
    undeploy: Callable[[], None] | None = None,
    check: Callable[[], None] = lambda: None,
    patience: float = REMOVAL_PATIENCE,
    waiting: Waiting | None = None,
) -> Ending:
    """Remove everything that is claimed, then `files` (an `.env`, folders of checkouts).

    `undeploy` asks the deployer first; whatever it does or fails to do, what counts is what the
    Engine still lists. `check` is asked before each removal whether the lock is still ours. Waits
    up to `patience` seconds for the last task, container and network, but no longer than
    STUCK_AFTER where the Engine refuses to remove each thing that is left: somebody else uses them.
    `waiting` is told how much is left. A second Ctrl-C leaves the rest where it is.
    Idempotent. Raise EngineUnavailable, or whatever `check` raises.
    """
    until = clock.monotonic() + patience
    changed = clock.monotonic()
    before: set[tuple[Kind, str]] = set()
    troubles: list[str] = []
    complaints: dict[str, str] = {}
    nodes_used: set[str] = set()
    seen: dict[tuple[Kind, str], Item] = {}
    looks = Looks(engine, claim)
    items = looks.whole()
    if waiting is not None:
        waiting.begin(f"{counted(items)} to be gone", patience)
    if any(item.kind is Kind.SERVICE for item in items):
        check()
        troubles += _end_jobs_and_undeploy(engine, claim.stack, undeploy)
    while True:
        with suppress(ConnectionLost):
            items = looks.again()
            seen |= {(item.kind, item.id): item for item in items}
            nodes_used |= {item.node for item in items if item.node}
            if not items or interrupts.hurried():
                break
            if waiting is not None:
                waiting.update(f"{counted(items)} to be gone")
            check()
            complaints |= _remove(engine, removable(items))
            if _keys(items) != before:
                before, changed = _keys(items), clock.monotonic()
            idle = clock.monotonic() - changed
            if idle >= FORGOTTEN_AFTER:
                complaints |= _end(engine, items, force=idle >= KILL_AFTER)
        refused = all(str(item) in complaints for item in items)
        if clock.monotonic() >= (min(until, changed + STUCK_AFTER) if refused else until):
            with suppress(ConnectionLost):
                items = looks.whole()
            break
        clock.sleep(_LOOK_EVERY)
    gone_files = () if items else remove_files(files, troubles)
    troubles += [complaints[name] for name in map(str, items) if name in complaints]
    return Ending(
        removed=tuple(item for key, item in seen.items() if key not in _keys(items)),
        files=gone_files,
        left=tuple(str(item) for item in items),
        unseen=_unseen(engine, claim, nodes_used),
        troubles=tuple(dict.fromkeys(troubles)),
        kept=_kept(engine, claim),
    )


def _end_jobs_and_undeploy(
    engine: Engine, stack: str, undeploy: Callable[[], None] | None
) -> list[str]:
    """End the tasks of the stack's jobs, and ask the deployer; return what went wrong."""
    troubles = []
    try:
        going_on = end_jobs(engine, stack)
    except EngineError as error:
        troubles.append(f"whether its jobs have ended is not known: {error.message}")
    else:
        troubles += [f"the tasks of {name} did not end, and may outlive it" for name in going_on]
    if undeploy is not None:
        try:
            undeploy()
        except (CcciError, OSError) as error:
            troubles.append(f"undeploy failed, the services were removed without it: {error}")
    return troubles


def _kept(engine: Engine, claim: Claim) -> tuple[str, ...]:
    """Return the secrets, configs and volumes with the stack's name that are not claimed."""
    wide = replace(claim, by_name=True)
    try:
        there = {
            Kind.VOLUME: every(engine.volumes()),
            Kind.SECRET: every(engine.secrets()),
            Kind.CONFIG: every(engine.configs()),
        }
    except EngineError:
        return ()

    def covered(by: Claim) -> tuple[Item, ...]:
        return tuple(item for kind in there for item in claimed(kind, there[kind], by))

    mine = set(covered(claim))
    return tuple(str(item) for item in covered(wide) if item not in mine)


def claim_of(engine: Engine, stack: str, records: Iterable[Record]) -> Claim:
    """Return what may be removed of a stack: what has its label, or ours, or is on record.

    Whatever else has the stack's name may have been put there by a person, and stays: a lock alone,
    of a run on another host, says whose the stack is and not what its run made.
    """
    there = (engine.services(), engine.secrets(), engine.configs(), engine.volumes())
    labelled = frozenset().union(*(known_stacks(every(each)) for each in there))
    records = tuple(records)
    mine = [record for record in records if record.stack == stack]
    recorded = {name for record in mine if not record.gone for name in record.secrets}
    others = {record.stack for record in records if record.stack}
    return Claim(stack, frozenset(recorded), others=frozenset(labelled | others) - {stack})


def files_of(stack: str, records: Iterable[Record]) -> tuple[Path, ...]:
    """Return the `.env` and the checkouts of every run of a stack, in the order to remove them."""
    mine = [record for record in records if record.stack == stack]
    env_files = [Path(record.env_file) for record in mine if record.env_file]
    # The `.env` may lie behind the link `servers` in the run's folder, which goes after it.
    return (*env_files, *(Path(record.abra_dir) for record in mine if record.abra_dir))


def _keys(items: Iterable[Item]) -> set[tuple[Kind, str]]:
    return {(item.kind, item.id) for item in items}


def _remove(
    engine: Engine, items: Iterable[Item], params: Mapping[str, bool] | None = None
) -> dict[str, str]:
    """Ask for the removal of these; return the complaint of each that the Engine refused."""
    complaints = {}
    for item in items:
        try:
            engine.delete(_path(item), params=params)
        except ConnectionLost:
            raise
        except EngineError as error:
            # Most often it is in use for a moment longer, and removed at the next try.
            if not error.is_absent:
                complaints[str(item)] = f"{item}: {error.message}"
    return complaints


def _end(engine: Engine, items: Collection[Item], *, force: bool) -> dict[str, str]:
    """Remove the containers that outlive their services: with `force`, those that run as well.

    Those of other nodes end by themselves, but for a job's (`ccci.removal.jobs`).
    """
    if any(item.kind is Kind.SERVICE for item in items):
        return {}
    containers = (item for item in items if item.kind is Kind.CONTAINER)
    # `v`: its anonymous volumes as well, as a node does it for Swarm.
    return _remove(engine, containers, {"v": True, "force": force})


def _path(item: Item) -> str:
    return f"/{item.kind}s/{item.id}"


def remove_files(files: Iterable[Path], troubles: list[str]) -> tuple[str, ...]:
    """Remove files and folders, what links point to left alone; return what was removed."""
    removed = []
    for path in files:
        try:
            if path.is_dir() and not path.is_symlink():
                folders.remove(path)
            else:
                path.unlink()
        except FileNotFoundError:
            continue
        except OSError as error:
            troubles.append(f"{path} could not be removed: {error.strerror}")
        else:
            removed.append(str(path))
    return tuple(removed)


def _unseen(engine: Engine, claim: Claim, nodes_used: set[str]) -> tuple[str, ...]:
    """Return the names of other nodes that may have volumes of the stack.

    Where its tasks were seen, those they ran on; else every other node there is.
    """
    try:
        own = listings.own_node(engine.info())
        names = nodes.hostnames(engine.nodes())
    except EngineError as error:
        return (f"all others ({error.message}, stack {claim.stack})",)
    others = (nodes_used or set(names)) - {own}
    return tuple(sorted(names.get(node) or node for node in others))


def summary(stack: str, ending: Ending) -> str:
    """Return what came of it in one sentence."""
    if ending.left:
        return f"{stack} is not gone, left: {', '.join(ending.left)}"
    if not ending.removed and not ending.files:
        return f"nothing is there of {stack}"
    what = told([item for item in ending.removed if item.kind not in {Kind.TASK, Kind.CONTAINER}])
    files = f"{len(ending.files)} files and folders" if ending.files else ""
    return f"{stack} is gone: {', '.join(part for part in (what, files) if part)}"
