"""Images, before anything is deployed: which are there, which can be had, which are missing."""

import re
from collections.abc import Iterable

from ccci import disk
from ccci.deployers import Deployment
from ccci.doctor import Health
from ccci.errors import CcciError, CommandFailed, DeployRefused
from ccci.masking import masked
from ccci.process import run
from ccci.swarm.engine import Engine

_PULL_TIMEOUT = 1800.0
_DISK_FULL = "no space left on device"
_ROOM = "make room on the Engine's disk (`docker system df`), or add some"

# What a registry says of an image that it does not have (docker's CLI passes it on); everything
# else (no route, no answer, rate limit) says nothing about the recipe.
_ABSENT = re.compile(
    r"manifest (?:for \S+ )?(?:unknown|not found)|manifest unknown|: not found|no matching manifest"
    r"|repository does not exist|invalid reference format|pull access denied|name unknown",
    re.IGNORECASE,
)


def missing(engine: Engine, images: Iterable[str]) -> tuple[str, ...]:
    """Return the images that the Engine asked does not have, each once."""
    return tuple(name for name in dict.fromkeys(images) if engine.image(name) is None)


def fetch(
    engine: Engine, deployment: Deployment, images: Iterable[str], *, pull: bool, local: bool
) -> str:
    """Make sure that every image is there, and say in a few words what that took.

    Without `pull` an image that is not there is named and left to Swarm; with `local` no registry
    counts, so it is absent. Raise DeployRefused with the name of each image that does not exist,
    CcciError where a registry cannot be asked, or there is no room for what it would send.
    """
    every = tuple(dict.fromkeys(images))
    wanted = missing(engine, every)
    if not wanted:
        return f"{len(every)} there already"
    if not pull:
        return f"not pulled, not on this node: {', '.join(wanted)}"
    if not local:
        _check_room(engine)
    absent: list[str] = list(wanted) if local else []
    unreachable: list[str] = []
    for name in () if local else wanted:
        try:
            pulled = run(
                ("docker", "pull", "--quiet", "--", name),
                env=deployment.env,
                timeout=_PULL_TIMEOUT,
                check=False,
            )
        except CommandFailed as error:
            unreachable.append(f"{name} ({error.message})")
            continue
        if pulled.code != 0:
            said = masked(pulled.tail(1), deployment.masks)
            (absent if _ABSENT.search(said) else unreachable).append(f"{name} ({said})")
    if absent:
        raise DeployRefused(
            f"absent image: {', '.join(absent)}", "correct the image's name and tag in the recipe"
        )
    if unreachable:
        full = any(_DISK_FULL in each for each in unreachable)
        raise CcciError(
            f"image not obtainable: {', '.join(unreachable)}",
            _ROOM
            if full
            else "check the registry and the network; --no-pull leaves it to the nodes",
        )
    return f"{len(wanted)} pulled, {len(every) - len(wanted)} there already"


def scarce(engine: Engine) -> tuple[str, ...]:
    """Return a note where the Engine's disk is nearly full: an upgrade keeps two sets of images."""
    room = disk.of_images(engine)
    if room is None or room.health is Health.OK:
        return ()
    return (f"the Engine's disk is nearly full: {room.found}",)


def _check_room(engine: Engine) -> None:
    room = disk.of_images(engine)
    if room is not None and room.health is Health.MISSING:
        raise CcciError(f"no image can be pulled: {room.found}", _ROOM)
