"""What a recipe's own `.ccci.toml` sets: the head's, since the head is what is judged.

Nobody vouches for it: it says what is judged, never where the app goes, what it may reach, or what
is trusted, and it gives way to whatever the user says on the command line or by a variable.
"""

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from ccci import settings
from ccci.deployers import App
from ccci.errors import DeployRefused, UsageError
from ccci.host.durations import seconds
from ccci.recipe import checkouts, files, patience, stack_file
from ccci.recipe.stack_file import StackFile
from ccci.steps.after import health
from ccci.steps.workspace import Choices, Workspace

_HINT = f"it may set {', '.join(settings.JUDGED)}; give the rest on the command line"


def heeded(workspace: Workspace, app: App, commit: str, verb: str) -> Workspace:
    """Return the workspace with what the recipe's file at a full commit sets for this verb.

    Raise DeployRefused for a file that cannot be read, or sets what it may not.
    """
    checkouts.switch(workspace.checkout, commit, "to read its settings")
    text = files.settings(app.checkout, settings.OWN_FILE)
    if text is None:
        return workspace
    found = read(text, verb)
    choices, taken = over(workspace.choices, found)
    if taken:
        told = ", ".join(f"{name} {found[name]}" for name in taken)
        workspace.run.trouble.append(f"set by the recipe's {settings.OWN_FILE}: {told}")
    return replace(workspace, choices=choices)


def read(text: str, verb: str) -> dict[str, str]:
    """Return what a recipe's file sets for a verb. Raise DeployRefused for what it may not say."""
    try:
        values = tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused(f"is no TOML: {error}") from None
    for name, value in _pairs(values):
        if name not in settings.JUDGED:
            raise _refused(f"sets {name[:60]!r}")
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise _refused(f"{name} is neither a text nor a number")
    own = values.get(verb, {})
    found = {**values, **own}
    told = {name: str(found[name]) for name in settings.JUDGED if name in found}
    _check(told)
    return told


def over(choices: Choices, found: Mapping[str, str]) -> tuple[Choices, tuple[str, ...]]:
    """Return the choices with what was found where the user said nothing, and the names taken."""
    taken = tuple(name for name in found if name not in choices.fixed)
    mine = {name: found[name] for name in taken}
    options = replace(
        choices.options,
        timeout=seconds(mine.get("timeout"), "timeout") or choices.options.timeout,
        soak=choices.options.soak if "soak" not in mine else seconds(mine["soak"], "soak"),
    )
    plain = {
        name.replace("-", "_"): value
        for name, value in mine.items()
        if name not in patience.DURATIONS
    }
    made: Any = replace(choices, options=options, **plain)  # type: ignore[arg-type]
    return made, taken


def require_front(choices: Choices, stack: StackFile, carrier: str) -> None:
    """Raise where the service that is to be asked is none of the head's, before it is deployed.

    DeployRefused where the recipe's own file names it, UsageError where the user does; either for
    what `health.wanted` refuses.
    """
    named = choices.health_service
    own = stack_file.labels(stack, carrier)
    if named is None or named in stack.services:
        return
    if health.wanted(choices.health_path, choices.health_status, own) is None:
        return
    has = f"it has {', '.join(stack.services)}"
    if "health-service" in choices.fixed:
        raise UsageError(f"--health-service {named} is no service of this commit", has)
    raise DeployRefused(
        f"the recipe's {settings.OWN_FILE} says health-service {named[:60]!r}, which is no service "
        "of this commit",
        has,
    )


def _pairs(values: Mapping[str, Any]) -> Iterator[tuple[str, object]]:
    for name, value in values.items():
        if name in settings.JUDGING and isinstance(value, dict):
            yield from value.items()
        else:
            yield name, value


def _check(found: Mapping[str, str]) -> None:
    try:
        health.wanted(found.get("health-path", "/"), found.get("health-status", ""), {})
    except UsageError as error:
        raise _refused(f"says {error.message}") from None
    for name, text in found.items():
        if wrong := patience.refusal(name, text):
            raise _refused(wrong)


def _refused(what: str) -> DeployRefused:
    return DeployRefused(f"the recipe's {settings.OWN_FILE} {what}", _HINT)
