"""A report as it is kept and handed on: the one value that every form of it is made from. Pure."""

from collections.abc import Iterable
from dataclasses import replace

from ccci.host import sanitizer
from ccci.host.json_values import from_json, to_json
from ccci.host.masking import Mask, mask
from ccci.report.model import Report, document, read
from ccci.report.timeline import Timeline


def settled(report: Report, masks: Iterable[Mask] = ()) -> Report:
    """Return a report without secrets, each text of it one harmless line, numbers as JSON has them.

    What was read back from a record is such already, so that it gives the same forms anywhere.
    """
    hidden = frozenset(masks)
    told = mask(report, hidden)
    clean = replace(
        read(sanitizer.document(document(told))),
        timeline=from_json(Timeline, sanitizer.document(to_json(told.timeline))),
    )
    # An escape may cut a secret in two, so that it is looked for again once there is none.
    return mask(clean, hidden)
