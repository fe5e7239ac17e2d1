"""What a sweep was asked for, gathered: from files, from the running swarm, from recorded runs."""

import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from importlib import import_module
from pathlib import Path

from ccci.compose.values import size
from ccci.errors import UsageError
from ccci.plain_file import LARGEST_FILE, read_plain
from ccci.recipe import dotenv
from ccci.sweep import inventory, printing
from ccci.sweep.inventory import ComposeSet
from ccci.sweep.model import Sweep
from ccci.sweep.rules import Choice
from ccci.sweep.static import Settings, sweep
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Request:
    """What to sweep, as the command line says it; `node_memory` is bytes, 0 where not given.

    `since` is a commit: what it has already is no finding. `exceptions` is the file of them.
    """

    paths: tuple[str, ...]
    compose: tuple[str, ...]
    variables: Mapping[str, str]
    node_memory: int = 0
    live: bool = False
    stacks: tuple[str, ...] = ()
    runs: Path | None = None
    choice: Choice = field(default_factory=Choice)
    exceptions: Path | None = None
    since: str | None = None


def given_variables(
    pairs: Sequence[str], files: Sequence[str], environ: Mapping[str, str]
) -> dict[str, str]:
    """Return the variables of `--env` (KEY alone takes the environment's) above `--env-file`."""
    result: dict[str, str] = {}
    for name in files:
        try:
            text = read_plain(Path(name)).decode()
        except (OSError, ValueError) as error:
            raise UsageError(f"--env-file {name} cannot be read: {error}") from None
        result |= dotenv.values(dotenv.read(text, name))
    for pair in pairs:
        key, separator, value = pair.partition("=")
        if not key:
            raise UsageError(f"--env {pair!r} names no variable", "write --env KEY=VALUE")
        if separator or key in environ:
            result[key] = value if separator else environ[key]
    return result


def amount(text: str | None) -> int:
    """Return an amount of memory such as 4g in bytes, 0 without one. Raise UsageError."""
    if text is None:
        return 0
    try:
        return size(text)
    except ValueError:
        raise UsageError(f"--node-memory {text} is no amount", "write it as 4g or 512m") from None


_REFINEMENTS = {
    "since": "ccci.sweep.since",
    "exceptions": "ccci.sweep.exceptions",
    "runs": "ccci.sweep.runs",
}
"""What makes more of a sweep where it is asked for, in this order, imported only then.

Each module has a function `refined(found, what is asked for, sets, settings)`.
"""


def survey(request: Request, output: Output) -> Sweep:
    """Return the sweep that is asked for, joined with recorded runs where there are any."""
    sets: list[ComposeSet] = []
    if request.live:
        from ccci.sweep.running import running  # noqa: PLC0415 -- all that asks an Engine

        found = running(request.stacks, request.node_memory, request.choice)
    else:
        sets, found = written(request, output)
        if not request.compose:
            notes = inventory.passed_over(request.paths, sets)
            found = replace(found, notes=(*found.notes, *notes))
    for option, module in _REFINEMENTS.items():
        asked = getattr(request, option)
        if asked is not None:
            found = import_module(module).refined(found, asked, sets, settings_of(request))
    return found


def written(request: Request, output: Output) -> tuple[list[ComposeSet], Sweep]:
    """Return the sets of compose files that are asked for, and the sweep of them."""
    if request.compose:
        reads = inventory.STANDARD_INPUT in request.compose
        sets = inventory.merged(request.compose, _standard_input() if reads else b"")
    else:
        sets = inventory.find(request.paths)
    with printing.progress(output, len(sets)) as seen:
        return sets, sweep(sets, settings_of(request), seen)


def _standard_input() -> bytes:
    content = sys.stdin.buffer.read(LARGEST_FILE + 1)
    if len(content) > LARGEST_FILE:
        raise UsageError(
            f"standard input holds more than the {LARGEST_FILE} bytes that are read of it"
        )
    return content


def settings_of(request: Request) -> Settings:
    """Return what a sweep of files is told of variables, of the nodes and of the rules."""
    return Settings(request.variables, os.environ, request.node_memory, request.choice)
