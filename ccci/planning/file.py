"""A plan kept in a file, and whether the stack is still the one that it was made on."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

from ccci.errors import CcciError, UsageError
from ccci.host import files, sanitizer
from ccci.host.masking import Mask, mask
from ccci.plain_file import LARGEST_DOCUMENT, read_plain
from ccci.planning.model import Plan, document
from ccci.records.places import refuse_tracked_place

_LONGEST_NAME = 200


def save(path: Path, found: Plan, secrets: Iterable[Mask] = ()) -> None:
    """Keep a plan for `ccci converge --plan`, without these secrets.

    Raise CcciError where it cannot be written, or must not be.
    """
    refuse_tracked_place(path, "--save")
    try:
        told = mask(sanitizer.document(document(found)), secrets)
        write = files.write_chosen if files.is_stream(path) else files.write
        write(path, sanitizer.json_text(json.dumps(told, indent=2)) + "\n")
    except OSError as error:
        raise CcciError(
            f"the plan cannot be written to {path}: {error.strerror}", "give another --save"
        ) from error


def moved_since(path: Path, stack: str, now: Mapping[str, int]) -> tuple[str, ...]:
    """Return the services that are no longer as the plan in a file found them.

    `now` are the versions of the stack's services (`facts.versions`). Raise UsageError for a file
    that is no plan of this stack.
    """
    try:
        saved = json.loads(read_plain(path, most=LARGEST_DOCUMENT))
        known: Mapping[str, int] = saved["planned_on"]
        if not isinstance(known, dict):
            raise TypeError("planned_on is no mapping")  # noqa: TRY301 -- told like the rest
        if saved["stack"] != stack:
            other = str(saved["stack"])[:_LONGEST_NAME]
            raise UsageError(f"{path} is a plan of {other}, not of {stack}", "plan again")
    except (OSError, ValueError, KeyError, TypeError, RecursionError) as error:
        raise UsageError(
            f"{path} is no plan: {error}", "`ccci plan --save FILE` writes one"
        ) from None
    return tuple(sorted(name for name in {*known, *now} if known.get(name) != now.get(name)))
