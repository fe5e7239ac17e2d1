"""`--dry-run` of the verbs that deploy recipes."""

from ccci.actions.parts import Parts
from ccci.steps.workspace import Choices
from ccci.terminal.output import Output


def show_dry_run(command: str, recipe: str, choices: Choices, parts: Parts, output: Output) -> int:
    """Print what a verb would deploy, and what a swarm makes of it; return the exit code."""
    from ccci.commands import revisions  # noqa: PLC0415 -- the whole of the planning

    return revisions.show(command, recipe, choices, parts, output)
