"""What there is to choose from where the cursor is: looked up quickly, or not at all."""

import os
import threading
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from ccci import settings
from ccci.commandline.completing import Candidate, Place
from ccci.commandline.declared import Completes
from ccci.errors import CcciError
from ccci.names import COMPOSE_YML
from ccci.recipe import heads
from ccci.recipe.abra_folder import recipe_folders
from ccci.recipe.source import locate
from ccci.records import runs
from ccci.swarm import nearby
from ccci.swarm.decode.listed import every
from ccci.swarm.engine.client import Engine
from ccci.swarm.engine.endpoint import choose
from ccci.sweep.rules import EVERY_RULE

PATIENCE = 1.0
"""Seconds that are waited for an Engine or a disk at most, once what asks it is loaded."""
_MOST_RUNS = 50


def looked_up(place: Place) -> list[Candidate]:
    """Return what the place wants that has to be looked up; nothing where that fails or lasts."""
    look = _SOURCES.get(place.wanted)
    if look is None:
        return []
    found: list[Candidate] = []

    def work() -> None:
        try:
            found.extend(look(place.said))
        except (CcciError, OSError, ValueError):
            return

    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    thread.join(PATIENCE)
    return [] if thread.is_alive() else found


Said = Mapping[str, list[str]]


def _stacks(said: Said) -> Iterable[Candidate]:  # noqa: ARG001
    return [Candidate(stack) for stack in sorted(_of_the_engine())]


def _services(said: Said) -> Iterable[Candidate]:
    wanted = {*said.get("stack", ()), *said.get("target", ())}
    for stack, names in sorted(_of_the_engine().items()):
        if not wanted or stack in wanted:
            yield from (Candidate(name, f"of {stack}") for name in sorted(names))


def _of_the_engine() -> dict[str, list[str]]:
    endpoint = choose(os.environ)
    if endpoint.host.startswith("ssh:"):
        return {}  # its client would outlive us
    with Engine(endpoint, PATIENCE) as engine:
        return nearby.stacks(every(engine.get("/services") or ()))


def _recipes(said: Said) -> Iterable[Candidate]:  # noqa: ARG001
    if Path(COMPOSE_YML).exists():
        yield Candidate(".", "the repository here")
    there = [each for each in recipe_folders() if each.is_dir()]
    found = {each.name for folder in there for each in folder.iterdir() if (each / ".git").exists()}
    yield from map(Candidate, sorted(found))


def _refs(said: Said) -> Iterable[Candidate]:
    given = {name: values[-1] for name, values in said.items() if values}
    recipe = given.get("recipe") or given.get("stack") or "."  # `plan` calls both by one name
    place = Path(locate(recipe, given.get("source")).location)
    return [Candidate(name) for name in heads.names(place)]


def _runs(said: Said) -> Iterable[Candidate]:  # noqa: ARG001
    yield Candidate("last", "the newest run")
    for each in runs.recent(settings.runs_folder(), limit=_MOST_RUNS):
        told = f"{each.command} {each.recipe or each.target}: {each.verdict or 'unfinished'}"
        yield Candidate(each.id, told)


def _targets(said: Said) -> Iterable[Candidate]:
    for each in runs.recent(settings.runs_folder(), limit=_MOST_RUNS):
        for name in filter(None, (each.domain, each.stack, each.recipe)):
            yield Candidate(name, f"of {each.command}")
    yield from _stacks(said)


def _rules(said: Said) -> Iterable[Candidate]:  # noqa: ARG001
    return [Candidate(each.id, each.title) for each in EVERY_RULE]


_SOURCES: Mapping[Completes, Callable[[Said], Iterable[Candidate]]] = {
    Completes.STACKS: _stacks,
    Completes.SERVICES: _services,
    Completes.RECIPES: _recipes,
    Completes.REFS: _refs,
    Completes.RUNS: _runs,
    Completes.TARGETS: _targets,
    Completes.RULES: _rules,
}
