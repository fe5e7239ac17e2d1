"""The labels by which a stack's objects are found and abra's apps are told. Pure."""

import re
import shlex
from collections.abc import Iterable, Sequence

STACK_LABEL = "com.docker.stack.namespace"
"""docker gives it to all that `stack deploy` makes (docker/cli, compose/convert/compose.go)."""

OF_ABRA, OF_DOCKER = "coop-cloud.", "com.docker.stack."
"""How the labels begin that abra and docker give to what they deploy; nothing in them is secret."""

OURS_LABEL = "ccci.stack"
"""What ccci itself made for a stack (the `stack` deployer's secrets) carries this."""

APP = "app"
"""The service that abra labels and gives its variables to (abra pkg/upstream/stack)."""


def of_app(stack: str, key: str) -> str:
    """Return the label by which abra tells `key` of the app whose stack this is.

    Keys: recipe, version, chaos, chaos-version, timeout (abra pkg/upstream/stack: SetRecipeLabel,
    SetChaosLabel, SetChaosVersionLabel, GetTimeoutFromLabel).
    """
    return f"{OF_ABRA}{stack}.{key}"


def tells_version(labels: Iterable[str], stack: str) -> bool:
    """Say whether a recipe gave a service of its app a version, by a label old or new.

    Recipes of old name a service there: `coop-cloud.<stack>.<service>.version`.
    """
    version = re.compile(rf"{re.escape(of_app(stack, ''))}(.+\.)?version")
    return any(version.fullmatch(label) for label in labels)


def carrier(names: Sequence[str], versioned: Sequence[str], named: str | None = None) -> str | None:
    """Return which of an app's services carries its commit, or None where that is left open.

    `named` where it is given, else `app`, which abra labels; where a recipe has none, the one of
    those `versioned` by the recipe itself, else the only one.
    """
    wanted = named or APP
    if named or wanted in names:
        return wanted if wanted in names else None
    if len(versioned) == 1:
        return versioned[0]
    return names[0] if len(names) == 1 else None


def stack_to_paste(full_name: str, name: str) -> str:
    """Return a stack's name for a shell: docker puts it before that of a service of the stack."""
    own = full_name.endswith(f"_{name}")
    return shlex.quote(full_name.removesuffix(f"_{name}")) if own else "STACK"
