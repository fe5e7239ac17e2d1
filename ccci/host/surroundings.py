"""Where a process is started: its environment, its folder and its standard streams."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What COMMAND finds: its whole environment and its folder, None for ours, and its streams.

    With `terminal`, that is a terminal on all three of them. With `reads_ours`, it reads our
    standard input, where that is a file or a pipe.
    """

    env: Mapping[str, str] | None = None
    cwd: Path | None = None
    terminal: bool = False
    reads_ours: bool = False
