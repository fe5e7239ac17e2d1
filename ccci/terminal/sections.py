"""Parts of a log that a CI folds.

These marks are the only commands to a CI that ccci prints of itself: their words are ours, and a
title is what the printer made of it, so that no data can open or close a section.
"""

import os
import re
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

from ccci.host import clock
from ccci.report.writers import github
from ccci.terminal.escapes import ERASE_REST
from ccci.terminal.output import Output

_UNNAMED = re.compile(r"[^a-z0-9_]+")


@dataclass(frozen=True, slots=True)
class Section:
    """A part of a log: what is printed before it. `end` is what is printed behind it."""

    begin: str
    _end: str

    def end(self, at: float) -> str:
        """Return what is printed behind it, at this time in seconds of Unix."""
        return self._end.format(at)


@contextmanager
def folded(output: Output, title: str, *, hidden: bool) -> Iterator[None]:
    """Let a CI that can do it fold what is printed meanwhile, also where it ends by an error.

    It is `hidden` until somebody unfolds it, else it can be folded away.
    """
    found = None
    if output.verbosity >= 0 and not sys.stderr.isatty():
        found = section(os.environ, output.shown(title), clock.unix(), hidden=hidden)
    if found is not None:
        _mark(found.begin)
    try:
        yield
    finally:
        if found is not None:
            _mark(found.end(clock.unix()))


def _mark(mark: str) -> None:
    """Print what commands a CI; nothing else goes by the sanitizer."""
    sys.stderr.write(f"{mark}\n")
    sys.stderr.flush()


def section(environ: Mapping[str, str], title: str, at: float, *, hidden: bool) -> Section | None:
    """Return a section that begins at a time in seconds of Unix; `hidden` until it is unfolded.

    None where no CI is known to fold, or where it could not fold as is wanted. GitLab shows a
    section's duration, and hides it at first only where it is told to (docs.gitlab.com, "CI/CD job
    logs", Custom collapsible sections). GitHub and Forgejo hide every group (docs.github.com,
    "Workflow commands", Grouping log lines), so that what is to be seen has none.
    """
    if environ.get("GITLAB_CI") == "true":
        # A name has to be that of one section of the job.
        name = f"ccci_{_UNNAMED.sub('_', title.lower())}_{at * 1000:.0f}"
        collapsed = "[collapsed=true]" if hidden else ""
        return Section(
            f"{ERASE_REST}section_start:{at:.0f}:{name}{collapsed}\r{ERASE_REST}{title}",
            f"{ERASE_REST}section_end:{{:.0f}}:{name}\r{ERASE_REST}",
        )
    if environ.get("GITHUB_ACTIONS") == "true" and hidden:
        return Section(github.group(title), github.END)
    return None
