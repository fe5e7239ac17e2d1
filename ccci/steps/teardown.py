"""Removal of what a run made, until the Engine itself says that it is gone."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ccci import clock
from ccci.deployers import App, Deployer
from ccci.errors import CcciError, ConnectionLost, EngineError
from ccci.exits import Verdict
from ccci.report import Report
from ccci.steps.site import Site
from ccci.swarm.engine import Engine

_PATIENCE = 120.0
_PAUSE = 0.25


@dataclass(frozen=True, slots=True)
class Remains:
    """What is still there, by kind and name; nothing where it is all gone."""

    names: tuple[str, ...]

    def __str__(self) -> str:
        """Return it in words."""
        return ", ".join(self.names) if self.names else "nothing is left"


@dataclass(slots=True)
class Ending:
    """What became of the teardown."""

    note: str = ""
    failed: bool = False

    def told(self, report: Report) -> Report:
        """Return the report with it: a pass does not stand when something of it was left."""
        notes = (*report.notes, self.note) if self.note else report.notes
        if self.failed and report.verdict.passed:
            return replace(
                report,
                verdict=Verdict.UNABLE,
                summary=f"{report.summary}; but the teardown left something behind",
                hint="remove it with `ccci teardown`",
                notes=notes,
            )
        return replace(report, notes=notes)


@contextmanager
def afterwards(site: Site, app: App, *, stays: bool) -> Iterator[Ending]:
    """Tear the app down at the end of the block, whatever ended it, unless it is meant to stay."""
    ending = Ending()
    site.run.note(keep=stays)
    try:
        yield ending
    finally:
        if stays:
            site.steps.skip("teardown", "the app stays")
            ending.note = f"{app.domain} stays: `ccci teardown {app.domain}` removes it"
        else:
            _tear_down(site, app, ending)


def _tear_down(site: Site, app: App, ending: Ending) -> None:
    with site.steps.step("teardown") as progress:
        left = remove(site.engine, site.deployer, app)
        if left.names:
            progress.fail(f"left: {left}")
            ending.failed, ending.note = True, f"the teardown left: {left}"
        else:
            progress.say("verified: nothing is left")
            site.run.note(gone=True)


def remove(engine: Engine, deployer: Deployer, app: App, *, patience: float = _PATIENCE) -> Remains:
    """Undeploy the app, remove what outlives it, and return what is left after `patience` seconds.

    `docker stack rm` and `abra app undeploy` return before tasks, containers and networks are
    gone, and a volume cannot be removed while a container holds it: so look, and try again.
    """
    until = clock.monotonic() + patience
    complaint = ""
    if engine.services(app.stack) or engine.networks(app.stack) or engine.configs(app.stack):
        try:
            deployer.undeploy(app)
        except CcciError as error:
            complaint = error.message
    removed = False
    while True:
        left = find(engine, app.stack)
        standing = [name for name in left.names if not name.startswith("volume ")]
        if not standing:
            try:
                deployer.remove(app)
                removed = True
            except (EngineError, ConnectionLost):
                removed = False
            left = find(engine, app.stack)
            if removed and not left.names and not app.env_file.exists():
                return left
        if clock.monotonic() >= until:
            more = (complaint,) if complaint else ()
            return Remains((*left.names, *more) or (f"the .env {app.env_file}",))
        clock.sleep(_PAUSE)


def find(engine: Engine, stack: str) -> Remains:
    """Return what the Engine still has of a stack; containers and volumes of its own node alone."""
    services = engine.services(stack)
    names = [f"service {each['Spec']['Name']}" for each in services]
    names += [f"container {each['Id'][:12]}" for each in engine.containers(stack)]
    names += [f"network {each['Name']}" for each in engine.networks(stack)]
    names += [f"config {each['Spec']['Name']}" for each in engine.configs(stack)]
    names += [f"secret {each['Spec']['Name']}" for each in engine.secrets(stack)]
    names += [f"volume {each['Name']}" for each in engine.volumes(stack)]
    return Remains(tuple(names))
