"""What a deploy by abra's conventions comes to, worked out from the checkout and the `.env` alone.

No Engine is asked and nothing is changed, so this is the dry run as well. It is made once for a
revision and handed on: what was checked is what is deployed.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ccci.compose.tree import Map, Seq, tree_of
from ccci.compose.writing import written
from ccci.deployers import App, Revision, labelling, resolving
from ccci.deployers.masking import masks_of
from ccci.deployers.resolving import Resolved
from ccci.errors import DeployRefused
from ccci.host import docker_cli
from ccci.host.masking import Mask, mask, masked
from ccci.names import ABRA_SH, ENV_SAMPLE
from ccci.recipe import abra_reading, abra_script, dotenv, files, kept_sizes, secrets, stack_file
from ccci.recipe.compose_file import COMPOSE_FILE
from ccci.recipe.dotenv import Entry
from ccci.recipe.secrets import Secret
from ccci.recipe.stack_file import StackFile
from ccci.swarm.labels import APP

HANDED = "handed-over"
"""The folder, in the run's, of what the docker CLI gets, one below it for each revision."""


@dataclass(frozen=True, slots=True)
class DeployPlan:
    """A deploy before it is done."""

    app: App
    revision: Revision
    stack: StackFile
    """What the recipe's files and the overlay say."""
    resolved: Resolved
    """The same as docker gets it, with the labels."""
    values: Mapping[str, str]
    """What compose files may refer to."""
    carrier: str
    """The service that gets the labels."""
    labels: Mapping[str, str]
    secrets: tuple[Secret, ...]
    config_files: Mapping[str, str]
    """The configs that the deploy makes, and the files they are made from."""
    networks: tuple[str, ...]
    images: Mapping[str, str]
    masks: tuple[Mask, ...]
    """What must never be printed."""
    notes: tuple[str, ...]


def make(
    app: App, revision: Revision, app_service: str | None, *, labelled: bool = True
) -> DeployPlan:
    """Read the recipe as it is checked out, and add the labels, unless the deployer does.

    Raise DeployRefused for what a deploy would be refused for.
    """
    entries = app_entries(app)
    values, notes = variables(app, entries)
    with files.refusing(COMPOSE_FILE):
        paths = stack_file.compose_files(app.checkout, values.get(COMPOSE_FILE, ""))
    if revision.overlay is not None and revision.overlay not in paths:
        paths = (*paths, revision.overlay)
    beside = {revision.overlay: revision.beside} if revision.overlay and revision.beside else None
    with files.refusing("the recipe"):
        found = stack_file.read(paths, values, inside=app.checkout, beside=beside)
        images = stack_file.images(found)
        carrier = labelling.carrier(found, app.stack, app_service)
        config_files = stack_file.own_configs(found, app.stack)
        for name in config_files:
            secrets.check_name("config", name, found.unset)
        resolved = resolving.resolve(
            found,
            values,
            checkout=app.checkout,
            folder=app.abra_dir / HANDED / revision.short,
            name=app.stack,
        )
        for kind, contents, made_from in (
            ("config", resolved.configs, config_files),
            ("secret", resolved.secrets, stack_file.own_secrets(found, app.stack)),
        ):
            for name, content in contents.items():
                kept_sizes.check(kind, name, files.shown(made_from.get(name, name)), len(content))
        used = stack_file.used(found, "secrets")
        needed = secrets.needed(found.sections.secrets, used, app.stack, entries, found.unset)
    labels = labelling.labels(app.recipe, app.stack, revision) if labelled else {}
    if labelled:
        notes = (*notes, *as_abra(app, found))
        resolved = _labelled(resolved, found, app, revision, values, carrier, labels)
    notes = (*notes, *_not_run(entries))
    unset = f"no value for {', '.join(found.unset)}: taken as empty"
    return DeployPlan(
        app=app,
        revision=revision,
        stack=found,
        resolved=resolved,
        values=values,
        carrier=carrier,
        labels={**stack_file.labels(found, carrier), **labels},
        secrets=needed,
        config_files=config_files,
        networks=stack_file.external_networks(found),
        images=images,
        masks=masks_of(app, values),
        notes=(*notes, *resolved.notes, *((unset,) if found.unset else ())),
    )


_COMMANDS = ("POST_DEPLOY_CMDS", "POST_UPGRADE_CMDS", "POST_ROLLBACK_CMDS")


def _not_run(entries: Collection[Entry]) -> tuple[str, ...]:
    """Return a note on commands of the `.env` that abra runs once its own checks have passed.

    They are functions of `abra.sh`. Nothing of a recipe runs on this machine, and abra runs none
    without its converge checks, which ccci turns off, since it judges by itself.
    """
    given = [each.key for each in entries if each.key in _COMMANDS and each.value.strip()]
    if not given:
        return ()
    word = "is" if len(given) == 1 else "are"
    told = f"{', '.join(given)} {word} set: these commands were not run, so that what an operator's"
    return (f"{told} `abra app deploy` does with them was not tried",)


