"""The command line called within the test's own process."""

import io
from collections.abc import Mapping
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import dataclass
from unittest.mock import patch

from ccci.cli import ended


@dataclass(frozen=True, slots=True)
class Result:
    """How it ended, and what it printed."""

    exit_code: int
    stdout: str
    stderr: str

    @property
    def output(self) -> str:
        """Return both streams, standard output first."""
        return self.stdout + self.stderr


def invoke(*words: str, env: Mapping[str, str] | None = None) -> Result:
    """Run ccci with these words, and with these variables on top of the process's own."""
    stdout, stderr = io.StringIO(), io.StringIO()
    with (
        patch.dict("os.environ", dict(env or {})),
        redirect_stdout(stdout),
        redirect_stderr(stderr),
    ):
        code = ended(words)
    return Result(code, stdout.getvalue(), stderr.getvalue())
