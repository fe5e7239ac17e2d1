"""A recorded rollout, seen again through an Engine that lies about it now and then."""

import copy
import operator
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cache, partial
from pathlib import Path
from typing import Any, cast

from ccci.errors import EngineError
from ccci.swarm.decode import observation
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.rollout import Rollout, advance, begin
from ccci.swarm.model import Observation
from ccci.swarm.watching import recording
from ccci.swarm.watching.snapshot import Snapshots

Look = Mapping[str, Any]
Lie = Callable[[Any], Any]
LISTINGS = ("services", "tasks", "nodes", "up_to_date")


@cache
def looks_of(path: Path) -> tuple[Look, ...]:
    """Return the raw looks of a recording, each whole."""
    return tuple(recording._entries(path, "look"))


@dataclass
class Played:
    """Answers as the Engine did at one look; `lies` are told once each, in place of the truth."""

    truth: Look
    lies: dict[str, Lie] = field(default_factory=dict)

    def _say(self, what: str, value: Any) -> Any:
        lie = self.lies.pop(what, None)
        return value if lie is None else lie(copy.deepcopy(value))

    def services(self, _stack: str) -> Any:
        return _listing(self._say("services", self.truth["services"]))

    def dated_tasks(self, _filters: object) -> tuple[Any, str | None]:
        return _listing(self._say("tasks", self.truth["tasks"])), self.truth.get("date")

    def tasks(self, _filters: object) -> Any:
        clean = set(self.truth.get("up_to_date") or ())
        found = [each for each in self.truth["tasks"] if each["ID"] in clean]
        return _listing(self._say("up_to_date", found))

    def nodes(self) -> Any:
        return _listing(self._say("nodes", self.truth.get("nodes") or []))

    def info(self) -> Any:
        return {"Swarm": {"NodeID": self.truth.get("orchestrator", "").partition("@")[0]}}

    def network(self, _name: str) -> Any:
        return {"Created": self.truth.get("orchestrator", "").partition("@")[2]}

    def image(self, name: str) -> Any:
        return (self.truth.get("images") or {}).get(name)

    def service(self, identifier: str) -> Any:
        return next((each for each in self.truth["services"] if each["ID"] == identifier), None)

    def task(self, identifier: str) -> Any:
        return next((each for each in self.truth["tasks"] if each["ID"] == identifier), None)


def _listing(value: Any) -> Any:
    """Do what the client does with a listing."""
    if value is None:
        return []
    if not isinstance(value, list) or not all(isinstance(each, dict) for each in value):
        raise EngineError(0, "the Engine's answer makes no sense")
    return value


def seen(path: Path, lies: Mapping[int, Mapping[str, Lie]]) -> Iterator[Observation]:
    """Yield what a watch sees of a recorded rollout while these lies are told, by look."""
    looks = looks_of(path)
    snapshots: Snapshots | None = None
    there: set[str] = set()
    for number, look in enumerate(looks):
        if look.get("unreachable") is not None:
            yield observation.observation(look)
            continue
        told = dict(lies.get(number, {}))
        now = {each["ID"] for each in look["services"]}
        truth = told.pop("whole", lambda whole: whole)(look)
        played = Played(truth, told)
        if snapshots is None:
            stack = (
                look["services"][0]["Spec"]["Labels"]["com.docker.stack.namespace"]
                if look["services"]
                else ""
            )
            snapshots = Snapshots(cast("Engine", played), stack)
        snapshots._stack = snapshots._stack or _stack_of(look)
        snapshots._engine = cast("Engine", played)
        snapshots._images = {}
        snapshots.suspect()
        for removed in there - now:
            snapshots.removed(removed)  # its event tells the truth
        there = now
        try:
            raw = snapshots.take()
            yield observation.observation(
                {**look, **raw, **_ours(look), "unhealthy": look.get("unhealthy")}
            )
        except EngineError as error:
            yield observation.observation({**_ours(look), "unreachable": error.message})


def _stack_of(look: Look) -> str:
    for each in look["services"]:
        return str(each["Spec"]["Labels"]["com.docker.stack.namespace"])
    return ""


def _ours(look: Look) -> dict[str, Any]:
    """Return what is not the Engine's to say."""
    known = ("at", "wall", "command", "orchestrator")
    return {name: look[name] for name in known if name in look}


_beginning = cache(recording.beginning)


def judged(path: Path, lies: Mapping[int, Mapping[str, Lie]]) -> Rollout:
    """Return what the judge makes of a recorded rollout while these lies are told."""
    how = _beginning(path)
    rollout = begin(how.baseline, how.policy, how.at)
    for each in seen(path, lies):
        rollout = advance(rollout, each)
        if (
            each.command
            and each.unreachable is None
            and rollout.command_ended
            and not rollout.touched
        ):
            break  # then it is said that COMMAND did not touch the stack, and nothing else
    return rollout


# The lies.


def nothing(_: Any) -> Any:
    return []


def null(_: Any) -> Any:
    return None


def half(value: Any) -> Any:
    return value[::2][1:] + value[1::2] if len(value) > 2 else value[1:]


def twice(value: Any) -> Any:
    return [*value, *value[:1]]


OTHER_TYPES: tuple[Any, ...] = (None, "", "x", 0, -1, 1e400, 10**30, True, [], [1], {}, {"a": None})


def spoilt(rng: random.Random) -> Lie:
    """Return a lie that drops a key anywhere in an answer, or gives it another value."""

    def lie(value: Any) -> Any:
        places = list(_places(value))
        if not places:
            return rng.choice(OTHER_TYPES)
        holder, key = rng.choice(places)
        how = rng.randrange(3)
        if how == 0 and isinstance(holder, dict):
            del holder[key]
        else:
            holder[key] = None if how == 1 else rng.choice(OTHER_TYPES)
        return value

    return lie


def each_spoilt(value: Any) -> Iterator[Any]:
    """Give an answer spoilt in each of its places, by each of the ways that there are, one each.

    What is not spoilt in it is the given answer's own.
    """
    for path in list(_paths(value, ())):
        for other in OTHER_TYPES:
            yield _spoilt_at(value, path, partial(_put, other))
        if isinstance(path[-1], str):
            yield _spoilt_at(value, path, operator.delitem)
    yield from OTHER_TYPES


def _put(other: object, holder: Any, key: Any) -> None:
    holder[key] = other


def _paths(value: Any, path: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    for key, found in value.items() if isinstance(value, dict) else enumerate(value):
        yield (*path, key)
        if isinstance(found, (dict, list)):
            yield from _paths(found, (*path, key))


def _spoilt_at(value: Any, path: tuple[Any, ...], spoil: Callable[[Any, Any], object]) -> Any:
    changed = value.copy()
    if path[1:]:
        changed[path[0]] = _spoilt_at(value[path[0]], path[1:], spoil)
    else:
        spoil(changed, path[0])
    return changed


def _places(value: Any) -> Iterator[tuple[Any, Any]]:
    rest = [value]
    while rest:
        each = rest.pop()
        inner = each.items() if isinstance(each, dict) else enumerate(each)
        for key, found in list(inner):
            yield each, key
            if isinstance(found, (dict, list)):
                rest.append(found)


def of_earlier(path: Path, number: int) -> Lie:
    """Return the lie of a manager that answers as it would have at an earlier look."""
    return lambda _: looks_of(path)[number]
