"""Images, before anything is deployed: which are there, which can be had, which are missing."""

import re
from collections.abc import Iterable

from ccci.errors import CcciError, CommandFailed, DeployRefused
from ccci.host import docker_cli
from ccci.host.masking import Mask, masked
from ccci.report.parts import Health
from ccci.steps.before import disk
from ccci.swarm.engine.client import Engine
from ccci.terminal.waiting import Waiting

_PULL_TIMEOUT = 1800.0
# docker/cli prints a line for each state of a layer where there is no terminal; bytes it does not.
_LAYER = re.compile(r"([0-9a-f]{6,64}): ([A-Z][A-Za-z ]{1,40})")
_HERE = {"Pull complete", "Already exists"}
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
    engine: Engine,
    images: Iterable[str],
    masks: Iterable[Mask],
    *,
    pull: bool,
    local: bool,
    waiting: Waiting,
) -> str:
    """Make sure that every image is there, and say in a few words what that took.

    `masks` are never printed.
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
    hidden = tuple(masks)
    absent: list[str] = list(wanted) if local else []
    unreachable: list[str] = []
    for name in () if local else wanted:
        layers = _Layers(name, waiting)
        try:
            pulled = docker_cli.pull(
                name, engine.environment(), timeout=_PULL_TIMEOUT, lines=layers.heard
            )
        except CommandFailed as error:
            unreachable.append(f"{name} ({error.message})")
            continue
        if pulled.code != 0:
            said = masked(pulled.tail(1), hidden)
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


class _Layers:
    """How far the pull of an image is, by the words of the docker CLI."""

    def __init__(self, image: str, waiting: Waiting) -> None:
        self._what = f"the registry to send {image}"
        self._waiting = waiting
        self._known: dict[str, bool] = {}
        waiting.begin(self._what, _PULL_TIMEOUT)

    def heard(self, line: str) -> None:
        """Take a line such as `3f1b…: Pull complete`."""
        found = _LAYER.fullmatch(line)
        if found:
            self._known[found[1]] = found[2] in _HERE
            there = sum(self._known.values())
            self._waiting.update(f"{self._what} ({there} of {len(self._known)} layers are here)")


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
