"""What is there under an app's name before a run makes anything: an earlier run's, or not ours."""

from ccci import settings
from ccci.deployers import App
from ccci.errors import CcciError
from ccci.host import clock
from ccci.locks.lease import Lease
from ccci.records import runs
from ccci.records.runs import Record
from ccci.removal.jobs import is_at_work
from ccci.removal.looking import look
from ccci.removal.objects import Kind, told
from ccci.removal.teardown import REMOVAL_PATIENCE, claim_of, files_of, summary, tear_down
from ccci.steps.workspace import Workspace
from ccci.swarm.decode import tasks
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL

_LOOK_EVERY = 0.25


def clear(workspace: Workspace, app: App, held: Lease) -> None:
    """Remove what a run left that was killed before it could; the lock is ours now.

    A volume of that run would break this one in ways that are not its own (a database that is set
    up already), and its app would be taken for one that is meant to stay. Raise CcciError when it
    cannot be removed.
    """
    root = settings.runs_folder()
    records = [each for each in runs.recent(root) if each.id != workspace.run.id]
    why = _left_by(app.stack, records, held)
    if why is None:
        return
    with workspace.steps.step("leftovers") as progress:
        ended = runs.ended(root, records)
        ending = tear_down(
            workspace.engine,
            claim_of(workspace.engine, app.stack, records),
            files=files_of(app.stack, ended),
            check=held.check,
            waiting=progress.waiting,
        )
        if not ending.gone:
            raise CcciError(
                f"what {why} left cannot be removed: {', '.join(ending.left)}",
                f"ccci teardown {app.domain}",
            )
        runs.forget_stack(root, app.stack, ended)
        progress.say(f"{why} was killed: {summary(app.stack, ending)}")


def settle(workspace: Workspace, app: App, *, patience: float = REMOVAL_PATIENCE) -> None:
    """Wait for the end of a removal that somebody began: a deploy onto it would race Swarm.

    `abra app undeploy` and `docker stack rm` return while tasks still stop and networks are still
    there (cc-ci commit d87cb8e). Raise CcciError when it does not end within `patience` seconds.
    """
    if not _stopping(workspace.engine, app.stack):
        return
    with workspace.steps.step("removal") as progress:
        until = clock.monotonic() + patience
        progress.waiting.begin(f"the removal of {app.stack}, which somebody began", patience)
        while left := _stopping(workspace.engine, app.stack):
            if clock.monotonic() >= until:
                raise CcciError(
                    f"{app.stack} is being removed, and still has {', '.join(left)}",
                    "see `docker node ls`: is a node down? Another --domain is free at once",
                )
            clock.sleep(_LOOK_EVERY)
        progress.say(f"{app.stack} was being removed: waited for its end")


def _stopping(engine: Engine, stack: str) -> tuple[str, ...]:
    """Return the tasks of a stack that has no service any more."""
    if engine.services(stack):
        return ()
    listing = tasks.entries(engine.tasks({"label": [f"{STACK_LABEL}={stack}"]}))
    # One of a job is under way to no end: up to engine 20.10 it outlives its service.
    going = (each for each in listing if is_at_work(each) and not each.is_of_a_job)
    return tuple(f"task {each.id[:12]}" for each in going)


def services(engine: Engine, stack: str) -> list[OwnJson]:
    """Return the services of a stack; that it has none has to be answered twice."""
    return engine.services(stack) or engine.services(stack)


def refuse_foreign_data(workspace: Workspace, app: App) -> None:
    """Raise CcciError when a teardown would take along what no run of ccci made.

    That is data, or an app that is there after all.
    """
    records = runs.recent(settings.runs_folder())
    claim = claim_of(workspace.engine, app.stack, records)
    found = look(workspace.engine, claim, (Kind.SERVICE, Kind.VOLUME, Kind.SECRET, Kind.CONFIG))
    what = [
        *([told(found)] if found else ()),
        *([str(app.env_file)] if app.env_file.exists() else ()),
    ]
    if what:
        raise CcciError(
            f"{app.stack} has what this run did not make and would remove: {', '.join(what)}",
            "give another --domain",
        )


def _left_by(stack: str, records: list[Record], held: Lease) -> str | None:
    """Return which run left the stack although it meant to remove it, or None."""
    newest = next(
        (
            each
            for each in records
            if each.stack == stack and not each.gone and each.keep is not None
        ),
        None,
    )
    if newest is not None:
        return None if newest.keep else f"run {newest.id}"
    before = held.predecessor
    return f"run {before.run} of {before.host}" if before and before.keep is False else None
