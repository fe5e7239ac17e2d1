"""The deployers by name, and which of them a run takes."""

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from ccci.deployers.abra import AbraDeployer
from ccci.deployers.protocol import Deployer
from ccci.deployers.stack import StackDeployer
from ccci.errors import ToolMissing, UsageError
from ccci.names import AUTO
from ccci.swarm.engine.client import Engine
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Wishes:
    """What the user wants of a deployer; one that cannot heed a wish passes it over."""

    resolve_image: str = "always"
    app_service: str | None = None


def _abra(engine: Engine, wishes: Wishes) -> Deployer:  # noqa: ARG001 -- abra decides by itself
    return AbraDeployer(env=engine.environment())


def _stack(engine: Engine, wishes: Wishes) -> Deployer:
    return StackDeployer(engine, wishes.resolve_image, wishes.app_service)


DEPLOYERS: Mapping[str, Callable[[Engine, Wishes], Deployer]] = {"abra": _abra, "stack": _stack}
"""What makes each deployer. Raises ToolMissing where its tool is not there."""


def check_name(name: str) -> None:
    """Raise UsageError for a name that is no deployer's."""
    known = (AUTO, *DEPLOYERS)
    if name not in known:
        raise UsageError(f"--deployer {name} is not known", f"known are {', '.join(known)}")


def choose(name: str, engine: Engine, wishes: Wishes, output: Output) -> Deployer:
    """Return the deployer of this name; `auto` is abra where it can be had, else `stack`.

    What `auto` falls back to is said, and why. Raise ToolMissing as the deployer does.
    """
    if name != AUTO:
        return DEPLOYERS[name](engine, wishes)
    if shutil.which("abra") is None:
        output.progress("abra is not installed: the stack deployer follows its conventions")
        return _stack(engine, wishes)
    try:
        return _abra(engine, wishes)
    except ToolMissing as error:
        output.warn(f"{error.message}: the stack deployer takes over")
        return _stack(engine, wishes)
