"""What the Engine takes in a service's spec: its words, its least amounts, its grammars. Pure.

moby daemon/cluster/convert/service.go, and swarmkit manager/controlapi/service.go: the same from
20.10 to 29. Everything is held in the Engine's units, bytes and nanoseconds.
"""

import re

from ccci.host.patterns import late

UPDATE_ACTIONS = frozenset({"", "pause", "continue", "rollback"})
RESTART_CONDITIONS = frozenset({"", "none", "on-failure", "any"})
ENDPOINT_MODES = frozenset({"", "vip", "dnsrr"})

LEAST_MEMORY = 4 * 2**20
LEAST_NANO_CPUS, NANO_CPUS = 10**6, 10**9
"""The least part of a CPU that may be asked for, and a whole one."""
LEAST_HEALTH_PERIOD = 10**6
"""Nanoseconds between two health checks, or that one may take; 0 stands for the default."""

_KEY = late(r"[a-z_][a-z0-9\-_.]+", re.IGNORECASE)
_VALUE = late(r"[a-z0-9:\-_\s.*()?+\[\]\\^$|/]+", re.IGNORECASE)

_LABEL = r"[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?"
_HOST = rf"(?:{_LABEL}(?:\.{_LABEL})*|\[[a-fA-F0-9:]+\])(?::[0-9]+)?"
_PART = r"[a-z0-9]+(?:(?:[._]|__|-+)[a-z0-9]+)*"
_IMAGE = late(
    rf"(?:(?P<host>{_HOST})/)?(?P<path>{_PART}(?:/{_PART})*)"
    r"(?::[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?"
    r"(?:@[A-Za-z][A-Za-z0-9]*(?:[-_+.][A-Za-z][A-Za-z0-9]*)*:[0-9a-fA-F]{32,})?"
)
_ID = late(r"[a-f0-9]{64}")
_LONGEST_IMAGE = 255


def constraint_fault(constraint: str) -> str:
    """Return what swarmkit has against a constraint, in its words, or nothing.

    manager/constraint/constraint.go: Parse.
    """
    operator = next((each for each in ("==", "!=") if each in constraint), None)
    if operator is None:
        return "constraint expected one operator from ==, !="
    key, value = (part.strip() for part in constraint.split(operator, 1))
    if not _KEY().fullmatch(key):
        return f"key '{key}' is invalid"
    if not _VALUE().fullmatch(value):
        return f"value '{value}' is invalid"
    return ""


def is_image_name(name: str, *, everywhere: bool = False) -> bool:
    """Say whether an Engine may take this for the name of an image, or each Engine `everywhere`.

    distribution/reference (normalize.go ParseNormalizedNamed, regexp.go), which moby and swarmkit
    ask. An Engine 20.10 (docker/distribution 2.7) refuses a first part in capitals, and counts the
    host for the length; for 28.2 (distribution/reference 0.6) that part is a host, and the path
    alone counts.
    """
    found = None if _ID().fullmatch(name) else _IMAGE().fullmatch(name)
    if found is None:
        return False
    host, path = found["host"] or "", found["path"]
    if host and host != "localhost" and not any(mark in host for mark in ".:"):
        if host != host.lower():
            return not everywhere and len(path) <= _LONGEST_IMAGE
        host, path = "", f"{host}/{path}"
    if everywhere:
        path = f"{host or 'docker.io'}/{path if host or '/' in path else f'library/{path}'}"
    return len(path) <= _LONGEST_IMAGE
