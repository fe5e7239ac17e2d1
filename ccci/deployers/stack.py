"""The embedded deployer: abra's published conventions over `docker stack deploy`.

It needs the docker CLI alone. Nothing is written into the checkout: labels come as one more
compose file in the run's folder, so the tree stays clean.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from ccci import environment, secrets, stackfile
from ccci.deployers import App, Deployment, Revision, labelling
from ccci.errors import CcciError, DeployRefused
from ccci.masking import masked, secret_values
from ccci.process import run
from ccci.stackfile import StackFile
from ccci.swarm.engine import Engine

OURS = "ccci.stack"
"""The label by which a secret that ccci made is known again (never the stack's own namespace)."""

_DOCKER_TIMEOUT = 120.0

# What a recipe's `.env` may not decide for a process that runs here: which program, which
# library, which Engine. `DOCKER_CONFIG` could name plugins, `LD_PRELOAD` a library of the recipe.
_PROTECTED = {"PATH", "HOME", "IFS", "ENV", "BASH_ENV", "TMPDIR", "SHELL"}
_PROTECTED_PREFIXES = ("LD_", "DOCKER_", "SSH_", "XDG_", "GODEBUG", "BUILDX_", "GIT_")
_KEPT = ("PATH", "HOME", "TMPDIR", "LANG", "TZ", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR")
_PROXIES = ("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")


@dataclass(frozen=True, slots=True)
class StackDeployer:
    """Deploys through the docker CLI onto `engine`.

    `resolve_image` is what `docker stack deploy --resolve-image` gets: `always`, as abra, or
    `never` for images that only the node has. `app_service` names the service that carries the
    labels where a recipe leaves it open.
    """

    engine: Engine
    resolve_image: str = "always"
    app_service: str | None = None

    @property
    def name(self) -> str:
        """Return the word for `--deployer` and the report."""
        return "stack"

    def new_app(self, app: App, revision: Revision) -> None:
        """Make the app's `.env` from the recipe's `.env.sample`, under the app's domain."""
        sample = stackfile.inside(app.checkout, ".env.sample")
        text = _text(sample) if sample.is_file() else "DOMAIN=\n"
        # As abra does when it makes an app (abra pkg/app, TemplateAppEnvSample).
        text = text.replace(f"{app.recipe}.example.com", app.domain)
        known = environment.values(environment.read(text, ".env.sample"))
        version = revision.version or revision.short
        changes = {"DOMAIN": app.domain}
        changes |= {key: f"{app.recipe}:{version}" for key in ("TYPE", "RECIPE") if key in known}
        text = environment.assign(text, changes, ".env.sample")
        app.env_file.parent.mkdir(parents=True, exist_ok=True)
        app.env_file.touch(mode=0o600)
        app.env_file.write_text(text, encoding="utf-8")

    def generate_secrets(self, app: App, revision: Revision) -> tuple[str, ...]:
        """Make the secrets that services use and the swarm has not; return their names."""
        stack, _, _ = self._read(app, revision)
        missing = self._missing_secrets(app, stack)
        by_hand = [each.name for each in missing if not each.modifiers.generate]
        if by_hand:
            raise DeployRefused(
                f"secret not inserted: {', '.join(by_hand)}",
                "the recipe says a person provides it: docker secret create NAME FILE",
            )
        for each in missing:
            value = secrets.make(each.modifiers)
            body = {
                "Name": each.name,
                "Labels": {OURS: app.stack},
                "Data": base64.b64encode(value.encode()).decode(),
            }
            self.engine.post("/secrets/create", body=body)
        return tuple(each.name for each in missing)

    def prepare(self, app: App, revision: Revision) -> Deployment:
        """Read the recipe, check it against the swarm, and say what is to be run."""
        stack, values, notes = self._read(app, revision)
        carrier = labelling.carrier(stack, app.stack, self.app_service)
        stackfile.check_files(stack, app.checkout)
        missing = [each.name for each in self._missing_secrets(app, stack)]
        if missing:
            raise DeployRefused(
                f"secret not generated: {', '.join(missing)}",
                "`ccci deploy` makes them; or docker secret create NAME FILE",
            )
        self._check_networks(stack)
        self._check_configs(app, stack)
        generated = app.abra_dir / f"compose.labels.{revision.short}.yml"
        labels = labelling.labels(app.recipe, app.stack, revision)
        generated.write_text(labelling.overlay(stack.version, carrier, labels), encoding="utf-8")
        files = (*stack.files, generated)
        env = self._environment(values)
        masks = secret_values(values)
        _check_with_docker(files, app.checkout, env, masks)
        unset = f"no value for {', '.join(stack.unset)}: taken as empty"
        return Deployment(
            argv=(
                *("docker", "stack", "deploy"),
                *(word for file in files for word in ("-c", str(file))),
                *("--resolve-image", self.resolve_image),
                *(("--detach=true",) if _lists("deploy", "--detach") else ()),
                app.stack,
            ),
            env=env,
            cwd=app.checkout,
            compose_files=files,
            interpolation=values,
            secrets=tuple(each.name for each in self._secrets(app, stack)),
            masks=masks,
            notes=(*notes, *((unset,) if stack.unset else ())),
        )

    def excuses(self, code: int, output: str) -> bool:  # noqa: ARG002
        """Return False: `docker stack deploy` waits for nothing, so its failure is one."""
        return False

    def undeploy(self, app: App) -> None:
        """Ask for the stack's removal; the CLI returns before its networks are gone."""
        run(
            ("docker", "stack", "rm", app.stack),
            env=self._environment({}),
            timeout=_DOCKER_TIMEOUT,
        )

    def remove(self, app: App) -> None:
        """Remove the stack's volumes, the secrets that ccci made for it, and the `.env`."""
        for volume in self.engine.volumes(app.stack):
            self.engine.delete(f"/volumes/{volume['Name']}")
        for secret in self.engine.secrets(filters={"label": [f"{OURS}={app.stack}"]}):
            self.engine.delete(f"/secrets/{secret['ID']}")
        app.env_file.unlink(missing_ok=True)

    def _read(
        self, app: App, revision: Revision
    ) -> tuple[StackFile, dict[str, str], tuple[str, ...]]:
        values, notes = variables(app)
        files = stackfile.compose_files(app.checkout, values.get("COMPOSE_FILE", ""))
        if revision.overlay is not None:
            files = (*files, revision.overlay)
        return stackfile.read(files, self._environment(values)), values, notes

    def _secrets(self, app: App, stack: StackFile) -> tuple[secrets.Secret, ...]:
        entries = environment.read(_text(app.env_file), app.env_file.name)
        used = stackfile.used(stack, "secrets")
        return secrets.needed(stack.sections["secrets"], used, app.stack, entries)

    def _missing_secrets(self, app: App, stack: StackFile) -> tuple[secrets.Secret, ...]:
        there = {secret["Spec"]["Name"] for secret in self.engine.secrets()}
        return tuple(each for each in self._secrets(app, stack) if each.name not in there)

    def _check_networks(self, stack: StackFile) -> None:
        wanted = stackfile.external_networks(stack)
        if not wanted:
            return
        there = {net["Name"] for net in self.engine.networks() if net.get("Scope") == "swarm"}
        for name in wanted:
            if name not in there:
                raise CcciError(
                    f"the external network {name} is not on this swarm",
                    f"docker network create --driver overlay {name}",
                )

    def _check_configs(self, app: App, stack: StackFile) -> None:
        """Raise DeployRefused for a config that Swarm would refuse, before anything rolls.

        Swarm never changes the content of a config ("only updates to Labels are allowed", moby
        35048); `docker stack deploy` finds that out half-way.
        """
        there = {config["Spec"]["Name"]: config for config in self.engine.configs()}
        for name in stackfile.external_configs(stack):
            if name not in there:
                raise DeployRefused(
                    f"the external config {name} is not on this swarm",
                    f"docker config create {name} FILE",
                )
        for name, path in stackfile.own_configs(stack, app.checkout, app.stack).items():
            secrets.check_name("config", name)
            if name not in there:
                continue
            content = base64.b64decode(there[name]["Spec"].get("Data") or "")
            if path.read_bytes() != content:
                raise DeployRefused(
                    f"config-immutable: {path.name} changed, but its config is still named {name}",
                    "raise the config's version where abra.sh exports it",
                )

    def _environment(self, values: Mapping[str, str]) -> dict[str, str]:
        kept = {
            name: os.environ[name]
            for name in (*_KEPT, *_PROXIES, *(proxy.lower() for proxy in _PROXIES))
            if name in os.environ
        }
        # The CLI's own settings: where its configuration and certificates are.
        kept |= {name: text for name, text in os.environ.items() if name.startswith("DOCKER_")}
        recipe = {name: text for name, text in values.items() if not _protected(name)}
        return {**recipe, **kept, **self.engine.environment()}


def variables(app: App) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return what an app's compose files may refer to, and notes on what was passed over.

    The app's `.env`, then the exports of `abra.sh` (which win, as in abra's MergeAbraShEnv), and
    STACK_NAME. What could change which program runs here is left out.
    """
    values = environment.values(environment.read(_text(app.env_file), app.env_file.name))
    script = stackfile.inside(app.checkout, "abra.sh")
    exported, notes = environment.exports(_text(script)) if script.is_file() else ({}, ())
    values = {**values, **exported, "STACK_NAME": app.stack}
    refused = sorted(name for name in values if _protected(name))
    for name in refused:
        del values[name]
        notes = (*notes, f"{name} of the recipe is not passed to the docker CLI")
    return values, notes


def _protected(name: str) -> bool:
    return name in _PROTECTED or name.startswith(_PROTECTED_PREFIXES)


def _text(path: Path) -> str:
    if path.stat().st_size > stackfile.LARGEST:
        raise DeployRefused(f"{path.name} has more than {stackfile.LARGEST} bytes")
    return path.read_text(encoding="utf-8", errors="replace")


@cache
def _lists(verb: str, word: str) -> bool:
    """Say whether this docker CLI's help of `stack VERB` lists a word.

    `stack config` is there from 23.0, `stack deploy --detach` from 26.0; an older CLI prints the
    help of `stack` instead.
    """
    finished = run(("docker", "stack", verb, "--help"), check=False)
    return finished.code == 0 and word in finished.stdout


def _check_with_docker(
    files: tuple[Path, ...], folder: Path, env: Mapping[str, str], masks: tuple[str, ...]
) -> None:
    """Raise DeployRefused with docker's own complaint, where its CLI can tell without deploying."""
    if not _lists("config", "--skip-interpolation"):
        return
    words = (word for file in files for word in ("-c", str(file)))
    finished = run(("docker", "stack", "config", *words), cwd=folder, env=env, check=False)
    if finished.code != 0:
        complaint = masked(finished.tail(3), masks)
        raise DeployRefused(f"docker refuses the compose files: {complaint}", "correct the recipe")
