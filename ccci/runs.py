"""The record of every run: a folder of files, and a row in an index of them all.

What happened is in the folders; the index (SQLite) is only there to list them quickly and is made
anew from them when it is lost. A record that cannot be written never changes a verdict: what went
wrong is kept in `Run.trouble`, for the report's notes.
"""

import json
import os
import secrets
import socket
import sqlite3
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, closing, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ccci import clock, hostlock
from ccci.errors import CcciError
from ccci.report import Report, document

RECORD = "run.json"
REPORT = "report.json"
TRACE = "trace.jsonl"
DEPLOYER_LOG = "deployer.log"
COMPOSE = "compose.merged.yml"
OVERLAY = "compose.ccci.yml"
IDENTITY = "identity.json"
JOURNAL = "checkouts.log"
CHECKOUTS = "abra"
INDEX = "index.sqlite"
ALIVE = "alive.lock"
_ATTEMPTS = 20
_BUSY_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a run without reading its report.

    `keep` says that the app is meant to stay, or, with False, that the run made it and means to
    remove it; None as long as that is open. `gone` says that its teardown was verified. `abra_dir`
    is the run's own folder of checkouts, `env_file` the app's `.env`, `secrets` the names of those
    that were generated: what a teardown has to remove besides what the swarm itself can name.
    """

    id: str
    command: str
    target: str
    started_at: str
    host: str = ""
    pid: int = 0
    recipe: str | None = None
    domain: str | None = None
    stack: str | None = None
    server: str | None = None
    deployer: str | None = None
    abra_dir: str | None = None
    env_file: str | None = None
    secrets: tuple[str, ...] = ()
    keep: bool | None = None
    gone: bool = False
    finished_at: str | None = None
    verdict: str | None = None
    exit_code: int | None = None
    summary: str = ""

    @classmethod
    def of(cls, value: dict[str, Any]) -> "Record":
        """Return the record that was written as this; keys of a later ccci are passed over."""
        known = {each.name for each in fields(cls)}
        given = {key: item for key, item in value.items() if key in known}
        return cls(**{**given, "secrets": tuple(given.get("secrets", ()))})

    @property
    def named(self) -> frozenset[str]:
        """Return every name by which a person may mean this run's app."""
        names = (self.id, self.target, self.recipe, self.domain, self.stack)
        return frozenset(name for name in names if name)


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
                hostlock.hold(self.path(ALIVE), self.id, until=clock.monotonic())
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

    def finish(self, report: Report) -> None:
        """Write the report and how the run ended."""
        try:
            write(self.path(REPORT), json.dumps(document(report), indent=2) + "\n")
        except (OSError, TypeError, ValueError) as error:
            self.trouble.append(f"the report could not be recorded: {error}")
        self.note(
            finished_at=report.finished_at or clock.now(),
            verdict=report.verdict.value,
            exit_code=report.exit_code,
            summary=report.summary,
            stack=report.stack or self.record.stack,
            deployer=report.deployer or self.record.deployer,
        )
        self._alive.close()

    def _save(self) -> None:
        try:
            write(self.path(RECORD), json.dumps(asdict(self.record), indent=2) + "\n")
        except OSError as error:
            self._complain(f"the run could not be recorded in {self.folder}: {error.strerror}")
        if self._root is None:
            return
        try:
            with closing(_index(self._root)) as index, index:
                _insert(index, self.record)
        except (OSError, sqlite3.Error) as error:
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
        folder = Path(tempfile.mkdtemp(prefix=f"ccci-{identifier}-"))
    record = Record(
        identifier, command, target, started_at, socket.gethostname(), os.getpid(), **known
    )
    run = Run(folder, where, record)
    if trouble:
        run.trouble.append(trouble)
    run.live()
    run.note()
    return run


def _own_folder(root: Path, base: str) -> tuple[str, Path]:
    """Make a folder that nobody else has: making it is the test."""
    root.mkdir(parents=True, exist_ok=True)
    for _ in range(_ATTEMPTS):
        identifier = f"{base}-{secrets.token_hex(3)}"
        with suppress(FileExistsError):
            (root / identifier).mkdir(mode=0o700)
            return identifier, root / identifier
    raise OSError(17, "no free name for a run")


def write(path: Path, text: str) -> None:
    """Write a file whole or not at all. Raise OSError."""
    draft = path.with_name(f".{path.name}.{secrets.token_hex(4)}")
    try:
        with draft.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    except BaseException:
        with suppress(OSError):
            draft.unlink()
        raise


def recent(root: Path, *, target: str | None = None, limit: int | None = None) -> list[Record]:
    """Return the recorded runs, the newest first; with `target`, those that it names."""
    if not root.is_dir():
        return []
    found = [each for each in _indexed(root) if target is None or target in each.named]
    return found[:limit]


def find(root: Path, target: str) -> Record | None:
    """Return the newest run with a stack that `target` names: domain, stack, recipe or run id.

    One whose app may still be there goes before one that was torn down.
    """
    named = [each for each in recent(root, target=target) if each.stack]
    return next((each for each in named if not each.gone), named[0] if named else None)


def is_alive(root: Path, record: Record) -> bool:
    """Say whether the run is still being made, by a process of this host."""
    return record.finished_at is None and not hostlock.is_free(root / record.id / ALIVE)


def forget_app(root: Path, record: Record) -> None:
    """Record that this run's app is gone, and that its teardown was verified."""
    Run(root / record.id, root, record).note(gone=True)


def forget_stack(root: Path, stack: str, records: Iterable[Record]) -> None:
    """Record for each of these runs of a stack that its app is gone."""
    for record in records:
        if record.stack == stack and not record.gone:
            forget_app(root, record)


def _indexed(root: Path) -> list[Record]:
    try:
        with closing(_index(root)) as index, index:
            rows = index.execute("SELECT record FROM runs ORDER BY started_at DESC, id DESC")
            return [Record.of(json.loads(row[0])) for row in rows]
    except (OSError, sqlite3.Error, ValueError, TypeError):
        return sorted(_recorded(root), key=lambda each: (each.started_at, each.id), reverse=True)


def _index(root: Path) -> sqlite3.Connection:
    """Open the index; one that is new, or broken, is filled from the folders."""
    path = root / INDEX
    index = sqlite3.connect(path, timeout=_BUSY_SECONDS)
    try:
        return _filled(index, root)
    except sqlite3.OperationalError:
        index.close()
        raise
    except sqlite3.DatabaseError:
        index.close()
        path.unlink(missing_ok=True)
        return _filled(sqlite3.connect(path, timeout=_BUSY_SECONDS), root)


def _filled(index: sqlite3.Connection, root: Path) -> sqlite3.Connection:
    if index.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone() is None:
        with index:
            index.execute(
                "CREATE TABLE IF NOT EXISTS runs"
                " (id TEXT PRIMARY KEY, started_at TEXT NOT NULL, record TEXT NOT NULL)"
            )
            for record in _recorded(root):
                _insert(index, record)
    return index


def _insert(index: sqlite3.Connection, record: Record) -> None:
    index.execute(
        "INSERT OR REPLACE INTO runs (id, started_at, record) VALUES (?, ?, ?)",
        (record.id, record.started_at, json.dumps(asdict(record))),
    )


def _recorded(root: Path) -> Iterator[Record]:
    for path in root.glob(f"*/{RECORD}"):
        with suppress(OSError, ValueError, TypeError):
            yield Record.of(json.loads(path.read_text(encoding="utf-8")))
