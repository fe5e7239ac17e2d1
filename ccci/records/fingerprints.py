"""Secrets of earlier runs of the same app, known again by their fingerprints.

An app that was kept (`--keep`) runs with the secrets that another run made or was given. What is
kept of them is a keyed digest and the length of each form, readable by their owner alone: enough
to find them in a text, and no more than that.
"""

import json
import secrets
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict
from pathlib import Path

from ccci.host import files
from ccci.host.json_values import from_json
from ccci.host.masking import Fingerprint, Mask, fingerprints
from ccci.plain_file import read_plain
from ccci.records import runs
from ccci.records.runs import Run

FILE = ".fingerprints.json"
"""Hidden, so that it is not copied into an artifact folder."""


def remember(run: Run, masks: Iterable[Mask]) -> None:
    """Keep the fingerprints of these values with the run; what goes wrong is a note of it."""
    values = [each for each in masks if isinstance(each, str)]
    found = fingerprints(values, secrets.token_hex(16))
    try:
        files.write(run.path(FILE), json.dumps([asdict(each) for each in found]) + "\n")
    except OSError as error:
        run.trouble.append(f"the fingerprints of secrets could not be kept: {error.strerror}")


def known(root: Path, stack: str, own: str) -> frozenset[Fingerprint]:
    """Return the fingerprints that the runs of a stack left, but those of the run `own`.

    An app that was removed left no secret that could still be told.
    """
    found: set[Fingerprint] = set()
    for record in runs.recent(root, target=stack):
        if record.stack != stack or record.gone or record.id == own:
            continue
        found |= of_folder(root / record.id)
    return frozenset(found)


def of_folder(folder: Path) -> frozenset[Fingerprint]:
    """Return the fingerprints that a run left in its folder; none where they cannot be read."""
    with suppress(OSError, ValueError, TypeError, RecursionError):
        kept = json.loads(read_plain(folder / FILE, folder))
        return frozenset(from_json(Fingerprint, each) for each in kept)
    return frozenset()
