"""Which names of images no Engine takes. Pure.

Source: distribution/reference (normalize.go ParseNormalizedNamed, regexp.go), which moby and
swarmkit ask. Where its versions differ the milder one counts.
"""

import re

_COMPONENT = r"(?:[a-zA-Z0-9]|[a-zA-Z0-9][a-zA-Z0-9-]*[a-zA-Z0-9])"
_DOMAIN = rf"(?:{_COMPONENT}(?:\.{_COMPONENT})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PATH = r"[a-z0-9]+(?:(?:[._]|__|-*)[a-z0-9]+)*"
_REFERENCE = re.compile(
    rf"(?P<name>(?:{_DOMAIN}/)?{_PATH}(?:/{_PATH})*)(?::[A-Za-z0-9_][A-Za-z0-9_.-]{{0,127}})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)
_ID = re.compile(r"[a-f0-9]{64}")
_LONGEST = 255


def is_image_name(name: str) -> bool:
    """Say whether an Engine may take this for the name of an image."""
    if _ID.fullmatch(name):
        return False
    found = _REFERENCE.fullmatch(name)
    return found is not None and len(found["name"]) <= _LONGEST
