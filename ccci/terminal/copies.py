"""Copies of a report in other forms, beside the story: `--report FORMAT=FILE`, `-` standard output.

What cannot be written changes no verdict. A file of an earlier run is removed before this one
begins, lest it is taken for this one's where ours never comes to be.
"""

import os
import stat
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ccci.errors import UsageError
from ccci.host import files
from ccci.report.formats import FORMATS

_READABLE, _FOLDER = 0o666, 0o777
"""What is in it was masked, so that the umask alone says who may read it."""
_STANDARD_OUTPUT = "-"
_LONGEST_NAME = 200
_SUMMARY = "GITHUB_STEP_SUMMARY"


@dataclass(frozen=True, slots=True)
class Copy:
    """One form of the report, and the file that it goes to; None is standard output.

    With `added` it goes behind what is there: the file is others' as well.
    """

    format: str
    path: Path | None
    added: bool = False

    @property
    def title(self) -> str:
        """Return how a complaint calls it."""
        return f"{_SUMMARY}: {self.path}" if self.added else f"--report {self.format}={self.path}"

    def clear(self) -> None:
        """Remove what an earlier run wrote there: a plain file, never what a link leads to."""
        if self.path is None or self.added:
            return
        with suppress(OSError), files.opened(self.path.parent) as folder:
            found = os.stat(self.path.name, dir_fd=folder, follow_symlinks=False)
            if stat.S_ISREG(found.st_mode):
                os.unlink(self.path.name, dir_fd=folder)

    def write(self, text: str) -> None:
        """Write the file whole, its folders made where they are not there. Raise OSError.

        A link is replaced, not followed, but for one to a device or a pipe (`/dev/stderr`).
        """
        if self.path is None:
            sys.stdout.write(text)
            sys.stdout.flush()
        elif self.added:
            with self.path.open("a", encoding="utf-8", errors="replace") as file:
                file.write(f"\n{text}")
        elif files.is_stream(self.path):
            files.write_chosen(self.path, text)
        else:
            with files.opened(self.path.parent, create=True, mode=_FOLDER) as folder:
                files.write_in(folder, self.path.name, text, mode=_READABLE)


@dataclass(slots=True)
class Copies:
    """The copies that one command was asked for, and which of them are still to be written."""

    left: list[Copy] = field(default_factory=list)
    streamed: bool = False
    """Standard output is one of them."""
    _render: Callable[[str], str] | None = None

    def ask(self, wanted: Sequence[Copy]) -> None:
        """Take these from now on, and clear their places."""
        self.left = [*wanted]
        self.streamed = any(each.path is None for each in wanted)
        for each in wanted:
            each.clear()

    @property
    def timed(self) -> bool:
        """Say whether a copy needs the timeline."""
        return any(FORMATS[each.format].timed for each in self.left)

    def written(self, render: Callable[[str], str]) -> Iterator[str]:
        """Write what is left, and give a complaint for each that could not be.

        `render` returns a form's text by its name. Where an interrupt came in between, the rest is
        of the first end that was known.
        """
        self._render = self._render or render
        while self.left:
            copy = self.left[0]
            try:
                copy.write(self._render(copy.format))
            except OSError as error:
                yield f"{copy.title}: {error.strerror or error}"
            except Exception as error:  # noqa: BLE001 -- a bug of a writer takes no verdict with it
                yield f"{copy.title} could not be made, a bug: {error!r}"
            self.left.pop(0)


def asked(words: Sequence[str], *, json: bool = False) -> tuple[Copy, ...]:
    """Return what `--report` asks for. Raise UsageError for what cannot be meant."""
    found = tuple(map(_copy, words))
    seen: dict[str, Copy] = {}
    for each in found:
        place = _STANDARD_OUTPUT if each.path is None else os.path.realpath(each.path)
        if place in seen:
            both = f"{seen[place].format} and {each.format}"
            raise UsageError(
                f"--report writes {both} to one place, {each.path or 'standard output'}",
                "give each form a file of its own",
            )
        seen[place] = each
    if json and _STANDARD_OUTPUT in seen:
        raise UsageError(
            "--json and --report FORMAT=- both want standard output", "give the report a file"
        )
    return found


def of_the_ci(environ: Mapping[str, str], wanted: Sequence[Copy]) -> tuple[Copy, ...]:
    """Return what a CI shows by itself: the job's summary, where a runner has one.

    GitHub's, Forgejo's and Gitea's name a file of Markdown (docs.github.com, "Workflow commands",
    Adding a job summary). One that was asked for by its name is not written twice.
    """
    place = environ.get(_SUMMARY, "")
    if not place or environ.get("GITHUB_ACTIONS") != "true":
        return ()
    asked_for = {os.path.realpath(each.path) for each in wanted if each.path is not None}
    return () if os.path.realpath(place) in asked_for else (Copy("markdown", Path(place), True),)


def _copy(word: str) -> Copy:

    name, joint, place = word.partition("=")
    forms = ", ".join(FORMATS)
    if not joint:
        raise UsageError(
            f"--report {word!r} names no file",
            f"write --report FORMAT=FILE; FORMAT is one of {forms}, FILE may be -",
        )
    if name not in FORMATS:
        raise UsageError(f"--report: {name!r} is no form of a report", f"one of {forms}")
    if not place.strip():
        raise UsageError(f"--report {word!r} names no file", f"such as {name}=report.{name}")
    if place == _STANDARD_OUTPUT:
        return Copy(name, None)
    path = Path(place)
    if "\0" in place or len(os.fsencode(path.name)) > _LONGEST_NAME:
        raise UsageError(f"--report {name}: that is no name of a file", "give a shorter one")
    if place.endswith("/") or path.is_dir():
        raise UsageError(f"--report {name}={place} is a folder", f"such as {path / 'report'}")
    parent = next((each for each in path.parents if os.path.lexists(each)), Path("/"))
    if not parent.is_dir():
        raise UsageError(f"--report {name}={place}: {parent} is no folder", "give another place")
    return Copy(name, path)
