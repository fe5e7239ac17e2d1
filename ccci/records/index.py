"""The index of runs (SQLite): there to list them quickly, and made anew from the folders.

What its rows say is data, too: one that makes no sense is passed over, and costs no other.
"""

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, suppress
from pathlib import Path

from ccci.host.files import PRIVATE
from ccci.plain_file import read_plain
from ccci.records.record import Record

RECORD = "run.json"
INDEX = "index.sqlite"
TROUBLES = (OSError, sqlite3.Error)
"""What may be raised where the index cannot be used."""

BUSY_SECONDS = 5.0


def write(root: Path, record: Record) -> None:
    """Put a record into the index, in place of what it had of that run. Raise one of TROUBLES."""
    with closing(_opened(root)) as index, index:
        _insert(index, record)


def forget(root: Path, ids: Iterable[str]) -> None:
    """Take runs out of the index. Raise one of TROUBLES."""
    with closing(_opened(root)) as index, index:
        index.executemany("DELETE FROM runs WHERE id = ?", ((each,) for each in ids))


def records(root: Path, *, after: int = 0, limit: int = -1) -> list[Record]:
    """Return what is recorded below a folder, the newest first.

    The first `after` are left out; no more than `limit` are returned, all where it is negative.
    """
    try:
        with closing(_opened(root)) as index, index:
            rows = index.execute(
                "SELECT record FROM runs ORDER BY started_at DESC, id DESC LIMIT ? OFFSET ?",
                (limit, after),
            )
            return list(_read(row[0] for row in rows))
    except TROUBLES:
        found = sorted(_in_folders(root), key=lambda each: (each.started_at, each.id))
        return found[::-1][after:][: limit if limit >= 0 else None]


def _read(texts: Iterable[object]) -> Iterator[Record]:
    for text in texts:
        with suppress(ValueError, TypeError, RecursionError):
            yield Record.of(json.loads(text))  # type: ignore[arg-type]


def _opened(root: Path) -> sqlite3.Connection:
    """Open the index; one that is new, or broken, is filled from the folders."""
    path = root / INDEX
    try:
        return _filled(path, root)
    except sqlite3.OperationalError:
        raise
    except sqlite3.DatabaseError:
        path.unlink(missing_ok=True)
        return _filled(path, root)


def _filled(path: Path, root: Path) -> sqlite3.Connection:
    """Return the index at a path, open, once it holds what the folders say."""
    # Made before SQLite makes it, whose files are those of the umask.
    os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, PRIVATE))
    index = sqlite3.connect(path, timeout=BUSY_SECONDS)
    try:
        _fill(index, root)
    except BaseException:
        index.close()
        raise
    return index


def _fill(index: sqlite3.Connection, root: Path) -> None:
    """Have an index hold what the folders say, as a whole or not at all."""
    if not _is_made(index):
        with index:
            # By itself, sqlite3 would begin no transaction before a CREATE: whoever looks
            # meanwhile would find it empty, and one that is killed would leave it so.
            index.execute("BEGIN IMMEDIATE")
            if not _is_made(index):  # another process may have been first
                index.execute(
                    "CREATE TABLE runs"
                    " (id TEXT PRIMARY KEY, started_at TEXT NOT NULL, record TEXT NOT NULL)"
                )
                for record in _in_folders(root):
                    _insert(index, record)


def _is_made(index: sqlite3.Connection) -> bool:
    return bool(index.execute("SELECT 1 FROM sqlite_master WHERE name = 'runs'").fetchone())


def _insert(index: sqlite3.Connection, record: Record) -> None:
    index.execute(
        "INSERT OR REPLACE INTO runs (id, started_at, record) VALUES (?, ?, ?)",
        (record.id, record.started_at, json.dumps(record.told())),
    )


def in_folder(folder: Path) -> Record:
    """Return what a run's folder says of itself, in a plain file of moderate size.

    Raise OSError, ValueError, TypeError or RecursionError where it says nothing.
    """
    return Record.of(json.loads(read_plain(folder / RECORD, folder)))


def _in_folders(root: Path) -> Iterator[Record]:
    """Give what each folder says of itself: no link, nothing large, and no other run's name."""
    for path in root.glob(f"*/{RECORD}"):
        with suppress(OSError, ValueError, TypeError, RecursionError):
            found = in_folder(path.parent)
            if found.id == path.parent.name and not path.parent.is_symlink():
                yield found
