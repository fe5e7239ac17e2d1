"""What the swarm has to have, or must not have, for a revision: asked before anything rolls.

The same for each deployer: `docker stack deploy` finds these out half-way, with some services
changed and some not, and abra goes through it.
"""

import base64
from collections.abc import Mapping
from pathlib import Path

from ccci import stackfile
from ccci.deployers import App
from ccci.errors import CcciError, DeployRefused
from ccci.stackfile import StackFile
from ccci.swarm.engine import Engine


def check(engine: Engine, app: App, stack: StackFile) -> None:
    """Raise DeployRefused for what is wrong with the recipe, CcciError for what the swarm lacks.

    Missing external networks say nothing of the recipe; a config whose content changed under its
    old name does, and so does a file outside of the recipe's folder.
    """
    stackfile.check_files(stack, app.checkout)
    _check_networks(engine, stackfile.external_networks(stack))
    _check_configs(
        engine,
        stackfile.external_configs(stack),
        stackfile.own_configs(stack, app.checkout, app.stack),
    )


def _check_networks(engine: Engine, external: tuple[str, ...]) -> None:
    if not external:
        return
    there = {each["Name"] for each in engine.networks() if each.get("Scope") == "swarm"}
    for name in external:
        if name not in there:
            raise CcciError(
                f"the external network {name} is not on this swarm",
                f"docker network create --driver overlay {name}",
            )


def _check_configs(engine: Engine, external: tuple[str, ...], own: Mapping[str, Path]) -> None:
    """Raise DeployRefused for a config that Swarm would refuse.

    Swarm never changes the content of a config ("only updates to Labels are allowed", moby
    35048).
    """
    there = {config["Spec"]["Name"]: config for config in engine.configs()}
    for name in external:
        if name not in there:
            raise DeployRefused(
                f"the external config {name} is not on this swarm",
                f"docker config create {name} FILE",
            )
    for name, path in own.items():
        if name in there and path.read_bytes() != _content(there[name]):
            raise DeployRefused(
                f"config-immutable: {path.name} changed, but its config is still named {name}",
                "raise the config's version where abra.sh exports it",
            )


def _content(config: Mapping[str, Mapping[str, str]]) -> bytes:
    return base64.b64decode(config["Spec"].get("Data") or "")
