"""What a sweep was asked for, gathered: from files, from the running swarm, from recorded runs."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccci.errors import CcciError
from ccci.output import Output
from ccci.sweep import inventory, printing
from ccci.sweep.fix import Change, NotFixable, plan
from ccci.sweep.inventory import ComposeSet
from ccci.sweep.model import Sweep
from ccci.sweep.static import Settings, sweep, values_for


@dataclass(frozen=True, slots=True)
class Request:
    """What to sweep, as the command line says it; `node_memory` is bytes, 0 where not given."""

    paths: tuple[str, ...]
    compose: tuple[str, ...]
    variables: Mapping[str, str]
    node_memory: int = 0
    live: bool = False
    stacks: tuple[str, ...] = ()
    runs: Path | None = None


def survey(request: Request, output: Output) -> Sweep:
    """Return the sweep that is asked for, joined with recorded runs where there are any."""
    found = running(request) if request.live else written(request, output)[1]
    if request.runs is None:
        return found
    from ccci.sweep.runs import joined, observed

    recipes = {row.recipe for row in found.files if row.recipe}
    return joined(found, observed(request.runs, recipes))


def written(request: Request, output: Output) -> tuple[list[ComposeSet], Sweep]:
    """Return the sets of compose files that are asked for, and the sweep of them."""
    sets = inventory.merged(request.compose) if request.compose else inventory.find(request.paths)
    with printing.progress(output, len(sets)) as seen:
        return sets, sweep(sets, _settings(request), seen)


def running(request: Request) -> Sweep:
    """Return the sweep of the services that run, of the stacks that are asked for or of all."""
    from ccci.swarm.engine import Engine
    from ccci.sweep import live

    with Engine.connect() as engine:
        engine.require_manager()
        stacks: tuple[str | None, ...] = request.stacks or (None,)
        services = [each for stack in stacks for each in engine.services(stack)]
        missing = [
            stack for stack in request.stacks if not any(live.belongs(s, stack) for s in services)
        ]
        if missing:
            raise CcciError(
                f"no service of the stack {', '.join(missing)} runs here", "see `docker stack ls`"
            )
        found = live.sweep(services, engine.networks(), engine.nodes(), request.node_memory)
    if not found.services:
        raise CcciError("no service runs on this swarm: nothing to sweep", "deploy one first")
    return found


def remedy(request: Request, output: Output, *, inside: bool) -> list[Change]:
    """Return what to write so that no service of the sets that are asked for starts first.

    What is left to a person is warned of; raise NotFixable where nothing else is left.
    """
    sets, found = written(request, output)
    settings = _settings(request)
    changes: list[Change] = []
    left: list[NotFixable] = []
    for each in sets:
        try:
            if not each.variant:
                changes += plan(each, found, values_for(each, settings), inside=inside)
        except NotFixable as error:
            left.append(error)
    if left and not changes:
        raise left[0]
    for reason in left:
        output.warn(f"{reason.message} (next: {reason.hint})")
    return changes


def _settings(request: Request) -> Settings:

    return Settings(request.variables, os.environ, request.node_memory)
