"""The embedded deployer: abra's published conventions over `docker stack deploy`.

It needs the docker CLI alone. Nothing is written into the checkout: labels come as one more
compose file in the run's folder, so the tree stays clean.
"""

import shlex
from dataclasses import dataclass, field
from pathlib import Path

from ccci.deployers import App, Deployment, Revision, writing
from ccci.deployers.plan import DeployPlan, make, merged, together
from ccci.errors import DeployRefused
from ccci.host import docker_cli
from ccci.host.files import PRIVATE
from ccci.names import ENV_SAMPLE
from ccci.recipe import dotenv, files, secrets
from ccci.recipe.secrets import Secret
from ccci.swarm.decode.listed import names
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import OURS_LABEL

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

    def plan(self, app: App, revision: Revision) -> DeployPlan:
        """Read the recipe as it is checked out, and add the labels that abra would."""
        return make(app, revision, self.app_service)

    def generate_secrets(self, plan: DeployPlan) -> tuple[str, ...]:
        """Make the secrets that services use and the swarm has not; return their names."""
        missing = self._missing(plan.secrets)
        by_hand = [each.name for each in missing if not each.modifiers.generate]
        if by_hand:
            raise DeployRefused(
                f"secret not inserted: {', '.join(by_hand)}",
                f"the recipe says a person provides it: docker secret create {by_hand[0]} FILE",
            )
        for each in missing:
            value = secrets.make(each.modifiers)
            self._made.append(value)
            self.engine.create_secret(each.name, value.encode(), {OURS_LABEL: plan.app.stack})
        return tuple(each.name for each in missing)

    def prepare(self, plan: DeployPlan) -> Deployment:
        """Check the plan against the swarm, write what docker gets, and say what is to be run."""
        missing = [each.name for each in self._missing(plan.secrets)]
        if missing:
            first = shlex.quote(missing[0])
            raise DeployRefused(
                f"secret not generated: {', '.join(missing)}",
                f"`ccci deploy` makes them; or `docker secret create {first} FILE`",
            )
        paths = writing.write(plan.resolved)
        text = merged(plan, paths)
        return Deployment(
            argv=(
                *("docker", "stack", "deploy"),
                *(word for path in paths for word in ("-c", str(path))),
                *("--resolve-image", self.resolve_image),
                *(("--detach=true",) if docker_cli.lists("deploy", "--detach") else ()),
                plan.app.stack,
            ),
            env=docker_cli.environment(self.engine.environment(), without=plan.resolved.open),
            cwd=plan.resolved.folder,
            merged=together(plan, paths) if text is None else text,
            secrets=tuple(each.name for each in plan.secrets),
            masks=(*plan.masks, *self._made),
            notes=plan.notes,
        )

    def excuses(self, code: int, output: str) -> bool:  # noqa: ARG002
        """Return False: `docker stack deploy` waits for nothing, so its failure is one."""
        return False

    def undeploy(self, app: App) -> None:
        """Ask for the stack's removal; the CLI returns before its networks are gone."""
        env = docker_cli.environment(self.engine.environment())
        docker_cli.run(("stack", "rm", app.stack), env=env, timeout=_DOCKER_TIMEOUT)

    def _missing(self, wanted: tuple[Secret, ...]) -> tuple[Secret, ...]:
        there = names(self.engine.secrets())
        return tuple(each for each in wanted if each.name not in there)


def new_env(app: App, revision: Revision) -> None:
    """Write the app's `.env`: the recipe's `.env.sample` under the app's domain."""
    text = files.settings(app.checkout, ENV_SAMPLE) or "DOMAIN=\n"
    # As abra does when it makes an app (abra pkg/app, TemplateAppEnvSample).
    text = text.replace(f"{app.recipe}.example.com", app.domain)
    known = dotenv.values(dotenv.read(text, ENV_SAMPLE))
    version = revision.version or revision.short
    changes = {"DOMAIN": app.domain}
    changes |= {key: f"{app.recipe}:{version}" for key in ("TYPE", "RECIPE") if key in known}
    write_private(app.env_file, dotenv.assign(text, changes, ENV_SAMPLE))


def write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.touch(mode=PRIVATE)
    path.write_text(text, encoding="utf-8", errors="surrogateescape")
