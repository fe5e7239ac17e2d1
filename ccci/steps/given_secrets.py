"""Secrets that a person provides: handed to the run with `--secret`, or on the swarm already.

What is there under the app's own name and no run made is an input: it is used, named, and left at
the teardown (abra: `app secret insert` before the deploy).
"""

import sys
from collections.abc import Collection, Mapping
from pathlib import Path

from ccci import settings
from ccci.deployers.plan import DeployPlan
from ccci.errors import DeployRefused, UsageError
from ccci.recipe import kept_sizes
from ccci.recipe.kept_sizes import LARGEST_SECRET
from ccci.recipe.secrets import Secret
from ccci.records import runs
from ccci.steps.workspace import Workspace
from ccci.swarm.decode.listed import every, names
from ccci.swarm.labels import OURS_LABEL


def read_given(words: Collection[str]) -> dict[str, bytes]:
    """Return what `--secret NAME=FILE` gives; `-` is standard input, which one of them may be.

    Raise UsageError for a word that is none, and for a file that cannot be read or is no secret.
    """
    found: dict[str, bytes] = {}
    for word in words:
        name, separator, source = word.partition("=")
        if not separator or not name or not source:
            raise UsageError(
                f"--secret {name!r} names no file", "write --secret client_secret=FILE, or NAME=-"
            )
        try:
            if source == "-":
                value = sys.stdin.buffer.read(LARGEST_SECRET)
            else:
                with Path(source).open("rb") as file:
                    value = file.read(LARGEST_SECRET)
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "no name of a file"
            raise UsageError(
                f"--secret {name}: {source[:200]} cannot be read: {reason}", "give a file, or -"
            ) from None
        if not kept_sizes.is_taken("secret", len(value)):
            raise UsageError(
                f"--secret {name}: {'too many' if value else 'no'} bytes are no secret",
                f"Swarm takes from 1 to {LARGEST_SECRET - 1} bytes",
            )
        found[name] = value
    return found


def masks_of(given: Mapping[str, bytes]) -> tuple[str, ...]:
    """Return the values as texts that must never be printed."""
    return tuple(value.decode("utf-8", errors="replace").strip() for value in given.values())


def insert(workspace: Workspace, plan: DeployPlan) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Make the secrets that were handed to the run and that this revision uses and lacks.

    Return their names on the swarm, and notes: on what was given and is there already, and on what
    somebody provided before.
    """
    there = {each.name: each.labels for each in every(workspace.engine.secrets())}
    made: list[str] = []
    notes: list[str] = []
    for name, value in workspace.choices.secrets.items():
        for each in (each for each in plan.secrets if _is_meant(name, each, plan.app.stack)):
            if each.name in there:
                if each.name not in workspace.run.record.secrets:
                    notes.append(f"{each.name} is there already: --secret {name} was not used")
                continue
            # Recorded first: what a run is killed over is still its own.
            workspace.run.note(secrets=(*workspace.run.record.secrets, each.name))
            workspace.engine.create_secret(each.name, value, {OURS_LABEL: plan.app.stack})
            made.append(each.name)
    provided = [
        each.name
        for each in plan.secrets
        if each.name in there
        and each.name.startswith(f"{plan.app.stack}_")
        and OURS_LABEL not in there[each.name]
        and each.name not in _recorded(plan.app.stack)
    ]
    if provided:
        notes.append(f"used as somebody provided it, and left there: {', '.join(provided)}")
    return tuple(made), tuple(notes)


def require(workspace: Workspace, plan: DeployPlan) -> None:
    """Raise DeployRefused for secrets that a person provides, and nobody did or gave to the run."""
    there = names(workspace.engine.secrets()) | plan.resolved.secrets.keys()
    lacking = [
        each
        for each in plan.secrets
        if not each.modifiers.generate
        and each.name not in there
        and not any(_is_meant(name, each, plan.app.stack) for name in workspace.choices.secrets)
    ]
    if lacking:
        raise DeployRefused(
            f"a person has to provide these secrets: {', '.join(each.name for each in lacking)}",
            f"--secret {lacking[0].key}=FILE hands it to the run",
        )


def intend(workspace: Workspace, plan: DeployPlan) -> None:
    """Record which secrets the deployer is about to make, so that they are known for the run's."""
    there = names(workspace.engine.secrets())
    known = workspace.run.record.secrets
    new = tuple(
        each.name
        for each in plan.secrets
        if each.modifiers.generate and each.name not in there and each.name not in known
    )
    if new:
        workspace.run.note(secrets=(*known, *new))


def _recorded(stack: str) -> frozenset[str]:
    records = runs.recent(settings.runs_folder())
    mine = (each for each in records if each.stack == stack and not each.gone)
    return frozenset(name for each in mine for name in each.secrets)


def _is_meant(name: str, secret: Secret, stack: str) -> bool:
    """Say whether a name as given is this secret: its key, its name, or that without the stack."""
    short = secret.name.removeprefix(f"{stack}_")
    return name in {secret.key, secret.name, short, short.rpartition("_")[0]}
