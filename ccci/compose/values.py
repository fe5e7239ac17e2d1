"""Texts inside compose files that the docker CLI parses further: durations, sizes, ports, mounts.

Each function raises ValueError with docker's own complaint.
"""

import ipaddress
import re
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

from ccci.compose.numbers import parse_float, parse_integer, to_int64

_UNITS = {"ns": 1, "us": 10**3, "µs": 10**3, "μs": 10**3, "ms": 10**6, "s": 10**9}
_UNITS |= {"m": 60 * 10**9, "h": 3600 * 10**9}
_PART = re.compile(r"([0-9]*)(\.[0-9]*)?(ns|us|µs|μs|ms|s|m|h)")
_SIZES = {"k": 2**10, "m": 2**20, "g": 2**30, "t": 2**40, "p": 2**50}
_LARGEST = 2**63 - 1
_MOST_DIGITS = 19  # of a number that 63 bits hold
_END = "\0"  # volumespec.go, endOfSpec
_PORT = re.compile(r"[0-9]+")
_LARGEST_PORT = 2**16 - 1


def nanoseconds(text: str) -> int:
    """Return a duration such as `1m30s` in nanoseconds, as Go's time.ParseDuration reads it."""
    invalid = ValueError(f'time: invalid duration "{text}"')
    sign = -1 if text[:1] == "-" else 1
    rest = text[1:] if text[:1] in {"-", "+"} else text
    if rest == "0":
        return 0
    if not rest:
        raise invalid
    total, at = 0, 0
    while at < len(rest):
        part = _PART.match(rest, at)
        if part is None or not (part[1] or len(part[2] or "") > 1):
            raise invalid
        unit = _UNITS[part[3]]
        whole = part[1].lstrip("0")
        if len(whole) > _MOST_DIGITS:
            raise invalid
        total += int(whole or 0) * unit
        if part[2] and len(part[2]) > 1:
            total += int(Decimal("0" + part[2]) * unit)
        at = part.end()
        if total > _LARGEST + (sign < 0):
            raise invalid
    return sign * total


def size(text: str) -> int:
    """Return an amount of memory such as `1.5gib` in bytes (docker/go-units, RAMInBytes)."""
    last = max((text.rfind(character) for character in "0123456789. "), default=-1)
    if last < 0:
        raise ValueError(f"invalid size: '{text}'")
    number = text[:last] if text[last] == " " else text[: last + 1]
    suffix = text[last + 1 :].lower()
    amount = parse_float(number)
    if amount < 0:
        raise ValueError(f"invalid size: '{text}'")
    if suffix in {"", "b"}:
        return to_int64(amount)
    if suffix[0] not in _SIZES or suffix[1:] not in {"", "b", "ib"}:
        raise ValueError(f"invalid suffix: '{suffix}'")
    return to_int64(amount * _SIZES[suffix[0]])


@dataclass(frozen=True, slots=True)
class Port:
    """One published port; `published` is 0 where Swarm chooses."""

    target: int
    published: int
    protocol: str = "tcp"
    mode: str = "ingress"


def bound_address(spec: str) -> str:
    """Return `ADDRESS:PUBLISHED` of a short form that names a node's address, else nothing."""
    before, _, container = spec.rpartition(":")
    address, _, published = before.rpartition(":")
    everywhere = {"", "0.0.0.0", "[::]", "::"}  # noqa: S104 -- nothing is bound here
    if not container or address in everywhere or any(mark in spec for mark in "{= "):
        return ""
    return f"{address}:{published or container.partition('/')[0]}"


class _Ranges(NamedTuple):
    """The ranges of a short form; `host` is None where Swarm chooses the published ports."""

    container: tuple[int, int]
    host: tuple[int, int] | None
    protocol: str


def check_ports(spec: str) -> None:
    """Raise ValueError where a text is no short form of ports."""
    _ranges(spec)


def ports(spec: str) -> list[Port]:
    """Return the ports of a short form such as `127.0.0.1:80-81:8080-8081/udp`."""
    (first, last), host, protocol = _ranges(spec)
    host_first, host_last = host or (0, 0)
    if first == last:
        return [Port(first, each, protocol) for each in range(host_first, host_last + 1)]
    pairs = [
        Port(first + step, host_first + step if host else 0, protocol)
        for step in range(last - first + 1)
    ]
    return sorted(pairs, key=lambda port: str(port.target))