def as_abra(app: App, found: StackFile) -> tuple[str, ...]:
    """Return notes on what abra would not do; raise DeployRefused for what it refuses.

    abra holds the files against docker's schema before it replaces a variable, so that
    `start_period: ${X}` is no duration for it (recipe-maintainers/cc-ci commit fb20321). It makes
    an app from `.env.sample` alone: a repository without one is no recipe of abra's, and is told
    so instead. That it refuses a variable for a number as well nobody has reported, though it is
    one check: that is a note.
    """
    told = f"a variable in a duration: {', '.join(found.durations[:5])}"
    sample = files.settings(app.checkout, ENV_SAMPLE)
    if sample is None:
        note = "there is no .env.sample: abra could not make an app of this commit"
        return (note, *((f"abra would refuse {told}",) if found.durations else ()))
    if found.durations:
        raise DeployRefused(
            f"abra refuses {told}",
            "write the duration itself: abra checks the files before it replaces variables",
        )
    kinds = ", ".join(found.other_kinds[:5])
    likely = f"abra is likely to refuse a variable where docker's schema wants no text: {kinds}"
    return (
        *((likely,) if kinds else ()),
        *abra_reading.read_otherwise(sample, ENV_SAMPLE)[:5],
    )


def _labelled(
    resolved: Resolved,
    found: StackFile,
    app: App,
    revision: Revision,
    values: Mapping[str, str],
    carrier: str,
    labels: Mapping[str, str],
) -> Resolved:
    env: dict[str, str] = {}
    if APP in found.services:
        known = resolved.variables.get(APP, frozenset())
        env = labelling.exposed(app.recipe, revision, values, known)
    # docker looks an empty value up among its own variables, of which it cannot lose these.
    left_out = sorted(key for key, text in env.items() if not text and docker_cli.needs(key))
    for key in left_out:
        del env[key]
    tree = labelling.overlay(found.version, carrier, labels, env)
    notes = tuple(f"{key} is empty in the app's .env: not given to app" for key in left_out)
    return replace(
        resolved,
        trees=(*resolved.trees, ("labels.yml", tree)),
        open=resolved.open | {key for key, text in env.items() if not text},
        notes=(*resolved.notes, *notes),
    )


def merged(plan: DeployPlan, paths: Sequence[Path]) -> str | None:
    """Return what was handed over as docker merges it, masked; None where its CLI cannot tell.

    Raise DeployRefused with docker's own complaint.
    """
    if not docker_cli.lists("config", "--skip-interpolation"):
        return None
    finished = docker_cli.run(
        ("stack", "config", *(word for path in paths for word in ("-c", str(path)))),
        cwd=plan.resolved.folder,
        env=docker_cli.environment(without=plan.resolved.open),
        check=False,
    )
    if finished.code != 0:
        complaint = masked(finished.tail(3), plan.masks)
        raise DeployRefused(f"docker refuses the compose files: {complaint}", "correct the recipe")
    return masked(finished.stdout, plan.masks)


def together(plan: DeployPlan, paths: Sequence[Path]) -> str:
    """Return what was handed over as `merged` does, or one file after the other, masked."""
    try:
        text = merged(plan, paths)
    except DeployRefused:  # what it refuses, it refuses again when it deploys
        text = None
    if text is not None:
        return text
    # Masked before it is written: the escapes of the file would hide a secret from the masks.
    hidden = ((name, _plain(tree)) for name, tree in plan.resolved.trees)
    each = (f"# {name}\n{written(tree_of(mask(tree, plan.masks)))}" for name, tree in hidden)
    return "---\n".join(each)


def _plain(value: Any) -> Any:  # noqa: ANN401
    if isinstance(value, Map):
        return {key: _plain(each) for key, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, Seq) else value


def app_entries(app: App) -> tuple[Entry, ...]:
    """Return what the app's `.env` says. Raise DeployRefused where it cannot be read."""
    with files.refusing(app.env_file.name):
        size = app.env_file.stat().st_size
        if size > files.LARGEST_SETTINGS:
            raise DeployRefused(f"{app.env_file.name} has more than {files.LARGEST_SETTINGS} bytes")
        content = app.env_file.read_bytes()
        return dotenv.read(files.decoded(content, app.env_file.name), app.env_file.name)


def variables(app: App, entries: Collection[Entry]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what an app's compose files may refer to, and notes on what was passed over.

    The app's `.env`, then the exports of `abra.sh` (which win, as in abra's MergeAbraShEnv), and
    its domain and STACK_NAME, which are the run's own whatever the recipe says. Nothing of our
    environment.
    """
    values = dotenv.values(tuple(entries))
    script = files.settings(app.checkout, ABRA_SH)
    exported, notes = abra_script.exports(script) if script is not None else ({}, ())
    values = {**values, **exported}
    for key, own in (("DOMAIN", app.domain), ("STACK_NAME", app.stack)):
        theirs = values.get(key, own)
        if theirs != own:
            notes = (*notes, f"{key}={theirs} of the recipe is not followed: it is {own}")
            values[key] = own
    return {**values, "STACK_NAME": app.stack}, notes
