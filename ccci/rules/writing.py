"""How the file is written: names, images, networks."""

import re
from collections.abc import Iterator

from ccci.rules.model import Hit, Subject

# Swarm's own limit for the names of configs and secrets (swarmkit manager/controlapi/common.go).
LONGEST_NAME = 64

_CHANNELS = re.compile(
    r"(?:latest|stable|edge|nightly|main|master|dev|develop|devel|beta|rc|testing|unstable|lts"
    r"|mainline|current|release|next|canary|rolling|v?\d+)(?:-[a-z][a-z0-9.]*)*",
    re.IGNORECASE,
)


def tag(image: str) -> str | None:
    """Return an image's tag, `` where it has none, None where a digest pins it."""
    if "@" in image:
        return None
    return image.rpartition("/")[2].partition(":")[2]


def moving_tag(subject: Subject) -> Iterator[Hit]:
    """Find an image's tag that can change under the same name."""
    image = subject.policy.image
    found = tag(image)
    if not image or found is None or (found and not _CHANNELS.fullmatch(found)):
        return
    what = f"`{found}` is a name that moves" if found else "there is no tag, so `latest` is meant"
    yield Hit(
        f"{what}: the same commit deploys another image tomorrow",
        "name the exact version, or a digest",
        ("image",),
    )


def interpolated_duration(subject: Subject) -> Iterator[Hit]:
    """Find a variable in a health check's duration."""
    for key in subject.interpolated_durations:
        yield Hit(
            f"abra refuses a variable in the health check's `{key}`: it checks durations before "
            "variables are replaced",
            "write the duration itself, or override it in an overlay",
            (f"healthcheck.{key}", "healthcheck"),
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


def long_name(kind: str, key: str, name: str) -> Iterator[Hit]:
    """Return what is wrong with a config's or secret's full name, the stack's included."""
    if len(name) > LONGEST_NAME:
        yield Hit(
            f"the {kind} `{key}` is called `{name}` in Swarm: {len(name)} characters, and "
            f"{LONGEST_NAME} is the limit",
            "shorten its key, or deploy under a shorter domain",
        )
