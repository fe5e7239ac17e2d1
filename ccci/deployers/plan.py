"""What a deploy by abra's conventions comes to, worked out from the checkout and the `.env` alone.

No Engine is asked and nothing is changed, so this is the dry run as well.
"""

import os
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ccci import environment, secrets, stackfile
from ccci.deployers import App, Revision, labelling
from ccci.errors import DeployRefused, ToolMissing
from ccci.masking import masked, secret_values
from ccci.process import run
from ccci.secrets import Secret
from ccci.stackfile import StackFile

# What a recipe's `.env` may not decide for a process that runs here: which program, which
# library, which Engine. `DOCKER_CONFIG` could name plugins, `LD_PRELOAD` a library of the recipe;
# a credential helper of docker's may be a script, and CLOUDSDK_PYTHON names what runs gcloud's.
_PROTECTED = {
    *("PATH", "HOME", "IFS", "ENV", "BASH_ENV", "TMPDIR", "SHELL", "GCONV_PATH", "LOCPATH"),
    *("PYTHONPATH", "PYTHONHOME", "PYTHONSTARTUP", "PYTHONUSERBASE", "PYTHONWARNINGS"),
    *("PERL5LIB", "PERL5OPT", "PERLLIB", "RUBYOPT", "RUBYLIB", "NODE_OPTIONS", "NODE_PATH"),
    *("JAVA_TOOL_OPTIONS", "_JAVA_OPTIONS", "GLIBC_TUNABLES"),
}
_PROTECTED_PREFIXES = (
    *("LD_", "DOCKER_", "SSH_", "XDG_", "GODEBUG", "BUILDX_", "GIT_", "CLOUDSDK_"),
    "SSL_CERT_",
)
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "TZ", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class Plan:
    """A deploy before it is done. `files` are the recipe's, the overlay and the generated one.

    `values` are what compose files may refer to, `configs` the names and files of the configs that
    the deploy makes, `masks` what must never be printed.
    """

    app: App
    revision: Revision
    stack: StackFile
    files: tuple[Path, ...]
    values: Mapping[str, str]
    carrier: str
    labels: Mapping[str, str]
    secrets: tuple[Secret, ...]
    configs: Mapping[str, Path]
    networks: tuple[str, ...]
    images: Mapping[str, str]
    masks: tuple[str, ...]
    notes: tuple[str, ...]


def make(app: App, revision: Revision, app_service: str | None) -> Plan:
    """Read the recipe as it is checked out, and write the compose file that adds the labels.

    Raise DeployRefused for what a deploy would be refused for.
    """
    values, notes = variables(app)
    files = stackfile.compose_files(app.checkout, values.get("COMPOSE_FILE", ""))
    if revision.overlay is not None:
        files = (*files, revision.overlay)
    stack = stackfile.read(files, values)
    carrier = labelling.carrier(stack, app.stack, app_service)
    stackfile.check_files(stack, app.checkout)
    entries = environment.read(text_of(app.env_file), app.env_file.name)
    used = stackfile.used(stack, "secrets")
    configs = stackfile.own_configs(stack, app.checkout, app.stack)
    for name in configs:
        secrets.check_name("config", name)
    labels = labelling.labels(app.recipe, app.stack, revision)
    generated = app.abra_dir / f"compose.labels.{revision.short}.yml"
    generated.write_text(labelling.overlay(stack.version, carrier, labels), encoding="utf-8")
    unset = f"no value for {', '.join(stack.unset)}: taken as empty"
    return Plan(
        app=app,
        revision=revision,
        stack=stack,
        files=(*files, generated),
        values=values,
        carrier=carrier,
        labels={**stackfile.labels(stack, carrier), **labels},
        secrets=secrets.needed(stack.sections["secrets"], used, app.stack, entries),
        configs=configs,
        networks=stackfile.external_networks(stack),
        images=stackfile.images(stack),
        masks=secret_values(values),
        notes=(*notes, *((unset,) if stack.unset else ())),
    )


def merged(plan: Plan) -> str | None:
    """Return the compose files as docker merges them, masked; None where its CLI cannot tell.

    Raise DeployRefused with docker's own complaint.
    """
    return merge(plan.files, plan.app.checkout, plan.values, plan.masks)


def merge(
    files: Iterable[Path], folder: Path, values: Mapping[str, str], masks: Collection[str]
) -> str | None:
    """Return these files as docker merges them in `folder`, their variables replaced; as `merged`.

    Raise DeployRefused with docker's own complaint.
    """
    if not cli_lists("config", "--skip-interpolation"):
        return None
    words = (word for file in files for word in ("-c", str(file)))
    finished = run(
        ("docker", "stack", "config", *words),
        cwd=folder,
        env=command_environment(values),
        check=False,
    )
    if finished.code != 0:
        complaint = masked(finished.tail(3), masks)
        raise DeployRefused(f"docker refuses the compose files: {complaint}", "correct the recipe")
    return masked(finished.stdout, masks)


def command_environment(
    values: Mapping[str, str], engine: Mapping[str, str] | None = None
) -> dict[str, str]:
    """Return the whole environment of the docker CLI: a recipe's values, and what it needs itself.

    Nothing else of ours is in it, so that no variable of a CI ends up in a stranger's stack.
    `engine` are the variables that choose the Engine.
    """
    kept = {
        name: os.environ[name]
        for name in (*_KEPT, *_PROXIES, *(proxy.lower() for proxy in _PROXIES))
        if name in os.environ
    }
    kept |= {name: text for name, text in os.environ.items() if name.startswith("DOCKER_")}
    recipe = {name: text for name, text in values.items() if not _protected(name)}
    return {**recipe, **kept, **(engine or {})}


def variables(app: App) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what an app's compose files may refer to, and notes on what was passed over.

    The app's `.env`, then the exports of `abra.sh` (which win, as in abra's MergeAbraShEnv), and
    STACK_NAME. What could change which program runs here is left out.
    """
    values = environment.values(environment.read(text_of(app.env_file), app.env_file.name))
    script = stackfile.inside(app.checkout, "abra.sh")
    exported, notes = environment.exports(text_of(script)) if script.is_file() else ({}, ())
    values = {**values, **exported, "STACK_NAME": app.stack}
    refused = sorted(name for name in values if _protected(name))
    for name in refused:
        del values[name]
        notes = (*notes, f"{name} of the recipe is not passed to the docker CLI")
    return values, notes


def text_of(path: Path) -> str:
    """Return a small file's text. Raise DeployRefused for a huge one."""
    if path.stat().st_size > stackfile.LARGEST:
        raise DeployRefused(f"{path.name} has more than {stackfile.LARGEST} bytes")
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def cli_lists(verb: str, word: str) -> bool:
    """Say whether this docker CLI's help of `stack VERB` lists a word.

    `stack config` is there from 23.0, `stack deploy --detach` from 26.0; an older CLI prints the
    help of `stack` instead. Without a docker CLI it is False: a dry run needs none.
    """
    try:
        finished = run(("docker", "stack", verb, "--help"), check=False)
    except ToolMissing:
        return False
    return finished.code == 0 and word in finished.stdout


def _protected(name: str) -> bool:
    return name in _PROTECTED or name.startswith(_PROTECTED_PREFIXES)
