"""The embedded deployer: abra's published conventions over `docker stack deploy`.

It needs the docker CLI alone. Nothing is written into the checkout: labels come as one more
compose file in the run's folder, so the tree stays clean.
"""

import base64
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from ccci import environment, secrets, stackfile
from ccci.deployers import App, Deployment, Revision, plan
from ccci.errors import DeployRefused
from ccci.process import run
from ccci.remainder import OURS_LABEL
from ccci.secrets import Secret
from ccci.swarm.engine import Engine

_DOCKER_TIMEOUT = 120.0


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
    _made: list[str] = field(default_factory=list, repr=False)

    @property
    def name(self) -> str:
        """Return the word for `--deployer` and the report."""
        return "stack"

    def new_app(self, app: App, revision: Revision) -> None:
        """Make the app's `.env` from the recipe's `.env.sample`, under the app's domain."""
        new_env(app, revision)

    def generate_secrets(self, app: App, revision: Revision) -> tuple[str, ...]:
        """Make the secrets that services use and the swarm has not; return their names."""
        missing = self._missing(plan.make(app, revision, self.app_service).secrets)
        by_hand = [each.name for each in missing if not each.modifiers.generate]
        if by_hand:
            raise DeployRefused(
                f"secret not inserted: {', '.join(by_hand)}",
                "the recipe says a person provides it: docker secret create NAME FILE",
            )
        for each in missing:
            value = secrets.make(each.modifiers)
            self._made.append(value)
            body = {
                "Name": each.name,
                "Labels": {OURS_LABEL: app.stack},
                "Data": base64.b64encode(value.encode()).decode(),
            }
            self.engine.post("/secrets/create", body=body)
        return tuple(each.name for each in missing)

    def prepare(self, app: App, revision: Revision) -> Deployment:
        """Read the recipe, check it against the swarm, and say what is to be run."""
        made = plan.make(app, revision, self.app_service)
        missing = [each.name for each in self._missing(made.secrets)]
        if missing:
            raise DeployRefused(
                f"secret not generated: {', '.join(missing)}",
                "`ccci deploy` makes them; or docker secret create NAME FILE",
            )
        plan.merged(made)
        return Deployment(
            argv=(
                *("docker", "stack", "deploy"),
                *(word for file in made.files for word in ("-c", str(file))),
                *("--resolve-image", self.resolve_image),
                *(("--detach=true",) if plan.cli_lists("deploy", "--detach") else ()),
                app.stack,
            ),
            env=self._environment(made.values),
            cwd=app.checkout,
            compose_files=made.files,
            interpolation=made.values,
            secrets=tuple(each.name for each in made.secrets),
            masks=(*made.masks, *self._made),
            notes=made.notes,
        )

    def excuses(self, code: int, output: str) -> bool:  # noqa: ARG002
        """Return False: `docker stack deploy` waits for nothing, so its failure is one."""
        return False

    def undeploy(self, app: App) -> None:
        """Ask for the stack's removal; the CLI returns before its networks are gone."""
        argv = ("docker", "stack", "rm", app.stack)
        run(argv, env=self._environment({}), timeout=_DOCKER_TIMEOUT)

    def _missing(self, wanted: tuple[Secret, ...]) -> tuple[Secret, ...]:
        there = {secret["Spec"]["Name"] for secret in self.engine.secrets()}
        return tuple(each for each in wanted if each.name not in there)

    def _environment(self, values: Mapping[str, str]) -> dict[str, str]:
        return plan.command_environment(values, self.engine.environment())


def new_env(app: App, revision: Revision) -> None:
    """Write the app's `.env`: the recipe's `.env.sample` under the app's domain."""
    sample = stackfile.inside(app.checkout, ".env.sample")
    text = plan.text_of(sample) if sample.is_file() else "DOMAIN=\n"
    # As abra does when it makes an app (abra pkg/app, TemplateAppEnvSample).
    text = text.replace(f"{app.recipe}.example.com", app.domain)
    known = environment.values(environment.read(text, ".env.sample"))
    version = revision.version or revision.short
    changes = {"DOMAIN": app.domain}
    changes |= {key: f"{app.recipe}:{version}" for key in ("TYPE", "RECIPE") if key in known}
    write_private(app.env_file, environment.assign(text, changes, ".env.sample"))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=0o600)
    path.write_text(text, encoding="utf-8")
