"""A report as its JSON document, in ASCII and without a word that a CI would obey. Pure."""

from ccci.host.sanitizer import dumped
from ccci.report.model import Report, document


def write(report: Report) -> str:
    """Return the document that `--json` prints."""
    return dumped(document(report))
