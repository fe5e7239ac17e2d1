"""Recipes as they would be deployed: what `plan` and a dry run show of them."""

from dataclasses import dataclass
from pathlib import Path

from ccci.actions import dry_run, plan_recipe, plan_revision
from ccci.actions.parts import Parts
from ccci.commands.chosen import of_recipe
from ccci.commands.shared import Deployed
from ccci.planning import text
from ccci.planning.model import Plan
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

    save: Path | None
    timeout: float
    fail_on: str

    def planned(self, output: Output) -> Plan:
        """Return the plan of what is deployed last. Raise UsageError for what cannot be meant."""
        request = plan_revision.Request(
            self.recipe,
            of_recipe(self.given),
            head=self.head,
            tag=self.tag,
            base=self.base,
            env=assignments(self.upgrade_env, "--upgrade-env"),
            save=self.save,
            timeout=self.timeout,
            fail_on=self.fail_on,
        )
        return plan_revision.plan(request, output)


def show(command: str, recipe: str, choices: Choices, parts: Parts, output: Output) -> int:
    """Print what a verb would deploy, and what a swarm makes of it; return the exit code."""
    found = plan_recipe.dry_run(command, recipe, choices, parts, output)
    output.text(*dry_run.tell(found.report))
    for plan in found.plans:
        story.tell_rows(text.rows(plan), output)
    return story.tell(found.report, output)
