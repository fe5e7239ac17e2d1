"""What puts a recipe on a Swarm, and the values that a run and its deployer speak in."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccci.host.masking import Mask


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
    inside the checkout, the `stack` deployer takes it as one more `-c`); files that it names may
    lie in the folder `beside`, which it came from.
    """

    commit: str
    version: str | None = None
    chaos: bool = True
    overlay: Path | None = None
    beside: Path | None = None

    @property
    def short(self) -> str:
        """Return the eight digits that abra labels a chaos deploy with."""
        return self.commit[:8]


@dataclass(frozen=True, slots=True)
class Deployment:
    """What has to be run to deploy."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    """The command's whole environment."""
    cwd: Path
    merged: str = ""
    """The compose files as one text for people, masked."""
    dirty_paths: tuple[str, ...] = ()
    """The files that ccci itself put into the checkout."""
    secrets: tuple[str, ...] = ()
    masks: tuple[Mask, ...] = ()
    """Values that must never be printed."""
    notes: tuple[str, ...] = ()
    patience: float | None = None
    """How many seconds the command may take, where the deployer has an opinion."""
    terminal: bool = False
    """Whether the command wants a terminal (`process.Running` with `lines` and `terminal`)."""
