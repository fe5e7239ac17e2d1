"""A report in one of its forms. Pure."""

from collections.abc import Callable
from importlib import import_module

from ccci.report.formats import FORMATS
from ccci.report.model import Report


def render(name: str, report: Report) -> str:
    """Return a report in the form of this name; a line break ends it."""
    form = FORMATS[name]
    write: Callable[[Report], str] = getattr(import_module(form.module), form.function)
    return write(report)
