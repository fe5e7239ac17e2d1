"""The teardown of an app that a run left, and the proof that it is gone."""

from dataclasses import dataclass

from ccci.actions.finished import Began, engine_of
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.locks.lease import DEFAULT_TIMEOUT
from ccci.removal import app as removal
from ccci.removal.teardown import REMOVAL_PATIENCE, summary
from ccci.report.model import Report
from ccci.report.parts import Teardown
from ccci.swarm.engine.client import Engine
from ccci.terminal.output import Output
from ccci.terminal.waiting import Waiting


@dataclass(frozen=True, slots=True)
class Request:
    """What to remove, and how many seconds to wait for it; `force` repeats a stranger's name."""

    target: str
    force: str | None = None
    timeout: float = REMOVAL_PATIENCE
    lock_timeout: float = DEFAULT_TIMEOUT


def tear_down(request: Request, output: Output) -> Report:
    """Remove the app that is meant and return what came of it.

    Raise UsageError for one that ccci did not deploy, CcciError when another run is at work on it
    or the Engine cannot be used.
    """
    if not request.target or request.target.startswith("-"):
        raise UsageError(
            f"{request.target!r} is no app", "name its domain, its stack or its recipe"
        )
    began = Began()
    with Engine.connect() as engine:
        engine.require_manager()
        place = removal.Place.usual(engine)
        found = removal.resolve(place, request.target, force=request.force)
        with Waiting(output, "teardown") as waiting:
            ending = removal.remove(
                place,
                found,
                lock_timeout=request.lock_timeout,
                patience=request.timeout,
                say=output.progress,
                waiting=waiting,
            )
    return began.finish(
        Report(
            "teardown",
            Verdict.UNABLE if ending.left else Verdict.DONE,
            summary(found.stack, ending),
            target=request.target,
            stack=found.stack,
            engine=engine_of(engine),
            hint="run it again; `docker node ls` shows nodes that are away" if ending.left else "",
            notes=ending.notes,
            teardown=Teardown(
                tuple(map(str, ending.removed)), ending.files, ending.left, ending.unseen
            ),
        )
    )
