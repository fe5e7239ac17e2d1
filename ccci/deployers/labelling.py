"""The labels by which abra, and whoever asks later, knows what was deployed. Pure.

`coop-cloud.<stack>.{recipe,version,chaos,chaos-version}` on the service `app` (abra
pkg/upstream/stack: SetRecipeLabel, SetChaosLabel, SetChaosVersionLabel). A chaos deploy keeps the
version that the recipe's own compose file says.
"""

import json
import re

from ccci import stackfile
from ccci.deployers import Revision
from ccci.errors import DeployRefused
from ccci.stackfile import StackFile


def labels(recipe: str, stack: str, revision: Revision) -> dict[str, str]:
    """Return the labels of a deploy of this revision."""
    found = {"recipe": recipe, "chaos": "true" if revision.chaos else "false"}
    if revision.chaos:
        found["chaos-version"] = revision.short
    elif revision.version is not None:
        found["version"] = revision.version
    return {f"coop-cloud.{stack}.{key}": value for key, value in found.items()}


def carrier(stack: StackFile, name: str, named: str | None = None) -> str:
    """Return the service that gets the labels of the stack `name`.

    `named` where it is given, else `app`, else the one that carries the recipe's version, else
    the only one. Raise DeployRefused where that leaves it open.
    """
    services = tuple(stack.services)
    if named is not None:
        if named not in services:
            raise DeployRefused(
                f"there is no service {named} in this commit", f"it has {', '.join(services)}"
            )
        return named
    if "app" in services:
        return "app"
    version = re.compile(rf"coop-cloud\.{re.escape(name)}\.(.+\.)?version")
    versioned = [
        service
        for service in services
        if any(version.fullmatch(label) for label in stackfile.labels(stack, service))
    ]
    if len(versioned) == 1:
        return versioned[0]
    if len(services) == 1:
        return services[0]
    raise DeployRefused(
        f"which of {', '.join(services)} carries the commit's label? None is named app",
        "name it with --app-service",
    )


def declared_version(stack: StackFile, name: str, service: str) -> str | None:
    """Return the version that the recipe's own compose file says, or None."""
    return stackfile.labels(stack, service).get(f"coop-cloud.{name}.version")


def overlay(version: str | None, service: str, found: dict[str, str]) -> str:
    """Return a compose file that adds the labels. JSON is YAML, and needs no quoting rules.

    docker before 23 wants every file of a set to name the same version. A `$` would be a variable.
    """
    document: dict[str, object] = {} if version is None else {"version": version}
    escaped = {key: value.replace("$", "$$") for key, value in found.items()}
    document["services"] = {service: {"deploy": {"labels": escaped}}}
    return json.dumps(document, indent=2) + "\n"
