"""`ccci completion`: what a shell needs to complete ccci, and what it then asks."""

import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Annotated

from ccci.commandline import completing, shells
from ccci.commandline.declared import Completes
from ccci.commands.options import Context, argument, examples
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM, SHELLS


@examples(
    ('eval "$(ccci completion bash)"', "in ~/.bashrc; zsh alike, behind compinit"),
    ("ccci completion fish", "for ~/.config/fish/completions/ccci.fish"),
)
def command(
    ctx: Context,
    shell: Annotated[str, argument("SHELL", f"One of {', '.join(SHELLS)}.", words=SHELLS)],
) -> int:
    """Print what completes ccci in a shell.

    It knows commands and options, and looks up stacks and services on the Engine, branches and tags
    in the recipe, recorded runs and rules; what cannot be had within a second is left out.
    """
    ctx.obj.text(*shells.SCRIPTS[shell].rstrip("\n").split("\n"))
    return 0


def answer(words: Sequence[str]) -> None:
    """Print the words that may stand at the cursor, and end: in silence whatever happens."""
    with suppress(Exception):
        shell = os.environ.get(shells.VARIABLE, "")
        if shell == "bash":
            words = completing.split(words[0] if words else "")[1:]
        place = completing.place(PROGRAM, (*EVERYWHERE, *ALONE), words)
        found = place.fitting(place.known)
        if place.wanted not in {Completes.NOTHING, Completes.FILES}:
            from ccci.actions.completion import looked_up  # noqa: PLC0415 -- it may ask

            found += place.fitting(looked_up(place))
        lines = shells.answer(shell, place, found, os.environ.get(shells.BREAKS, ""))
        sys.stdout.write("".join(f"{line}\n" for line in lines))
        sys.stdout.flush()
    # What still waits for an Engine is not waited for.
    os._exit(0)
