"""A rollout as JSON lines, written while watching; `recording` reads it and judges it again.

The first line names the schema; each other one has a `kind`: `begin`, `look`, `evidence`,
`memory`, `note`, `same` or `end`. In a look, a list's entry that is only an id stands for the same
object as in the look before, and a key that is left out for the same value. Values of variables and
secrets are replaced by digests keyed for this trace alone: equal values stay equal, so that
replayed fingerprints still tell a change.
"""

import hashlib
import json
import os
import secrets as randomness
import stat
import threading
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, Self

from ccci.errors import CcciError
from ccci.host import files, sanitizer
from ccci.host.masking import Mask
from ccci.swarm.baseline import Baseline, to_document
from ccci.swarm.decode import listings, specs
from ccci.swarm.decode.listings import identity
from ccci.swarm.engine.masking import without_secrets
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Evidence
from ccci.swarm.watching.protocol import End, EngineVersion

SCHEMA = "ccci.trace/1"
LISTS = ("services", "tasks", "nodes")
SAME_IF_ABSENT = ("images", "up_to_date", "orchestrator", "asked", "unhealthy", "command")
_FINGERPRINTS = ("whole", "template", "endpoint")


class Trace:
    """A trace while it is written; any thread may write. `trouble` says why it is not whole."""

    def __init__(self, path: Path, *, stack: str = "", engine: str = "") -> None:
        """Begin a trace that only its owner can read. Raise CcciError when it cannot be written."""
        self.path = path
        self.trouble = ""
        self._key = randomness.token_bytes(32)
        self._lock = threading.Lock()
        self._previous: dict[str, Any] = {}
        self._secrets: frozenset[Mask] = frozenset()
        self._unmatched: set[str] = set()
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW | os.O_CLOEXEC
        try:
            # Half of a character (a byte of an argument that is no text) is an escape of JSON's.
            with files.opened(path.parent) as folder:
                descriptor = os.open(path.name, flags, files.PRIVATE, dir_fd=folder)
            self._file = os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace")
            if stat.S_ISREG(os.fstat(descriptor).st_mode):  # a device is everybody's
                os.fchmod(descriptor, files.PRIVATE)
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
        with self._lock, suppress(OSError):
            self._file.close()

    def hide(self, value: str) -> str:
        """Return what stands for a value in this trace; what is hidden already stays as it is."""
        if value.startswith("masked:"):
            return value
        digest = hashlib.blake2b(
            value.encode("utf-8", "surrogatepass"), key=self._key, digest_size=6
        )
        return f"masked:{digest.hexdigest()}"

    def keep_secret(self, values: Iterable[Mask]) -> None:
        """Hide these values from now on, wherever they stand."""
        self._secrets |= frozenset(values)

    def begin(
        self,
        rollout: Rollout,
        before: Mapping[str, Any] | None,
        engine: EngineVersion | None = None,
    ) -> None:
        """Write how a rollout begins; `before` is the look that its baseline was taken from.

        A baseline that was saved earlier has no look, only fingerprints of real values, and this
        trace only masked ones: which of them are the same is written as soon as it is seen.
        """
        baseline = rollout.baseline
        entry: dict[str, Any] = {
            "kind": "begin",
            "at": rollout.started_at,
            "policy": {
                each.name: _plain(getattr(rollout.policy, each.name))
                for each in fields(rollout.policy)
            },
        }
        if engine is not None:
            entry["engine"] = self._clean(asdict(engine))
        if baseline is not None and before is not None:
            entry["baseline"] = self._look(before)
            entry["commits"] = {
                each.id: each.spec.identity.commit
                for each in baseline.services
                if each.spec.identity.commit
            }
        elif baseline is not None:
            entry["saved"] = to_document(baseline)
            self._unmatched = _fingerprints(baseline)
        self._write(entry)

    def end(self, ended: End) -> None:
        """Write how the rollout ended."""
        self._write({"kind": "end", **asdict(ended)})

    def look(self, raw: Mapping[str, Any]) -> None:
        """Write a look as `decode.observation` takes it."""
        if self._unmatched:
            self._match(raw)
        self._write({"kind": "look", **self._look(raw)})

    def _match(self, raw: Mapping[str, Any]) -> None:
        """Write which fingerprints of a saved baseline are which of this trace's own."""
        found: dict[str, str] = {}
        for service in raw.get("services") or ():
            for spec in listings.specs_of(service):
                real, here = specs.spec(spec), specs.spec(self._clean(spec))
                for name in _FINGERPRINTS:
                    found[getattr(real, name)] = getattr(here, name)
        matched = {saved: here for saved, here in found.items() if saved in self._unmatched}
        if matched:
            self._unmatched -= matched.keys()
            self._write({"kind": "same", "fingerprints": matched})

    def _look(self, raw: Mapping[str, Any]) -> dict[str, Any]:
        entry: dict[str, Any] = {}
        blind = raw.get("unreachable") is not None or not self._previous
        for name, value in raw.items():
            before = self._previous.get(name)
            if name in LISTS and value is not None:
                known = {identity(each): each for each in before or ()}
                entry[name] = [
                    identity(each) if known.get(identity(each)) == each else self._clean(each)
                    for each in value
                ]
            elif blind or name not in SAME_IF_ABSENT or value != before:
                entry[name] = self._clean(value)
        self._previous |= {name: raw[name] for name in (*LISTS, *SAME_IF_ABSENT) if name in raw}
        return entry

    def evidence(self, evidence: Evidence) -> None:
        """Write the evidence of a task, which is masked already."""
        self._write({"kind": "evidence", **self._clean(asdict(evidence))})

    def memory(self, at: float, wall: str, sizes: Mapping[str, int]) -> None:
        """Write how many bytes of memory tasks held, by task."""
        self._write({"kind": "memory", "at": at, "wall": wall, "bytes": dict(sizes)})

    def note(self, what: str, **details: object) -> None:
        """Write that something happened, such as `command-started`."""
        self._write({"kind": "note", "what": what, **self._clean(details)})

    def _clean(self, value: object) -> Any:  # noqa: ANN401 -- JSON
        return without_secrets(value, self._secrets, self.hide)

    def _write(self, entry: Mapping[str, Any]) -> None:
        # In ASCII and without words for a CI: an artifact may be printed as it is.
        line = sanitizer.json_text(json.dumps(entry, separators=(",", ":")))
        with self._lock:
            if self._file.closed or self.trouble:
                return
            try:
                self._file.write(line + "\n")
                self._file.flush()
            except OSError as error:  # a full disk changes no verdict
                self.trouble = f"the trace {self.path} is not whole: {error.strerror}"


def _plain(value: object) -> object:
    return sorted(value) if isinstance(value, frozenset) else value


def _fingerprints(baseline: Baseline) -> set[str]:
    known = [spec for each in baseline.services for spec in (each.spec, each.previous) if spec]
    return {getattr(spec, name) for spec in known for name in _FINGERPRINTS}
