"""Release tags of a recipe, `<recipe version>+<app version>`, and their order. Pure.

abra sorts with `tagcmp` and passes over what it cannot read; here the recipe's version decides
as semantic versioning says, and the app's version only between equals.
"""

import re
from dataclasses import dataclass
from functools import total_ordering

_RELEASE = re.compile(
    r"(?P<major>\d{1,9})\.(?P<minor>\d{1,9})\.(?P<patch>\d{1,9})"
    r"(?:-(?P<pre>[0-9A-Za-z.-]+))?\+(?P<app>[!-~]+)",
    re.ASCII,
)
_DIGITS = re.compile(r"([0-9]+)")


@total_ordering
@dataclass(frozen=True, slots=True)
class Release:
    """A release tag, such as `0.7.0+3.3.1`; greater is newer."""

    tag: str
    recipe: tuple[int, int, int]
    prerelease: str
    app: str

    def __lt__(self, other: "Release") -> bool:
        """Say whether this release is older than the other."""
        return _key(self) < _key(other)


def parse(tag: str) -> Release | None:
    """Return a tag as a release, or None where it is none."""
    found = _RELEASE.fullmatch(tag)
    if found is None:
        return None
    numbers = (int(found["major"]), int(found["minor"]), int(found["patch"]))
    return Release(tag, numbers, found["pre"] or "", found["app"])


def _natural(text: str) -> tuple[tuple[int, int, str], ...]:
    """Return a key under which `3.10` comes after `3.9`."""
    parts = (part for part in _DIGITS.split(text) if part)
    return tuple(_part(part) for part in parts)


def _part(part: str) -> tuple[int, int, str]:
    """Return one part's key: a number's is its length before its digits, so that any is taken."""
    digits = part.lstrip("0")
    return (1, len(digits), digits) if _DIGITS.fullmatch(part) else (0, 0, part)


def _key(release: Release) -> tuple[object, ...]:
    # A prerelease comes before its release (semver.org, 11.3).
    final = not release.prerelease
    return (release.recipe, final, _natural(release.prerelease), _natural(release.app), release.tag)
