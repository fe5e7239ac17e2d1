"""The app's locks, held while a run works on it."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from ccci import settings
from ccci.deployers import App
from ccci.locks import lease
from ccci.locks.lease import Lease
from ccci.steps import leftovers
from ccci.steps.workspace import Workspace


@contextmanager
def locked(workspace: Workspace, app: App) -> Iterator[Lease]:
    """Hold the app's locks, on this host and on the swarm, for the block.

    What a killed run left under them is removed first.
    """
    with workspace.steps.step("lock"), ExitStack() as entered:
        engine = entered.enter_context(workspace.engine.sibling())
        held = entered.enter_context(
            lease.hold(
                engine,
                app.stack,
                workspace.run.id,
                folder=settings.locks_folder(),
                timeout=workspace.choices.lock_timeout,
                waiting=workspace.output.progress,
            )
        )
        stack = entered.pop_all()
    with stack:
        leftovers.clear(workspace, app, held)
        leftovers.settle(workspace, app)
        yield held
