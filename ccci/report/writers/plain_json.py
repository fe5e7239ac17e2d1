"""A report as its JSON document, in ASCII and without a word that a CI would obey. Pure."""

import json
from typing import Any

from ccci.host import sanitizer
from ccci.report.model import Report, document


def dumped(value: Any) -> str:  # noqa: ANN401 -- any JSON
    """Return JSON as it is handed on: its texts harmless lines, nothing in it for a CI to obey."""
    return sanitizer.json_text(json.dumps(sanitizer.document(value), indent=2)) + "\n"


def write(report: Report) -> str:
    """Return the document that `--json` prints."""
    return dumped(document(report))
