"""Tags that mean another image by now than the one that runs, which a deploy cannot tell.

Swarm compares what a spec says. With `--resolve-image never`, or where no registry answers, a tag
is all that it says.
"""

from collections.abc import Iterator
from contextlib import suppress

from ccci.errors import EngineError
from ccci.exits import Verdict
from ccci.steps.outcome import Outcome
from ccci.swarm.decode import images
from ccci.swarm.decode.containers import image_of
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.history import History

_MOST = 20
"""Services that are looked into: each costs three requests."""


def notes(engine: Engine, outcome: Outcome, *, stays: bool = True) -> tuple[str, ...]:
    """Return a note for each service that was left as it was and whose tag has moved on.

    Where the app goes, there will be no service to update. Known of images and containers of
    the node asked alone.
    """
    left = {each.name for each in outcome.services if each.verdict is Verdict.UNCHANGED}
    histories = [each for each in outcome.rollout.histories.values() if each.name in left]
    found: list[str] = []
    with suppress(EngineError):  # it is asked for a note alone
        for history in histories[:_MOST]:
            found += _of(engine, history, stays=stays)
    return tuple(found)


def _of(engine: Engine, history: History, *, stays: bool) -> Iterator[str]:
    image = history.service.spec.identity.image or ""
    there = [task.container for task in history.slots.running if task.container]
    if not image or "@" in image or not there:
        return
    runs = image_of(engine.container(there[0]))
    now, old = engine.image(image), engine.image(runs) if runs else None
    moved = images.identifier(now) not in {"", images.identifier(old)}
    if old is None or not moved:
        return
    if image in images.tags(old):
        return  # two ids of one image, as a containerd store may have
    update = f"`docker service update --force {history.service.full_name}`, or " if stays else ""
    yield (
        f"{history.name}: {image} is another image by now than the one that runs, and nothing had "
        f"to roll for it: {update}a tag of its own for each build"
    )
