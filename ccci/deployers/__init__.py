"""The seam between a run and what deploys: the protocol `Deployer`, and the values it speaks in.

A run does the same with each deployer, in this order: `new_app`, edits of the app's `.env` (by
`ccci.environment`), `generate_secrets`, `prepare`; then `Deployment.argv` is started and followed
by `ccci.convergence`. What is common to all deployers (checkout, images, identity, health, and
`ccci.teardown`, which asks for `undeploy` first) is not in here.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol


@dataclass(frozen=True, slots=True)
class App:
    """A recipe under a domain: its stack, its server, the recipe's working tree, its `.env`.

    `checkout` is `<abra_dir>/recipes/<recipe>` and `env_file` is
    `<abra_dir>/servers/<server>/<domain>.env`, as abra lays them out; `abra_dir` is the run's own.
    """

    recipe: str
    domain: str
    stack: str
    abra_dir: Path
    server: str = "default"

    @property
    def checkout(self) -> Path:
        """Return the recipe's working tree."""
        return self.abra_dir / "recipes" / self.recipe

    @property
    def env_file(self) -> Path:
        """Return the app's `.env`."""
        return self.abra_dir / "servers" / self.server / f"{self.domain}.env"


@dataclass(frozen=True, slots=True)
class Revision:
    """What the working tree holds: a full commit, and the release tag when it is one.

    With `chaos` the tree is deployed as it stands and labelled with its commit; without, it is
    the release `version`. `overlay` is a compose file of ours that goes on top (abra needs it
    inside the checkout, the `stack` deployer takes it as one more `-c`).
    """

    commit: str
    version: str | None = None
    chaos: bool = True
    overlay: Path | None = None

    @property
    def short(self) -> str:
        """Return the eight digits that abra labels a chaos deploy with."""
        return self.commit[:8]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What has to be run to deploy. `env` is the command's whole environment.

    `compose_files` are all the files in the order they merge, generated ones included, and
    `interpolation` what their variables stand for: together what images, labels and the dry run
    are read from. `dirty_paths` are the files that ccci itself put into the checkout. `masks` are
    values that must never be printed. `patience` is how many seconds the command may take, where
    the deployer has an opinion. `terminal` says that the command wants a terminal
    (`process.Running` with `lines` and `terminal`).
    """

    argv: tuple[str, ...]
    env: Mapping[str, str]
    cwd: Path
    compose_files: tuple[Path, ...] = ()
    interpolation: Mapping[str, str] = field(default_factory=dict)
    dirty_paths: tuple[str, ...] = ()
    secrets: tuple[str, ...] = ()
    masks: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    patience: float | None = None
    terminal: bool = False


class Deployer(Protocol):
    """What can put an app on a Swarm. All methods raise CcciError (DeployRefused: the recipe)."""

    @property
    def name(self) -> str:
        """Return the word for `--deployer` and the report: `abra` or `stack`."""

    def new_app(self, app: App, revision: Revision) -> None:
        """Make the app's `.env` from the recipe's `.env.sample`; the checkout stays as it is."""

    def generate_secrets(self, app: App, revision: Revision) -> tuple[str, ...]:
        """Make the secrets that the app needs and has not; return their names, never values.

        Raise DeployRefused, by name, for those that a person has to provide.
        """

    def prepare(self, app: App, revision: Revision) -> Deployment:
        """Check all that can be checked before anything rolls, and say what is to be run."""

    def excuses(self, code: int, output: str) -> bool:
        """Say whether this failure is the tool's own impatience, where our verdict stands."""

    def undeploy(self, app: App) -> None:
        """Ask for the stack's removal; it may return before everything is gone."""
