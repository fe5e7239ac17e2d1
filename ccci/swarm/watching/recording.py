"""A recorded rollout, read back from its trace and judged again, without any Docker.

for seen, rollout in replay(Path("trace.jsonl")):
    print(seen.at, rollout.verdict)
"""

import json
import os
import stat
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, cast

from ccci.errors import CcciError, EngineError, UsageError
from ccci.host import sanitizer
from ccci.host.json_values import from_json
from ccci.swarm.baseline import Baseline, from_document, take
from ccci.swarm.decode import observation
from ccci.swarm.decode.memory import Series
from ccci.swarm.decode.observation import identifier
from ccci.swarm.decode.typed import Json, an_object, inside, items, labels, required, text, whole
from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin
from ccci.swarm.model import Evidence, Observation, Sample, Spec
from ccci.swarm.watching.protocol import End, EngineVersion
from ccci.swarm.watching.trace import LISTS, SAME_IF_ABSENT, SCHEMA

_LONGEST_LINE = 32 * 2**20
"""Bytes of a line; a look at a stack of thirty services has some hundred thousand."""

_LONGEST_WORD = 200


@dataclass(frozen=True, slots=True)
class Begin:
    """How a rollout began; `at` is on the clock of its observations.

    `address` and `engine` are of the Engine that was asked, empty and None where it is not said.
    """

    stack: str
    at: float
    policy: Policy
    baseline: Baseline | None
    address: str = ""
    engine: EngineVersion | None = None


def replay(path: Path) -> Iterator[tuple[Observation, Rollout]]:
    """Yield each look of a recorded rollout, and what the judge makes of it.

    The last rollout's verdict is what the services alone came to (`End.judged`). Raise CcciError
    when it is no trace of a rollout.
    """
    how = beginning(path)
    rollout = begin(how.baseline, how.policy, how.at)
    for seen in observations(path):
        rollout = advance(rollout, seen)
        yield seen, rollout


def observations(path: Path) -> Iterator[Observation]:
    """Yield the looks of a trace again. Raise CcciError when it is none."""
    for entry in _entries(path, "look"):
        with _sense(path, "a look"):
            seen = _seen(entry)
        yield seen


def beginning(path: Path) -> Begin:
    """Return how a recorded rollout began. Raise CcciError when it is no trace of a rollout."""
    stack = address = ""
    how: dict[str, Any] | None = None
    same: dict[str, str] = {}
    with _sense(path, "how it began"):
        for entry in _entries(path):
            if entry["kind"] == "trace":
                stack, address = text(entry, "stack"), _line(entry, "engine")
            elif entry["kind"] == "begin":
                how = entry
            elif entry["kind"] == "same":
                same |= labels(entry, "fingerprints")
            elif entry["kind"] == "look" and (how is None or "saved" not in how):
                break
        if how is None:
            raise _no_trace(path, "it does not say how the rollout began")
        at = required(how, "at")
        policy = from_json(Policy, inside(how, "policy"))
        return Begin(stack, at, policy, _baseline(stack, how, same), address, _engine(how))


def ending(path: Path) -> End | None:
    """Return how a recorded rollout ended, or None where its run did not come to an end."""
    found = next(_entries(path, "end"), None)
    if found is None:
        return None
    with _sense(path, "how it ended"):
        return from_json(End, found)


def evidence(path: Path) -> dict[str, Evidence]:
    """Return the latest evidence of each task in a trace. Raise CcciError when it is none."""
    with _sense(path, "its evidence"):
        every = (from_json(Evidence, entry) for entry in _entries(path, "evidence"))
        return {each.task: each for each in every}


def memory(path: Path) -> dict[str, tuple[Sample, ...]]:
    """Return how much memory the tasks of a trace held. Raise CcciError when it is none."""
    found: dict[str, Series] = {}
    with _sense(path, "a sample"):
        for entry in _entries(path, "memory"):
            sizes = inside(entry, "bytes")
            for task in sizes:
                sample = Sample(text(entry, "wall"), whole(sizes, task) or 0)
                found.setdefault(task, Series()).offer(required(entry, "at"), sample)
    return {task: each.samples for task, each in found.items()}


def notes(path: Path) -> list[dict[str, Any]]:
    """Return what happened while a trace was written. Raise CcciError when it is none."""
    return list(_entries(path, "note"))


