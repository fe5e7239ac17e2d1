"""A baseline in a file, for pipelines whose deploy and verdict are steps of their own."""

import json
from pathlib import Path

from ccci.errors import CcciError, UsageError
from ccci.host import files, sanitizer
from ccci.plain_file import LARGEST_DOCUMENT, read_plain
from ccci.records.places import refuse_tracked_place
from ccci.swarm.baseline import HINT, Baseline, from_document, to_document


def load(path: Path) -> Baseline:
    """Return the baseline of a file. Raise UsageError where it holds none."""
    try:
        content = read_plain(path, most=LARGEST_DOCUMENT)
    except (OSError, ValueError) as error:
        reason = error.strerror if isinstance(error, OSError) else str(error)
        raise UsageError(f"the baseline {path} cannot be read: {reason}", HINT) from None
    try:
        document = json.loads(content)
    except (ValueError, RecursionError):
        raise UsageError(f"the baseline {path} cannot be read: it is no JSON", HINT) from None
    return from_document(document)


def save(baseline: Baseline, path: Path) -> None:
    """Write a baseline to a file. Raise CcciError where it cannot be written, or must not be."""
    refuse_tracked_place(path, "--save-baseline")
    try:
        text = sanitizer.json_text(json.dumps(to_document(baseline), indent=2))
        files.write_chosen(path, f"{text}\n")
    except OSError as error:
        raise CcciError(
            f"the baseline cannot be written to {path}: {error.strerror}", "give another file"
        ) from None
