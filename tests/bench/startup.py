"""How long it takes until a program has started."""

import os
import statistics
import sys
import tempfile
from pathlib import Path

from bench.processes import measure
from bench.sweep import write_recipes

_TIMES = 15
SWEEP = "ccci sweep of one recipe"
_ONE_COMMAND = "import typer; typer.run(lambda x=1: None)"


def startup() -> dict[str, float]:
    """Return the median seconds of each program's start, taken in turns."""
    programs = {
        "ccci --version": [sys.executable, "-m", "ccci", "--version"],
        "python -c 'import typer'": [sys.executable, "-c", "import typer"],
        # Typer reads every parameter through pydantic, which it imports once one is read.
        "typer with one command": [sys.executable, "-c", _ONE_COMMAND],
        "python -c 'import ccci.cli'": [sys.executable, "-c", "import ccci.cli"],
        "ccci --help": [sys.executable, "-m", "ccci", "--help"],
        "docker --version": ["docker", "--version"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in (*programs, SWEEP)}
    with tempfile.TemporaryDirectory() as folder:
        write_recipes(Path(folder), 1)
        programs[SWEEP] = [
            *(sys.executable, "-m", "ccci", "sweep", "rollback-policy"),
            *("--fail-on", "never", folder),
        ]
        for _ in range(_TIMES):
            for name, argv in programs.items():
                seconds[name].append(measure(argv, os.environ).seconds)
    return {name: statistics.median(each) for name, each in seconds.items()}