def _ranges(spec: str) -> _Ranges:
    *before, container = spec.split(":")
    address = ":".join(before[:-1])
    host = before[-1] if before else ""
    container, _, protocol = container.partition("/")
    # go-connections/nat: `80/` is tcp, `/udp` names no port, and what follows a second `/` is lost.
    protocol = (protocol.partition("/")[0] or "tcp").lower()
    if address:
        _check_address(address)
    if not container:
        raise ValueError(f"no port specified: {spec}<empty>")
    first, last = _range(container, f"invalid containerPort: {container}")
    published = _range(host, f"invalid hostPort: {host}") if host else None
    if published and last - first != published[1] - published[0] and last != first:
        raise ValueError(
            f"invalid ranges specified for container and host Ports: {container} and {host}"
        )
    if protocol not in {"tcp", "udp", "sctp"}:
        raise ValueError(f"invalid proto: {protocol}")
    return _Ranges((first, last), published, protocol)


def _check_address(address: str) -> None:
    bare = address[1:-1] if address[0] == "[" and address[-1] == "]" else address
    try:
        ipaddress.ip_address(bare.partition("%")[0] if address[0] == "[" else bare)
    except ValueError:
        raise ValueError(f"invalid IP address: {address}") from None


def _range(text: str, complaint: str) -> tuple[int, int]:
    first, *rest = text.split("-")
    last = rest[0] if rest else first
    if not _PORT.fullmatch(first) or not _PORT.fullmatch(last):
        raise ValueError(complaint)
    begin, end = parse_integer(first), parse_integer(last)
    if end < begin or end > _LARGEST_PORT:
        raise ValueError(complaint)
    return begin, end


@dataclass(frozen=True, slots=True)
class Mount:
    """One mount of a service: a named volume has type `volume` and a source.

    `options` are the sections of its options that are written: `bind`, `volume`, `tmpfs` …
    """

    target: str
    source: str = ""
    type: str = "volume"
    read_only: bool = False
    options: frozenset[str] = frozenset()


OPTIONS_OF_MOUNTS = frozenset({"bind", "volume", "tmpfs", "cluster"})


def mount(spec: str) -> Mount:
    """Return the mount of a short form such as `data:/var/lib/data:ro` (volumespec.Parse)."""
    if not spec:
        raise ValueError("invalid empty volume spec")
    if len(spec.encode()) <= 2:  # noqa: PLR2004
        return Mount(spec)
    if _END in spec:
        return _mount_with_ends(spec)
    parts = _mount_parts(spec)
    if "" in parts:
        raise ValueError(f"invalid spec: {spec}: empty section between colons")
    if len(parts) == 1:
        return Mount(parts[0])
    if len(parts) > 3:  # noqa: PLR2004
        raise ValueError(f"invalid spec: {spec}: too many colons")
    source, target = parts[0], parts[1]
    read_only = False
    for option in parts[2].split(",") if len(parts) == 3 else ():  # noqa: PLR2004
        if option in {"ro", "rw"}:
            read_only = option == "ro"
    return Mount(target, source, "bind" if _is_path(source) else "volume", read_only)


def _mount_with_ends(spec: str) -> Mount:
    """Return the mount of a text that holds docker's own mark for the end of the text."""
    invalid = f"invalid spec: {spec}: "
    source = target = current = ""
    read_only = False
    for character in spec + _END:
        drive = len(current) == 1 and current.isalpha()
        if character not in {":", _END} or (character == ":" and drive):
            current += character
            continue
        if not current:
            raise ValueError(f"{invalid}empty section between colons")
        if not source and character == _END:
            target = current
        elif not source:
            source = current
        elif not target:
            target = current
        elif character == ":":
            raise ValueError(f"{invalid}too many colons")
        else:
            for option in current.split(","):
                read_only = option == "ro" if option in {"ro", "rw"} else read_only
        current = ""
    kind = "bind" if source and _is_path(source) else "volume"
    return Mount(target, source, kind, read_only)


def _mount_parts(spec: str) -> list[str]:
    """Split at colons, except after a single letter, which is a Windows drive."""
    parts, current = [], ""
    for character in spec:
        if character == ":" and not (len(current) == 1 and current.isalpha()):
            parts.append(current)
            current = ""
        else:
            current += character
    return [*parts, current]


def _is_path(source: str) -> bool:
    if source[0] in "./~" or source.startswith("\\\\"):
        return True
    return len(source) > 1 and source[0].isalpha() and source[1] == ":"


def check_words(text: str) -> None:  # noqa: C901 -- a small state machine
    """Raise ValueError where a command cannot be split into words (google/shlex)."""
    quote, escaped, in_word, comment = "", False, False, False
    for character in text:
        if comment:
            comment = character != "\n"
        elif escaped:
            escaped = False
            in_word = True
        elif character == "\\" and quote != "'":
            escaped = True
        elif quote:
            quote = "" if character == quote else quote
            in_word = True
        elif character in "\"'":
            quote = character
        elif character in " \t\r\n":
            in_word = False
        elif character == "#" and not in_word:
            comment = True
        else:
            in_word = True
    if escaped:
        raise ValueError("EOF found after escape character")
    if quote:
        raise ValueError("EOF found when expecting closing quote")
