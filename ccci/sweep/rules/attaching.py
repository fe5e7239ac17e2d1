"""What `docker stack deploy` refuses of a service's mounts, configs and secrets."""

from collections.abc import Iterator

from ccci.compose.service import Service
from ccci.compose.values import Mount
from ccci.sweep.rules.model import Hit

_TYPES = {"volume", "bind", "tmpfs", "npipe", "cluster"}
_OPTIONS = {"npipe": {"bind"}}
"""Sections that go with a type, where they are not called as it (cli/compose/convert/volume.go)."""

_WITH_A_SOURCE = {"npipe", "cluster"}
"""Types that need one; a bind without is refused when the file is read."""


def attached(service: Service) -> Iterator[Hit]:
    """Yield what is refused of how a service's files come into its containers."""
    for mount in service.mounts or ():
        for message, hint in _mount(mount):
            yield Hit(message, hint, (f"volumes.{mount.target}", "volumes"))
    yield from _one_target(service)


def _mount(mount: Mount) -> Iterator[tuple[str, str]]:
    if mount.type not in _TYPES:
        yield f"`type: {mount.type}` is no type of a volume", "write `volume`, `bind` or `tmpfs`"
        return
    if mount.type == "tmpfs" and mount.source:
        yield "a tmpfs has no source", "leave `source` out"
    if mount.type in _WITH_A_SOURCE and not mount.source:
        yield f"`type: {mount.type}` needs a source", "name it under `source`"
    for section in sorted(mount.options - _OPTIONS.get(mount.type, {mount.type})):
        yield f"a {mount.type} takes no `{section}` options", f"leave `{section}` out"


def _one_target(service: Service) -> Iterator[Hit]:
    """Yield files of one name, as they are written (swarmkit controlapi, validateConfigRefsSpec).

    A secret `a` and one with the target `/run/secrets/a` are two for it.
    """
    taken: dict[tuple[str, str], str] = {}
    for kind, source, target in service.files:
        other = taken.get((kind, target))
        if other is None:
            taken[kind, target] = source
        elif other == source:
            yield Hit(
                f"`{source}` stands twice under `{kind}`, with one target, `{target}`",
                "name it once",
                (f"{kind}.{source}", kind),
            )
        else:
            yield Hit(
                f"the {kind} `{other}` and `{source}` have one target, `{target}`",
                "give one of them another `target`",
                (f"{kind}.{source}", kind),
            )
