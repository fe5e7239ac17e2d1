"""The record of every run: a folder of files, and a row in an index of them all.

What happened is in the folders; the index (SQLite) is only there to list them quickly and is made
anew from them when it is lost. A record that cannot be written never changes a verdict: what went
wrong is kept in `Run.trouble`, for the report's notes.
"""

import json
import os
import secrets
import socket
import stat
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

from ccci.errors import CcciError
from ccci.host import clock, file_lock, files, folders, sanitizer, temporary
from ccci.host.files import PRIVATE_FOLDER
from ccci.host.masking import Mask
from ccci.records import index
from ccci.records.index import INDEX, RECORD
from ccci.records.record import Record
from ccci.report.model import Report, document
from ccci.report.settled import settled

__all__ = ["INDEX", "RECORD", "Record", "Run", "begin", "ended", "find", "is_alive", "recent"]

REPORT = "report.json"
TRACE = "trace.jsonl"
DEPLOYER_LOG = "deployer.log"
COMMAND_LOG = "command.log"
COMPOSE = "compose.merged.yml"
IDENTITY = "identity.json"
JOURNAL = "checkouts.log"
CHECKOUTS = "abra"
KEPT = 2000
"""So many runs are kept, and every one whose app may still be there."""
WHOLE = 200
"""So many are kept with what is long: their traces and what was printed."""
BASE_TRACE = f"base.{TRACE}"
REST_TRACE = f"base.rest.{TRACE}"
"""Of the rest of a base's soak, where the first of it did not tell."""
AGAIN_TRACE = f"base.again.{TRACE}"
"""Of the base that runs again, since the head was rolled back."""
REHEARSAL_TRACE = f"rehearsal.{TRACE}"
TRACES = (TRACE, BASE_TRACE, REST_TRACE, AGAIN_TRACE, REHEARSAL_TRACE)
LONG = (*TRACES, DEPLOYER_LOG, COMMAND_LOG)
FILES = (RECORD, REPORT, IDENTITY, JOURNAL, COMPOSE, f"base.{COMPOSE}", *LONG)
"""Whatever a run writes into its folder, but for the folders in it and what tells that it lives."""
_AT_ONCE = 50
"""So many are looked at when a run ends: each ends alike, so that none is passed over."""
_ATTEMPTS = 20


class Run:
    """A run that is being recorded; made by `begin`."""

    def __init__(self, folder: Path, root: Path | None, record: Record) -> None:
        self.folder = folder
        self.record = record
        self.trouble: list[str] = []
        self._root = root
        self._alive = ExitStack()

    def live(self) -> None:
        """Say to others, until `finish` or our death, that this run is being made."""
        try:
            self._alive.enter_context(
                file_lock.hold(self.path(temporary.ALIVE), self.id, until=clock.monotonic())
            )
        except CcciError as error:
            self._complain(error.message)

    @property
    def id(self) -> str:
        """Return the run's own name, which no other run has."""
        return self.record.id

    def path(self, name: str) -> Path:
        """Return where a file of this run belongs."""
        return self.folder / name

    def note(self, **changes: Any) -> None:  # noqa: ANN401 -- the fields of Record
        """Record what became known, before it is acted on: a killed run is cleaned up from it."""
        self.record = replace(self.record, **changes)
        self._save()

    def finish(self, report: Report, masks: Iterable[Mask] = ()) -> Report:
        """Write the report and how the run ended, without secrets; return it as it is kept."""
        told = settled(report, masks)
        try:
            files.write(self.path(REPORT), _json(document(told)))
        except (OSError, TypeError, ValueError) as error:
            self.trouble.append(f"the report could not be recorded: {error}")
        self.record = replace(self.record.ended(told), finished_at=told.finished_at or clock.now())
        self._save()
        self._alive.close()
        if self._root is not None:
            try:
                prune(self._root)
            except (*index.TROUBLES, ValueError) as error:
                self._complain(f"old runs could not be removed: {error}")
        return told

    def drop(self) -> None:
        """Leave nothing of the run: nothing was run."""
        self._alive.close()
        with suppress(OSError):
            folders.remove(self.folder)
        if self._root is not None:
            with suppress(*index.TROUBLES):
                index.forget(self._root, [self.id])

    def _save(self) -> None:
        try:
            files.write(self.path(RECORD), _json(self.record.told()))
        except OSError as error:
            self._complain(f"the run could not be recorded in {self.folder}: {error.strerror}")
        if self._root is None:
            return
        try:
            index.write(self._root, self.record)
        except index.TROUBLES as error:
            self._complain(f"the index of runs could not be written: {error}")

    def _complain(self, what: str) -> None:
        if what not in self.trouble:
            self.trouble.append(what)


