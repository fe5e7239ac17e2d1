"""Which flags an installed abra has, and the argv that asks it for something; pure.

abra's own help is the authority: releases add and drop flags, and no reference of them all is
published. Sources of what is taken for granted are given where it is.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from ccci.errors import ToolMissing

HINT = (
    "`make abra` installs the release that ccci is written for; "
    "see https://docs.coopcloud.tech/abra/install/"
)

NO_INPUT = ("--no-input", "-n")
OFFLINE = ("--offline", "-o")
CHAOS = ("--chaos", "-C")
FORCE = ("--force", "-f")
NO_CONVERGE_CHECKS = ("--no-converge-checks", "-c")
NO_DOMAIN_CHECKS = ("--no-domain-checks", "-D")
DOMAIN = ("--domain", "-D")
SERVER = ("--server", "-s")
ALL = ("--all", "-a")


@dataclass(frozen=True, slots=True)
class Release:
    """What `abra --version` says: numbers to compare, and the text as printed."""

    numbers: tuple[int, int, int]
    text: str

    def __str__(self) -> str:
        """Return the version as abra prints it, such as `0.13.0-beta-06a57de`."""
        return self.text


OLDEST = Release((0, 8, 0), "0.8.0")


def release(printed: str) -> Release:
    """Return the release that `abra --version` printed.

    Its form is `abra version 0.13.0-beta-06a57de` (recipe-maintainers/cc-ci REVIEW-dstamp.md).
    Raise ToolMissing for anything without a version in it, or older than 0.8.
    """
    found = re.search(r"(\d+)\.(\d+)\.(\d+)[-+.\w]*", printed)
    if not found:
        raise ToolMissing(f"what `abra --version` prints is no version: {printed[:80]!r}", HINT)
    numbers = (int(found[1]), int(found[2]), int(found[3]))
    if numbers < OLDEST.numbers:
        raise ToolMissing(f"abra {found[0]} is too old: ccci needs {OLDEST} or newer", HINT)
    return Release(numbers, found[0])


def flags_in(help_text: str) -> frozenset[str]:
    """Return every flag that a help page lists, long and short.

    Reads both layouts: cobra's `  -C, --chaos   text` and urfave's `   --chaos, -C   text`
    (abra 0.10 moved from the one to the other).
    """
    found: set[str] = set()
    for line in help_text.splitlines():
        if line.lstrip().startswith("-"):
            names = re.split(r"\s{2,}|\t", line.strip(), maxsplit=1)[0]
            found.update(re.findall(r"(?<![\w-])(--?[A-Za-z][\w-]*)", names))
    return frozenset(found)


@dataclass(frozen=True, slots=True)
class Help:
    """The flags that abra lists: those of `abra --help`, and those of one of its verbs."""

    root: frozenset[str] = frozenset()
    verb: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Wish:
    """A flag we would like: its long and short name, its value, and whether we need it."""

    names: tuple[str, str]
    value: str | None = None
    needed: bool = False


@dataclass(frozen=True, slots=True)
class Order:
    """An argv for abra (without its executable), and the flags it would have liked as well."""

    argv: tuple[str, ...]
    missing: tuple[str, ...] = ()
    env: Mapping[str, str] = field(default_factory=dict)


def order(verb: Sequence[str], positional: Sequence[str], wishes: Sequence[Wish], h: Help) -> Order:
    """Return the argv of `abra VERB FLAGS POSITIONAL`, with each wish where this abra takes it.

    Flags stand before the positional arguments: urfave (up to 0.9) reads none behind them, cobra
    reads both. A flag that only `abra --help` lists is global, and stands before the verb. Raise
    ToolMissing for one that is needed and is in neither.
    """
    before: list[str] = []
    after: list[str] = []
    missing: list[str] = []
    for wish in wishes:
        place, name = _placed(wish, h, before, after)
        if place is None:
            if wish.needed:
                raise ToolMissing(
                    f"this abra has no {wish.names[0]} for `abra {' '.join(verb)}`", HINT
                )
            missing.append(wish.names[0])
        else:
            place.append(name if wish.value is None else f"{name}={wish.value}")
    return Order((*before, *verb, *after, *positional), tuple(missing))


def _placed(
    wish: Wish, h: Help, before: list[str], after: list[str]
) -> tuple[list[str] | None, str]:
    long, short = wish.names
    for flags, place in ((h.verb, after), (h.root, before)):
        if long in flags:
            return place, long
        # A bare short letter may mean something else in another release (`-D` is two flags), so
        # it stands in for the long name only where the help lists no long names at all.
        if short in flags and not any(name.startswith("--") for name in flags):
            return place, short
    return None, ""


def new(recipe: str, domain: str, server: str, h: Help) -> Order:
    """Return the argv that makes an app from what is checked out: its `.env`, nothing else."""
    wishes = [
        Wish(NO_INPUT, needed=True),
        Wish(OFFLINE),
        Wish(CHAOS),
        Wish(DOMAIN, domain, needed=True),
        Wish(SERVER, server, needed=True),
    ]
    return order(("app", "new"), (recipe,), wishes, h)


def generate_secrets(domain: str, h: Help) -> Order:
    """Return the argv that generates every secret which the app declares and lacks."""
    wishes = [Wish(NO_INPUT), Wish(OFFLINE), Wish(CHAOS), Wish(ALL, needed=True)]
    return order(("app", "secret", "generate"), (domain,), wishes, h)


def deploy(domain: str, version: str | None, h: Help, *, chaos: bool) -> Order:
    """Return the argv that deploys the app, over one that is deployed already where need be.

    As chaos it deploys what is checked out (`-C` makes abra's own checkout a no-op: cc-ci
    JOURNAL-dstamp.md), else `version`. Without abra's converge checks, since the judge is ours.
    Offline, since it fetches tags from `origin` otherwise (cc-ci docs/runbook.md), which was done.
    """
    wishes = [
        Wish(NO_INPUT, needed=True),
        Wish(OFFLINE),
        Wish(NO_CONVERGE_CHECKS),
        # It compares DNS with the server's address, which says nothing about a rollout.
        Wish(NO_DOMAIN_CHECKS),
        Wish(CHAOS, needed=True) if chaos else Wish(FORCE),
    ]
    return order(
        ("app", "deploy"), (domain,) if chaos or not version else (domain, version), wishes, h
    )


def undeploy(domain: str, h: Help) -> Order:
    """Return the argv that removes the app's services; abra returns before they are gone."""
    return order(("app", "undeploy"), (domain,), [Wish(NO_INPUT, needed=True), Wish(OFFLINE)], h)
