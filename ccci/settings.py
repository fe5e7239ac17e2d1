"""Settings from the environment: which variable stands for which option, and in what order.

Precedence: the option, `CCCI_<OPTION>`, `PLUGIN_<OPTION>` (Drone plugin settings), then what the
CI itself says (`DRONE_*`, Woodpecker's `CI_*`). Where options of one name mean different things,
the variable of all but the first names the verb, too (`CCCI_TEARDOWN_TIMEOUT`); so does one whose
option says too little by itself (`CCCI_SANDBOX_NAME`). A plugin's step has one command, so that
`PLUGIN_<OPTION>` will do there. Lists hold one value per line; in `PLUGIN_*` they may stand as a
runner sends them.
"""

import json
import os
import re
from collections.abc import Collection, Mapping
from pathlib import Path

from ccci.nearest import nearest

CI_NAMES: dict[str, tuple[str, ...]] = {
    "RECIPE": ("DRONE_REPO_NAME", "CI_REPO_NAME"),
    "HEAD": ("DRONE_COMMIT_SHA", "CI_COMMIT_SHA"),
}

OWN_FILE = ".ccci.toml"
"""The file of settings in a recipe's or a stack's own folder."""
JUDGED = ("health-path", "health-service", "health-status", "soak", "timeout")
"""What it may set: nobody vouches for a repository."""
JUDGING = ("converge", "deploy", "upgrade")
"""The verbs that it may have a table for."""
HEEDING = ("converge",)
"""The verbs that heed the one of the current folder; the others that of the commit they deploy."""

PLUGIN = tuple(
    f"PLUGIN_{name}" for name in ("COMMAND", "DEPLOY", "PATH", "RECIPE", "RULE", "STACK", "TARGET")
)
"""What the plugin makes a command line of: the verb, what COMMAND runs, and arguments."""
_NO_OPTION = {"CCCI_RUNS_DIR", *PLUGIN}
_OF_TESTS = "CCCI_TEST_"
_ASSIGNMENT = re.compile(r",(?=[A-Za-z_][A-Za-z0-9_]*=)")
_ALIKE = 0.85


def variables(option: str) -> list[str]:
    """Return the variables that stand for an option such as `HEAD`, the strongest first."""
    return [f"CCCI_{option}", f"PLUGIN_{option}", *CI_NAMES.get(option, ())]


def listed(name: str, text: str) -> list[str]:
    """Return the values that a variable holds for an option that may be given again."""
    return as_sent(text.strip()) if name.startswith("PLUGIN_") else _lines(text)


def as_sent(text: str) -> list[str]:
    """Return the values of a list as a runner hands it to a plugin.

    Drone and Woodpecker send a list of plain values with commas between them, and everything else
    as JSON (docs.drone.io "Plugin inputs", woodpecker-ci.org "Creating plugins"): a mapping becomes
    `KEY=value`. A comma inside of `KEY=value` stays where no other `KEY=` follows it.
    """
    if text[0] in "[{":
        try:
            found = json.loads(text)
        except (ValueError, RecursionError):
            found = None
        if isinstance(found, dict):
            return [f"{key}={_word(value)}" for key, value in found.items()]
        if isinstance(found, list):
            return [_word(each) for each in found]
    lines = _lines(text)
    if len(lines) > 1:
        return lines
    cut = _ASSIGNMENT.split(text) if "=" in text else text.split(",")
    return [each.strip() for each in cut if each.strip()]


def _lines(text: str) -> list[str]:
    return [line.strip() for line in text.splitlines() if line.strip()]


def _word(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value)


def unread(environ: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Return each variable that looks like a setting of ours and is none, and what it may mean.

    `known` are the variables of every option; what it may mean is empty where none is much alike.
    """
    ours = {*known, *_NO_OPTION}
    odd = sorted(
        name
        for name in environ
        if name.startswith(("CCCI_", "PLUGIN_"))
        and name not in ours
        and not name.startswith(_OF_TESTS)
    )
    return {name: next(iter(nearest(name, ours, alike=_ALIKE)), "") for name in odd}


def config_file(environ: Mapping[str, str] = os.environ) -> Path:
    """Return the user's own file of settings (the XDG rule); it need not be there."""
    home = environ.get("XDG_CONFIG_HOME") or str(Path.home() / ".config")
    return Path(home) / "ccci" / "config.toml"


def state_folder(environ: Mapping[str, str]) -> Path:
    """Return the user's state folder for ccci (the XDG rule)."""
    home = environ.get("XDG_STATE_HOME") or str(Path.home() / ".local" / "state")
    return Path(home) / "ccci"


def runs_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where runs are recorded: `$CCCI_RUNS_DIR`, else the user's state folder."""
    return Path(environ.get("CCCI_RUNS_DIR") or state_folder(environ) / "runs")


def locks_folder(environ: Mapping[str, str] = os.environ) -> Path:
    """Return where this host's lock files are: the same for all runs of a user."""
    return state_folder(environ) / "locks"
