"""What COMMAND is, as far as the words of its arguments tell, a shell's line included. Pure."""

import re
from collections.abc import Sequence

_ROLLBACK = re.compile(r"\bservice\s+rollback\b|(?<!\S)--rollback(?![-\w])")
_STACK_DEPLOY = re.compile(r"\bstack\s+(?:deploy|up)\b")
_PRUNE = re.compile(r"(?<!\S)--prune(?![-\w]|=false)")


def asks_for_rollback(argv: Sequence[str]) -> bool:
    """Say whether COMMAND asks Swarm for a rollback in so many words.

    A script that does so inside is not known by its name: then the rollback may be somebody else's.
    """
    return _ROLLBACK.search(" ".join(argv)) is not None


def leaves_old_services(argv: Sequence[str]) -> bool:
    """Say whether COMMAND is a `docker stack deploy` that keeps what the file no longer has."""
    words = " ".join(argv)
    return _STACK_DEPLOY.search(words) is not None and _PRUNE.search(words) is None


def refused_service(words: str) -> str:
    """Return the service at which `docker stack deploy` failed, by its full name, or nothing.

    The others may or may not have been sent: docker sends them in no order
    (docker/cli cli/command/stack/swarm/deploy_composefile.go).
    """
    found = re.findall(r"failed to (?:update|create) service ([^\s:]+):", words)
    return found[-1] if found else ""
