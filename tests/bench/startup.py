"""How long it takes until a program has started."""

import os
import statistics
import sys

from bench.processes import measure

_TIMES = 15


def startup() -> dict[str, float]:
    """Return the median seconds of each program's start, taken in turns."""
    programs = {
        "ccci --version": [sys.executable, "-m", "ccci", "--version"],
        "python -c 'import typer'": [sys.executable, "-c", "import typer"],
        "ccci --help": [sys.executable, "-m", "ccci", "--help"],
        "docker --version": ["docker", "--version"],
    }
    seconds: dict[str, list[float]] = {name: [] for name in programs}
    for _ in range(_TIMES):
        for name, argv in programs.items():
            seconds[name].append(measure(argv, os.environ).seconds)
    return {name: statistics.median(each) for name, each in seconds.items()}
