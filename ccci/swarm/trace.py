"""A rollout's raw answers as JSON lines: written while watching, read to replay and explain.

The first line names the schema; each other one has a `kind`: `look`, `evidence` or `note`. In a
look, a list's entry that is only an id stands for the same object as in the look before, and a key
that is left out for the same value. Values of variables and secrets are replaced by digests keyed
for this trace alone: equal values stay equal, so that replayed fingerprints still tell a change.
"""

import hashlib
import json
import os
import secrets as randomness
import threading
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any, Self

from ccci.errors import CcciError
from ccci.swarm import decode
from ccci.swarm.masking import without_secrets
from ccci.swarm.model import Evidence, Observation

SCHEMA = "ccci.trace/1"
_LISTS = ("services", "tasks", "nodes")
_SAME_IF_ABSENT = ("images", "up_to_date", "orchestrator", "unhealthy", "command")


class Trace:
    """A trace while it is written; any thread may write."""

    def __init__(self, path: Path, *, stack: str = "", engine: str = "") -> None:
        """Begin a trace that only its owner can read. Raise CcciError when it cannot be written."""
        self.path = path
        self._key = randomness.token_bytes(32)
        self._lock = threading.Lock()
        self._previous: dict[str, Any] = {}
        self._secrets: frozenset[str] = frozenset()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            self._file = os.fdopen(os.open(path, flags, 0o600), "w", encoding="utf-8")
            os.fchmod(self._file.fileno(), 0o600)
        except OSError as error:
            raise CcciError(
                f"the trace {path} cannot be written: {error.strerror}", "choose another folder"
            ) from None
        self._write({"kind": "trace", "schema": SCHEMA, "stack": stack, "engine": engine})

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """End the trace; later words are dropped."""
        with self._lock:
            self._file.close()

    def hide(self, value: str) -> str:
        """Return what stands for a value in this trace; what is hidden already stays as it is."""
        if value.startswith("masked:"):
            return value
        digest = hashlib.blake2b(value.encode(), key=self._key, digest_size=6)
        return f"masked:{digest.hexdigest()}"

    def keep_secret(self, values: Iterable[str]) -> None:
        """Hide these values from now on, wherever they stand."""
        self._secrets |= frozenset(values)

    def look(self, raw: Mapping[str, Any]) -> None:
        """Write a look as `decode.observation` takes it."""
        entry: dict[str, Any] = {"kind": "look"}
        blind = raw.get("unreachable") is not None or not self._previous
        for name, value in raw.items():
            before = self._previous.get(name)
            if name in _LISTS and value is not None:
                known = {each["ID"]: each for each in before or ()}
                entry[name] = [
                    each["ID"] if known.get(each["ID"]) == each else self._clean(each)
                    for each in value
                ]
            elif blind or name not in _SAME_IF_ABSENT or value != before:
                entry[name] = self._clean(value)
        self._previous |= {name: raw[name] for name in (*_LISTS, *_SAME_IF_ABSENT) if name in raw}
        self._write(entry)

    def evidence(self, evidence: Evidence) -> None:
        """Write the evidence of a task, which is masked already."""
        self._write({"kind": "evidence", **self._clean(asdict(evidence))})

    def note(self, what: str, **details: object) -> None:
        """Write that something happened, such as `command-started`."""
        self._write({"kind": "note", "what": what, **self._clean(details)})

    def _clean(self, value: object) -> Any:  # noqa: ANN401 -- JSON
        return without_secrets(value, self._secrets, self.hide)

    def _write(self, entry: Mapping[str, Any]) -> None:
        line = json.dumps(entry, separators=(",", ":"), ensure_ascii=False)
        with self._lock:
            if not self._file.closed:
                self._file.write(line + "\n")
                self._file.flush()


def replay(path: Path) -> Iterator[Observation]:
    """Yield the observations of a trace again. Raise CcciError when it is none."""
    for entry in _entries(path):
        if entry["kind"] == "look":
            yield decode.observation(entry)


def evidence(path: Path) -> dict[str, Evidence]:
    """Return the latest evidence of each task in a trace. Raise CcciError when it is none."""
    found = {}
    for entry in _entries(path):
        if entry["kind"] == "evidence":
            known = {key: value for key, value in entry.items() if key != "kind"}
            lists = {key: tuple(known[key]) for key in ("health", "logs")}
            found[known["task"]] = Evidence(**{**known, **lists})
    return found


def notes(path: Path) -> list[dict[str, Any]]:
    """Return what happened while a trace was written. Raise CcciError when it is none."""
    return [entry for entry in _entries(path) if entry["kind"] == "note"]


def _entries(path: Path) -> Iterator[dict[str, Any]]:
    """Yield each line with what it leaves out filled in; a last line cut short is dropped."""
    previous: dict[str, Any] = {}
    try:
        with path.open(encoding="utf-8") as lines:
            if json.loads(next(lines, "{}")).get("schema") != SCHEMA:
                raise _no_trace(path, "its first line names another schema")
            for line in lines:
                if not line.endswith("\n"):
                    return  # the writer was killed
                entry: dict[str, Any] = json.loads(line)
                if entry["kind"] == "look":
                    _fill(entry, previous)
                yield entry
    except (OSError, ValueError, LookupError, TypeError, AttributeError) as error:
        raise _no_trace(path, str(error)) from error


def _no_trace(path: Path, why: str) -> CcciError:
    return CcciError(
        f"{path} is no trace of a rollout: {why}", "give a file `trace.jsonl` of a run"
    )


def _fill(entry: dict[str, Any], previous: dict[str, Any]) -> None:
    for name in _LISTS:
        if name in entry:
            known = {each["ID"]: each for each in previous.get(name, ())}
            entry[name] = [known[each] if isinstance(each, str) else each for each in entry[name]]
            previous[name] = entry[name]
    for name in _SAME_IF_ABSENT:
        if name in entry:
            previous[name] = entry[name]
        elif name in previous and entry.get("unreachable") is None:
            entry[name] = previous[name]
