"""What a plan is made of: what is there, and what was asked for. Frozen values."""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from ccci.planning.objects import Kind, Write, name_of
from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.parts import environment_of, is_in_flight, spec_of
from ccci.swarm.decode.typed import OwnJson


@dataclass(frozen=True, slots=True)
class There:
    """What the swarm has before COMMAND: raw listings of the Engine, of all stacks."""

    services: Sequence[OwnJson] = ()
    tasks: Sequence[OwnJson] = ()
    nodes: Sequence[OwnJson] = ()
    networks: Sequence[OwnJson] = ()
    configs: Sequence[OwnJson] = ()
    secrets: Sequence[OwnJson] = ()
    absent_images: frozenset[str] = frozenset()
    digests: Mapping[str, str] = field(default_factory=dict)
    dirty: frozenset[str] = frozenset()
    """The tasks, by id, that Swarm's own test finds to be of another spec than their service's."""

    def of(self, stack: str) -> dict[str, OwnJson]:
        """Return the services of a stack by their full names."""
        return {
            name_of(Kind.SERVICE, each): each
            for each in self.services
            if listed(each).stack == stack
        }


def environments(there: There, writes: Sequence[Write]) -> Iterator[str]:
    """Yield the variables, as `NAME=value`, of the services that are there and that were sent."""
    specs = [spec_of(each) for each in there.services]
    specs += [each.spec for each in writes if each.kind is Kind.SERVICE]
    for spec in specs:
        yield from environment_of(spec)


@dataclass(frozen=True, slots=True)
class Asked:
    """What COMMAND asked for, and how it ended."""

    writes: Sequence[Write] = ()
    networks: Sequence[OwnJson] = ()
    code: int | None = None
    ended: bool = False
    last_words: str = ""
    refused: tuple[str, ...] = field(default_factory=tuple)
    passed_over: tuple[str, ...] = ()


def versions(services: Sequence[OwnJson], stack: str) -> dict[str, int]:
    """Return the version of each service of a stack, by its full name."""
    return {name: listed(each).version for name, each in There(services).of(stack).items()}


def moved(before: There, after: There, stack: str, names: Collection[str] = ()) -> tuple[str, ...]:
    """Return what of a stack somebody wrote between two looks, in words; `names` are watched too.

    The updater of a roll that is in flight writes a service's version as well, and never its spec
    (swarmkit manager/orchestrator/update/updater.go).
    """
    found = set[str]()
    for kind in Kind:
        was, now = (_watched(kind, each, stack, names) for each in (before, after))
        found |= {
            name if kind is Kind.SERVICE else f"{kind.word} {name}"
            for name in {*was, *now}
            if name not in was or name not in now or _written(was[name], now[name])
        }
    return tuple(sorted(found))


def _watched(kind: Kind, there: There, stack: str, names: Collection[str]) -> dict[str, OwnJson]:
    """Return the objects of a kind that are a stack's, by label or by name, or are named."""
    every = {
        Kind.SERVICE: there.services,
        Kind.NETWORK: there.networks,
        Kind.CONFIG: there.configs,
        Kind.SECRET: there.secrets,
    }
    found = {}
    for each in every[kind]:
        name = name_of(kind, each)
        if listed(each).stack == stack or name.startswith(f"{stack}_") or name in names:
            found[name] = each
    return found


def _written(was: OwnJson, now: OwnJson) -> bool:
    before, after = listed(was), listed(now)
    if before.id != after.id or spec_of(was) != spec_of(now):
        return True
    return before.version != after.version and not (is_in_flight(was) or is_in_flight(now))
