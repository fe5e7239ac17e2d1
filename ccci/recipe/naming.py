"""Names of apps and stacks: short, and the same for the same commit of the same recipe. Pure."""

import hashlib
import re

from ccci.errors import UsageError

SUFFIX = "ccci.test"
"""`.test` is never a real domain (RFC 6761)."""

_LONGEST_STACK = 45
_LABEL = r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?"
_DOMAIN = re.compile(rf"{_LABEL}(?:\.{_LABEL})*")
_LONGEST_DOMAIN = 253


def domain_of(recipe: str, commit: str) -> str:
    """Return the domain of a run of this commit: `disc-1a2b3c.ccci.test`.

    Swarm's names of secrets and configs end at 64 characters and begin with the stack, so it is
    short; the same commit gets the same domain, so two runs of it meet at one lock.
    """
    digest = hashlib.sha256(f"{recipe}|{commit}".encode()).hexdigest()
    start = re.sub(r"[^a-z0-9]", "", recipe)[:4]
    return f"{start}-{digest[:6]}.{SUFFIX}"


def check_domain(domain: str) -> str:
    """Return the domain. Raise UsageError for what is none."""
    if not _DOMAIN.fullmatch(domain) or len(domain) > _LONGEST_DOMAIN:
        raise UsageError(
            f"--domain {domain!r} is no domain",
            "write small letters, digits, - and dots: app.example.com",
        )
    return domain


def stack_of(domain: str) -> str:
    """Return the stack's name: dots become underscores, hyphens stay, 45 characters at most.

    As abra does (cc-ci, DECISIONS.md: a run failed at a name of 66 characters).
    """
    return domain.replace(".", "_")[:_LONGEST_STACK]
