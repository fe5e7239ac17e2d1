"""The forms of a sweep, in one table; a form's module is imported when it is asked for. Pure."""

from importlib import import_module
from typing import Any, NamedTuple

from ccci.exits import Verdict
from ccci.host import sanitizer
from ccci.sweep.model import Commits, Sweep


class Told(NamedTuple):
    """A sweep that is told: how it ended, its title, and the commits where two are compared."""

    sweep: Sweep
    ended: Verdict
    title: str = "Rollback policy"
    commits: Commits | None = None


_MAKERS = {
    "json": ("ccci.sweep.document", "form"),
    "sarif": ("ccci.sweep.sarif", "form"),
    "markdown": ("ccci.sweep.markdown", "form"),
    "github": ("ccci.sweep.issues", "as_annotations"),
    "gitlab": ("ccci.sweep.issues", "as_code_quality"),
}
"""Each form by its name: its module, and the function of it `(told) -> text or JSON`."""


def made(name: str, told: Told) -> dict[str, Any] | str:
    """Return a sweep in one of its forms: as JSON, or as text."""
    module, function = _MAKERS[name]
    found: dict[str, Any] | str = getattr(import_module(module), function)(told)
    return found


def render(name: str, told: Told) -> str:
    """Return a sweep in one of its forms as it is written to a file."""
    found = made(name, told)
    return found if isinstance(found, str) else sanitizer.dumped(found)