def begin(root: Path, command: str, target: str, **known: Any) -> Run:  # noqa: ANN401
    """Make the folder of a new run below `root` and record that it began.

    `known` are further fields of Record. Where the folder cannot be made, a temporary one takes
    its place, and `trouble` says so.
    """
    started_at = clock.now()
    stamp = "".join(character for character in started_at[:19] if character.isdigit())
    base = f"{stamp[:8]}-{stamp[8:]}"
    trouble = ""
    where: Path | None = root
    try:
        identifier, folder = _own_folder(root, base)
    except OSError as error:
        trouble = f"runs cannot be recorded in {root}: {error.strerror}"
        identifier, where = f"{base}-{secrets.token_hex(3)}", None
        folder = Path(tempfile.mkdtemp(prefix=f"{temporary.PREFIX}{identifier}-"))
    record = Record(
        identifier, command, target, started_at, socket.gethostname(), os.getpid(), **known
    )
    run = Run(folder, where, record)
    if trouble:
        run.trouble.append(trouble)
    run.live()
    run.note()
    return run


def _json(value: object) -> str:
    """Return a document of a run; whoever prints its file in a CI gives that no command."""
    return sanitizer.json_text(json.dumps(value, indent=2)) + "\n"


def _own_folder(root: Path, base: str) -> tuple[str, Path]:
    """Make a folder that nobody else has: making it is the test."""
    # One that is there already may be shared, and stays as it is.
    root.mkdir(mode=PRIVATE_FOLDER, parents=True, exist_ok=True)
    for _ in range(_ATTEMPTS):
        identifier = f"{base}-{secrets.token_hex(3)}"
        with suppress(FileExistsError):
            (root / identifier).mkdir(mode=PRIVATE_FOLDER)
            return identifier, root / identifier
    raise OSError(17, "no free name for a run")


def recent(root: Path, *, target: str | None = None, limit: int | None = None) -> list[Record]:
    """Return the recorded runs, the newest first; with `target`, those that it names."""
    if not root.is_dir():
        return []
    found = index.records(root)
    return [each for each in found if target is None or target in each.named][:limit]


def find(root: Path, target: str) -> Record | None:
    """Return the newest run with a stack that `target` names: domain, stack, recipe or run id.

    One whose app may still be there goes before one that was torn down.
    """
    named = [each for each in recent(root, target=target) if each.stack]
    return next((each for each in named if not each.gone), named[0] if named else None)


def is_alive(root: Path, record: Record) -> bool:
    """Say whether the run is still being made, by a process of this host."""
    return record.finished_at is None and not file_lock.is_free(root / record.id / temporary.ALIVE)


def ended(root: Path, records: Iterable[Record]) -> tuple[Record, ...]:
    """Return those that no process of this host is still making, nor waits to make."""
    return tuple(record for record in records if not is_alive(root, record))


def forget_app(root: Path, record: Record) -> None:
    """Record that this run's app is gone, and that its teardown was verified."""
    Run(root / record.id, root, record).note(gone=True)


def forget_stack(root: Path, stack: str, records: Iterable[Record]) -> None:
    """Record for each of these runs of a stack that its app is gone."""
    for record in records:
        if record.stack == stack and not record.gone:
            forget_app(root, record)


def files_of(folder: Path) -> Iterator[Path]:
    """Give the plain files of a run, in the order of their names; what is hidden is not told."""
    for path in sorted(folder.iterdir()):
        with suppress(OSError):
            plain = stat.S_ISREG(path.lstat().st_mode)
            if plain and path.name != temporary.ALIVE and not path.name.startswith("."):
                yield path


def prune(root: Path, *, kept: int = KEPT, whole: int = WHOLE) -> None:
    """Remove what is long of all but the newest runs, and the oldest runs altogether.

    One whose app may still be there stays as it is, and so does one that is still being made.
    """
    aged = index.records(root, after=whole, limit=_AT_ONCE)
    for record in aged:
        for name in LONG if not _matters(root, record) else ():
            with suppress(OSError):
                (root / record.id / name).unlink()
    gone = [each for each in index.records(root, after=kept) if not _matters(root, each)]
    for record in gone:
        with suppress(OSError):
            folders.remove(root / record.id)
    if gone:
        index.forget(root, (each.id for each in gone))


def _matters(root: Path, record: Record) -> bool:
    there = record.stack is not None and record.keep is not None and not record.gone
    return there or is_alive(root, record)
