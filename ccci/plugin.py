"""`ccci-plugin`: a step of Drone or Woodpecker without commands, by its settings alone.

A runner hands each setting on as `PLUGIN_<SETTING>`. Options are read from there anyway; this makes
the command and its arguments of them. With arguments of its own it is `ccci`.
"""

import json
import os
import sys
from collections.abc import Mapping
from pathlib import Path

from ccci import settings
from ccci.cli import run
from ccci.commandline.declared import Parameter, Verb
from ccci.commandline.help import named
from ccci.commands.verbs import PROGRAM

_RECIPE = "RECIPE"


def main() -> None:
    """Run what the settings ask for, and exit with its code; without any, print the help."""
    arguments = sys.argv[1:]
    if arguments or not any(name.startswith("PLUGIN_") for name in os.environ):
        run(arguments)
    run(words(os.environ, here=Path.cwd()))


def words(environ: Mapping[str, str], here: Path) -> list[str]:
    """Return the command line that the settings stand for.

    `command` names the verb; without it a `stack` is followed and anything else is upgraded.
    `deploy` is what COMMAND runs, as lines for a shell. The recipe is the repository `here`.
    """
    given = {name: text for name in settings.PLUGIN if (text := environ.get(name, "").strip())}
    chosen = given.get("PLUGIN_COMMAND") or ("converge" if "PLUGIN_STACK" in given else "upgrade")
    found = chosen.split()
    verb = named(PROGRAM, chosen)
    if not isinstance(verb, Verb):
        return found  # it is refused in ccci's own words
    behind: list[str] = []
    for each in verb.load(chosen).arguments:
        if each.ends_options:
            lines = _lines(given.get("PLUGIN_DEPLOY", ""))
            behind = ["--", "sh", "-euc", lines] if lines else []
        else:
            found += _values(each, given, here)
    return [*found, *behind]


def _values(argument: Parameter, given: Mapping[str, str], here: Path) -> list[str]:
    stands_for = argument.title.upper().split("|")
    for name in (f"PLUGIN_{each}" for each in stands_for):
        if name in given:
            return settings.listed(name, given[name]) if argument.many else [given[name]]
    if _RECIPE in stands_for and (here / ".git").exists():
        return ["."]  # the runner's clone; its name alone would be sought on the forge
    return []


def _lines(text: str) -> str:
    """Return commands as lines; a list of them that is no plain text is sent as JSON."""
    if text.startswith("["):
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            return text
        return "\n".join(map(str, found))
    return text
