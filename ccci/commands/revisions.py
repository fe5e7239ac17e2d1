"""Recipes as they would be deployed: what `plan` and a dry run show of them."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from ccci.actions import deploy, dry_run, plan_recipe, upgrade
from ccci.actions.parts import Part, Parts
from ccci.commands.chosen import of_recipe
from ccci.commands.shared import Deployed
from ccci.deployers import App
from ccci.planning import text
from ccci.planning.model import Plan
from ccci.recipe.checkout import Checkout
from ccci.steps.app import assignments
from ccci.steps.workspace import Choices
from ccci.terminal import story
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Revision:
    """What is planned of a recipe."""

    recipe: str
    given: Deployed
    head: str | None
    tag: str | None
    base: str | None
    upgrade_env: list[str]

    def planned(self, within: float, output: Output) -> Plan:
        """Return the plan of what is deployed last. Raise UsageError for what cannot be meant."""
        recipe, choices = self.recipe, of_recipe(self.given)
        env = assignments(self.upgrade_env, "--upgrade-env")
        if self.base is not None and self.head is not None:
            parts = upgrade.parts(
                upgrade.Request(recipe, self.head, choices, self.base, upgrade_env=env)
            )
        else:
            alone = deploy.parts(deploy.Request(recipe, choices, self.tag, self.head))

            def parts(clone: Checkout, app: App) -> Sequence[Part]:
                return [replace(each, env=env) for each in alone(clone, app)]

        every = plan_recipe.planned(recipe, choices, parts, output, timeout=within, finds_app=True)
        return every[-1].plan


def show(command: str, recipe: str, choices: Choices, parts: Parts, output: Output) -> int:
    """Print what a verb would deploy, and what a swarm makes of it; return the exit code."""
    found = plan_recipe.dry_run(command, recipe, choices, parts, output)
    output.text(*dry_run.tell(found.report))
    for plan in found.plans:
        story.tell_rows(text.rows(plan), output)
    return story.tell(found.report, output)
