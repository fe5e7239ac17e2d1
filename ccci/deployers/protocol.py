"""The seam between a run and what deploys: the protocol `Deployer`.

A run does the same with each deployer, in this order: `new_app`, edits of the app's `.env` (by
`ccci.recipe.dotenv`), `plan`, `generate_secrets`, `prepare`; then `Deployment.argv` is started
and followed by `ccci.steps.follow`. What is common to all deployers (checkout, images, identity,
health, and `ccci.removal`, which asks for `undeploy` first) is not in here.
"""

from typing import Protocol

from ccci.deployers import App, Deployment, Revision
from ccci.deployers.plan import DeployPlan


class Deployer(Protocol):
    """What can put an app on a Swarm. All methods raise CcciError (DeployRefused: the recipe)."""

    @property
    def name(self) -> str:
        """Return the word for `--deployer` and the report: `abra` or `stack`."""

    def new_app(self, app: App, revision: Revision) -> None:
        """Make the app's `.env` from the recipe's `.env.sample`; the checkout stays as it is."""

    def plan(self, app: App, revision: Revision) -> DeployPlan:
        """Read the recipe as it is checked out, once: all else is told from what this returns."""

    def generate_secrets(self, plan: DeployPlan) -> tuple[str, ...]:
        """Make the secrets that the app needs and has not; return their names, never values.

        Raise DeployRefused, by name, for those that a person has to provide.
        """

    def prepare(self, plan: DeployPlan) -> Deployment:
        """Check all that can be checked before anything rolls, and say what is to be run."""

    def excuses(self, code: int, output: str) -> bool:
        """Say whether this failure is the tool's own impatience, where our verdict stands."""

    def undeploy(self, app: App) -> None:
        """Ask for the stack's removal; it may return before everything is gone."""
