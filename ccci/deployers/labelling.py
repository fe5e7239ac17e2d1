"""The labels by which abra, and whoever asks later, knows what was deployed. Pure.

`coop-cloud.<stack>.{recipe,version,chaos,chaos-version}` on the service `app` (abra
pkg/upstream/stack: SetRecipeLabel, SetChaosLabel, SetChaosVersionLabel). A chaos deploy keeps the
version that the recipe's own compose file says.
"""

from collections.abc import Collection, Mapping

from ccci.compose.tree import Map, tree_of
from ccci.deployers import Revision
from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.recipe.stack_file import StackFile
from ccci.swarm import labels as names
from ccci.swarm.labels import APP

_SHOWN = 20


def labels(recipe: str, stack: str, revision: Revision) -> dict[str, str]:
    """Return the labels of a deploy of this revision."""
    found = {"recipe": recipe, "chaos": "true" if revision.chaos else "false"}
    if revision.chaos:
        found["chaos-version"] = revision.short
    elif revision.version is not None:
        found["version"] = revision.version
    return {names.of_app(stack, key): value for key, value in found.items()}


def carrier(stack: StackFile, name: str, named: str | None = None) -> str:
    """Return the service that gets the labels of the stack `name`.

    Raise DeployRefused where its files leave that open, or have no service `named`.
    """
    services = tuple(stack.services)
    if named is not None:
        if named not in services:
            raise DeployRefused(
                f"there is no service {named} in this commit", f"it has {', '.join(services)}"
            )
        return named
    versioned = [
        service
        for service in services
        if names.tells_version(stack_file.labels(stack, service), name)
    ]
    found = names.carrier(services, versioned)
    if found is not None:
        return found
    named = ", ".join([*services[:_SHOWN], *(["…"] if len(services) > _SHOWN else [])])
    raise DeployRefused(
        f"which of {named} carries the commit's label? None is named app",
        "name it with --app-service",
    )


def declared_version(stack: StackFile, name: str, service: str) -> str | None:
    """Return the version that the recipe's own compose file says, or None."""
    return stack_file.labels(stack, service).get(names.of_app(name, "version"))


def overlay(
    version: str | None, service: str, found: Mapping[str, str], env: Mapping[str, str]
) -> Map:
    """Return a compose file that adds labels to a service, and `env` to the service `app`.

    docker before 23 wants every file of a set to name the same version.
    """
    services: dict[str, dict[str, object]] = {service: {"deploy": {"labels": dict(found)}}}
    if env:
        services.setdefault(APP, {})["environment"] = dict(env)
    tree: Map = tree_of({"services": services})
    if version is not None:
        tree["version"] = version
    return tree


def exposed(
    recipe: str, revision: Revision, values: Mapping[str, str], known: Collection[str]
) -> dict[str, str]:
    """Return what of the app's variables the service `app` gets beside those it sets itself.

    All of them, as abra does it, with `TYPE` (or `RECIPE`) as the recipe and the version that is
    deployed: so the service changes with every version (abra pkg/upstream/stack, ExposeAllEnv).
    """
    which = "RECIPE" if "RECIPE" in values and "TYPE" not in values else "TYPE"
    deployed = revision.short if revision.chaos or not revision.version else revision.version
    told = dict.fromkeys({which, *({"TYPE", "RECIPE"} & values.keys())}, f"{recipe}:{deployed}")
    return {key: text for key, text in {**values, **told}.items() if key not in known}
