"""What an Engine does wrong by itself, whatever it is asked: a test that meets it is run again.

Only what was seen, and is no doing of a recipe, of ccci or of the test, is named here.
"""

import re

READ_ONLY_TOO_LATE = r"unable to remount dir as readonly.*device or resource busy"
"""What dockerd says of a container with configs or secrets, now and then, when many start at once:
their folder cannot be made read-only while a file in it is open for writing (moby
daemon/container_operations_unix.go), as in a child that dockerd forks at that very moment."""


def not_the_engines_fault(text: str) -> None:
    """Fail with the Engine's own words where a run ended as it did by a fault of the Engine."""
    found = re.findall(READ_ONLY_TOO_LATE, text)
    assert not found, f"a fault of the Engine's own: {found[0]}"
