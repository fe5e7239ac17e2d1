"""What Swarm takes as the content of a config or a secret. Pure."""

from ccci.errors import DeployRefused

LARGEST_CONFIG = 1000 * 1024
"""Bytes that a config has fewer of, from 20.10.15 on (swarmkit manager/controlapi/config.go).

Before it was half of that, which is not held against anybody.
"""

LARGEST_SECRET = 500 * 1024
"""Bytes that a secret has fewer of (swarmkit api/validation/secrets.go, MaxSecretSize)."""

_LARGEST = {"config": LARGEST_CONFIG, "secret": LARGEST_SECRET}


def is_taken(kind: str, size: int) -> bool:
    """Say whether Swarm takes so many bytes as a config or a secret."""
    return 0 < size < _LARGEST[kind]


def check(kind: str, name: str, file: str, size: int) -> None:
    """Raise DeployRefused for a config or secret whose file Swarm would refuse."""
    if is_taken(kind, size):
        return
    told = f"the {kind} {name} is made from {file}, which"
    if not size:
        raise DeployRefused(
            f"{told} is empty: Swarm refuses it",
            f"write something into {file}, if only a comment, or leave the {kind} out",
        )
    raise DeployRefused(
        f"{told} has {size} bytes: Swarm takes fewer than {_LARGEST[kind]}",
        "shorten it, or bring it into the image or a volume",
    )