def _entries(path: Path, kind: str = "") -> Iterator[dict[str, Any]]:
    """Yield each line, or those of a kind, with what it leaves out filled in.

    A last line cut short is dropped. Raise CcciError when it is no trace.
    """
    previous: dict[str, Any] = {}
    number = -1
    for number, line in enumerate(_lines(path)):
        try:
            entry: Any = json.loads(line, parse_constant=_no_number)
            an_object(entry, f"line {number + 1}")
            if number == 0 and entry.get("schema") != SCHEMA:
                raise _no_trace(path, "its first line names another schema")
            what = "trace" if number == 0 else text(entry, "kind")
            if what == "look":
                _fill(entry, previous)
            elif what == "begin" and entry.get("baseline") is not None:
                _fill(inside(entry, "baseline"), previous)
        except (ValueError, RecursionError, EngineError) as error:
            raise _no_trace(path, str(error)) from error
        if not what:
            raise _no_trace(path, f"line {number + 1} does not say of what kind it is")
        if kind in {"", what}:
            yield {**entry, "kind": what}
    if number < 0:
        raise _no_trace(path, "it is empty")


def _no_number(said: str) -> None:
    raise ValueError(f"{said} is no number of JSON")


def _lines(path: Path) -> Iterator[str]:
    """Yield each whole line of a plain file. Raise CcciError where it cannot be read."""
    try:
        # NONBLOCK: to open a pipe does not wait for who writes into it.
        number = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        with os.fdopen(number, "rb") as file:
            if not stat.S_ISREG(os.fstat(file.fileno()).st_mode):
                raise _no_trace(path, "it is no plain file")
            while line := file.readline(_LONGEST_LINE):
                if not line.endswith(b"\n"):
                    if len(line) == _LONGEST_LINE:
                        raise _no_trace(path, f"a line has more than {_LONGEST_LINE} bytes")
                    return  # the writer was killed
                yield line.decode()
    except (OSError, ValueError) as error:
        raise _no_trace(path, str(error)) from error


@contextmanager
def _sense(path: Path, what: str) -> Iterator[None]:
    """Turn what typed decoding makes of another's words into the one error of a trace."""
    try:
        yield
    except (ValueError, EngineError, UsageError) as error:
        raise _no_trace(path, f"{what} makes no sense: {error}") from error


def _seen(look: Json) -> Observation:
    """Return what a look saw; one that reached the Engine lists services."""
    if look.get("unreachable") is None and look.get("services") is None:
        raise ValueError("it lists no services")
    return observation.observation(look)


def _engine(how: Json) -> EngineVersion | None:
    if how.get("engine") is None:
        return None  # an older trace
    said = inside(how, "engine")
    return EngineVersion(_line(said, "version"), _line(said, "api"))


def _line(entry: Json, name: str) -> str:
    """Return a text of a trace, which anybody may have written, as a harmless line."""
    return sanitizer.line(text(entry, name))[:_LONGEST_WORD]


def _baseline(stack: str, how: Mapping[str, Any], same: Mapping[str, str]) -> Baseline | None:
    if how.get("saved") is not None:
        return _matched(from_document(how["saved"]), same)
    if how.get("baseline") is None:
        return None
    found = take(stack, _seen(inside(how, "baseline")))
    commits = labels(how, "commits")
    services = (
        replace(each, spec=_of_commit(each.spec, commits.get(each.id))) for each in found.services
    )
    return replace(found, services=tuple(services))


def _of_commit(spec: Spec, commit: str | None) -> Spec:
    return replace(spec, identity=replace(spec.identity, commit=commit or spec.identity.commit))


def _matched(baseline: Baseline, same: Mapping[str, str]) -> Baseline:
    def here(spec: Spec) -> Spec:
        return replace(
            spec,
            whole=same.get(spec.whole, spec.whole),
            template=same.get(spec.template, spec.template),
            endpoint=same.get(spec.endpoint, spec.endpoint),
        )

    return replace(
        baseline,
        services=tuple(
            replace(
                each, spec=here(each.spec), previous=here(each.previous) if each.previous else None
            )
            for each in baseline.services
        ),
    )


def _no_trace(path: Path, why: str) -> CcciError:
    return CcciError(
        f"{path} is no trace of a rollout: {why}", "give a file `trace.jsonl` of a run"
    )


def _fill(entry: Json, previous: dict[str, Any]) -> None:
    """Fill in what a look leaves out: an id stands for what had it in the look before."""
    filled = cast("dict[str, Any]", entry)
    for name in LISTS:
        if entry.get(name) is not None:
            known = {identifier(each): each for each in previous.get(name, ())}
            each_one = []
            for each in items(entry, name):
                if isinstance(each, str) and each not in known:
                    raise ValueError(f"{name} names {each[:80]!r}, which was not there before")
                each_one.append(known[each] if isinstance(each, str) else an_object(each, name))
            filled[name] = previous[name] = each_one
    for name in SAME_IF_ABSENT:
        if name in entry:
            previous[name] = entry[name]
        elif name in previous and entry.get("unreachable") is None:
            filled[name] = previous[name]
