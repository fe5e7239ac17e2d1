"""How the file is written: names, images, networks."""

import re
from collections.abc import Iterator

from ccci.names import LONGEST_OBJECT_NAME
from ccci.sweep.rules.model import Confidence, Hit, Severity, Subject

_SPLIT = re.compile(r"[-_+]")
_NUMBER = re.compile(r"v?\d+(?:\.\d+)*(?:\.[x*])?", re.IGNORECASE)
_COMMIT = re.compile(r"(?:g|sha)?(?=[a-f]*\d)[0-9a-f]{7,40}")
_ALWAYS_MOVING = {"latest", "nightly", "snapshot", "edge"}
_FEWEST_DIGITS_OF_A_BUILD = 6


def tag(image: str) -> str | None:
    """Return an image's tag, `` where it has none, None where a digest pins it."""
    if "@" in image:
        return None
    return image.rpartition("/")[2].partition(":")[2]


def moves(found: str) -> bool:
    """Say whether a tag is given to one image after another.

    A version of two parts and more, a date, a number of a build and a commit stay; a channel, a
    flavour or a system's name without a version, and a major version alone, move.
    """
    words = _SPLIT.split(found.lower())
    if _ALWAYS_MOVING & set(words):
        return True
    if any(_COMMIT.fullmatch(word) for word in words):
        return False
    numbers = [word for word in words if _NUMBER.fullmatch(word)]
    if not numbers:
        return not any(len(re.sub(r"\D", "", word)) >= _FEWEST_DIGITS_OF_A_BUILD for word in words)
    version = numbers[0]
    # `main-42` is the build of a branch; `8-fpm` is a major version in a flavour.
    alone = len(numbers) == 1 and "." not in version and words[0] == version
    return alone and len(version) < _FEWEST_DIGITS_OF_A_BUILD


def moving_tag(subject: Subject) -> Iterator[Hit]:
    """Find an image's tag that can change under the same name."""
    image = subject.policy.image
    found = tag(image)
    # `x:` is a tag that a variable was to give: it is not known, which is not `latest`.
    if not image or found is None or image.endswith(":") or "$" in image:
        return
    if found and not moves(found):
        return
    what = f"`{found}` is a name that moves" if found else "there is no tag, so `latest` is meant"
    yield Hit(
        f"{what}: the same commit deploys another image tomorrow",
        "name the exact version, or a digest",
        ("image",),
    )


def bound_address(subject: Subject) -> Iterator[Hit]:
    """Find a port that is to be open on one address alone."""
    for bound in subject.policy.bound_addresses:
        address, _, port = bound.rpartition(":")
        yield Hit(
            f"Swarm passes over the address of `{bound}`: port {port} is open on every address of "
            "every node",
            f"publish no port, or close it in the firewall; nothing in Swarm binds to {address}",
            (f"ports.{port}", "ports"),
        )


def interpolated_duration(subject: Subject) -> Iterator[Hit]:
    """Find a variable in a health check's duration."""
    for key in subject.interpolated_durations:
        yield Hit(
            f"abra refuses a variable in the health check's `{key}`: it checks durations before "
            "variables are replaced",
            "write the duration itself, or override it in an overlay",
            (f"healthcheck.{key}", "healthcheck"),
            severity=None if subject.of_recipe else Severity.NOTE,
            confidence=None if subject.of_recipe else Confidence.GUESS,
        )


def app_on_shared_network(subject: Subject) -> Iterator[Hit]:
    """Find a service named `app` on a network that other stacks use too."""
    if subject.policy.name == "app" and subject.external_networks:
        networks = ", ".join(subject.external_networks)
        yield Hit(
            f"every stack's `app` answers to that name on {networks}: another stack may get the "
            "requests",
            "let others address it as `<stack>_app`, or give the service a name of its own",
            ("networks",),
        )


def unknown_dependency(subject: Subject) -> Iterator[Hit]:
    """depends_on names a service that is not there."""
    for name in subject.missing_dependencies:
        yield Hit(
            f"depends_on names `{name}`, which no file of the set declares",
            "correct the name; Swarm ignores depends_on, other tools stop at it",
            ("depends_on",),
        )


def long_name(kind: str, key: str, name: str, *, guessed: bool = False) -> Iterator[Hit]:
    """Yield what is wrong with a config's or secret's full name, the stack's included.

    With `guessed` the stack's name in it is one that nobody gave.
    """
    if len(name) > LONGEST_OBJECT_NAME:
        yield Hit(
            f"the {kind} `{key}` is called `{name}` in Swarm: {len(name)} characters, and "
            f"{LONGEST_OBJECT_NAME} is the limit",
            "shorten its key, or deploy under a shorter domain",
            severity=Severity.NOTE if guessed else None,
            confidence=Confidence.GUESS if guessed else None,
        )
