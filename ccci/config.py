"""Settings from the environment: which variable stands for which option, and in what order.

Precedence: the option, `CCCI_<OPTION>`, `PLUGIN_<OPTION>` (Drone plugin settings), then what the
CI itself says (`DRONE_*`, Woodpecker's `CI_*`). Lists hold one value per line.
"""

import os
from collections.abc import Collection, Mapping
from pathlib import Path

CI_NAMES: dict[str, tuple[str, ...]] = {
    "RECIPE": ("DRONE_REPO_NAME", "CI_REPO_NAME"),
    "HEAD": ("DRONE_COMMIT_SHA", "CI_COMMIT_SHA"),
}

LISTS = ("COMPOSE_FILE", "ENV", "ENV_FILE", "SERVICE", "STACK", "UPGRADE_ENV")
"""The options that `values` reads; Typer knows the variables of all others."""

_NO_OPTION = {"CCCI_RUNS_DIR"}
_OF_TESTS = "CCCI_TEST_"
_ALIKE = 0.85


def variables(option: str) -> list[str]:
    """Return the variables that stand for an option such as `HEAD`, the strongest first."""
    return [f"CCCI_{option}", f"PLUGIN_{option}", *CI_NAMES.get(option, ())]


def values(option: str, given: list[str] | None) -> list[str]:
    """Return a list option: as given, else one value per line of its strongest variable."""
    if given:
        return given
    for name in variables(option):
        text = os.environ.get(name, "")
        if text.strip():
            return [line.strip() for line in text.splitlines() if line.strip()]
    return []


def unread(environ: Mapping[str, str], known: Collection[str]) -> dict[str, str]:
    """Return each variable that looks like a setting of ours and is none, and what it may mean.

    `known` are the variables of every option; what it may mean is empty where none is much alike.
    """
    ours = {*known, *_NO_OPTION, *(name for each in LISTS for name in variables(each))}
    odd = sorted(
        name
        for name in environ
        if name.startswith(("CCCI_", "PLUGIN_"))
        and name not in ours
        and not name.startswith(_OF_TESTS)
    )
    if not odd:
        return {}
    from difflib import get_close_matches

    return {name: next(iter(get_close_matches(name, ours, 1, _ALIKE)), "") for name in odd}


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
