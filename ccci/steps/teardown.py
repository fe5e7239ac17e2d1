"""The end of a run on the swarm: what it made is removed, whatever ended it, unless it stays."""

import shlex
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ccci import settings
from ccci.deployers import App
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.host import interrupts
from ccci.host.cleanup import ensured
from ccci.host.durations import told
from ccci.locks.lease import Lease
from ccci.recipe import checkouts, overlays
from ccci.records import runs
from ccci.removal import teardown
from ccci.report.model import Report
from ccci.steps.leftovers import refuse_foreign_data
from ccci.steps.workspace import Workspace

_REMOVING = f"removing what this run made, up to {told(teardown.REMOVAL_PATIENCE)}"


@dataclass(slots=True)
class Ending:
    """What is to become of the app, and what became of its teardown."""

    domain: str
    stays: bool = False
    failed: bool = False
    gone: bool = False
    notes: tuple[str, ...] = ()

    def told(self, report: Report) -> Report:
        """Return the report with it: a pass does not stand when something of it was left."""
        if self.gone:
            report = _without_the_app(report)
        if self.failed and report.verdict.passed:
            report = report.spoilt(
                Verdict.UNABLE,
                "the teardown left something behind",
                f"remove it with `ccci teardown {shlex.quote(self.domain)}`",
            )
        return report.noting(*self.notes)


_IT_WENT = "the app was removed: run it again, with --keep to look at it afterwards"


def _without_the_app(report: Report) -> Report:
    """Return a report whose next steps name nothing that the teardown took away."""

    def hint(text: str) -> str:
        return _IT_WENT if "ccci converge" in text else text

    services = tuple(
        replace(each, cause=replace(each.cause, hint=hint(each.cause.hint))) if each.cause else each
        for each in report.services
    )
    return replace(report, hint=hint(report.hint), services=services)


@contextmanager
def afterwards(workspace: Workspace, app: App, held: Lease, *, stays: bool) -> Iterator[Ending]:
    """Tear the app down at the end of the block, whatever ended it.

    It stays where `stays` says so, then or when the block sets it on what it is given. What is to
    become of it, should this run be killed, is written down before anything is made.
    """
    if not stays:
        refuse_foreign_data(workspace, app)
    ending = Ending(app.domain, stays)
    workspace.run.note(keep=stays)
    held.intend(keep=stays)
    leads_to = f"{app.domain} stays" if stays else _REMOVING
    with (
        interrupts.leading_to(leads_to, removes=not stays),
        ensured(lambda: _end(workspace, app, held, ending)),
    ):
        yield ending


def _end(workspace: Workspace, app: App, held: Lease, ending: Ending) -> None:
    if workspace.run.record.keep is not ending.stays:
        workspace.run.note(keep=ending.stays)
        held.intend(keep=ending.stays)
    if ending.stays:
        workspace.steps.skip("teardown", "the app stays")
        ending.notes = (f"{app.domain} stays: `ccci teardown {app.domain}` removes it",)
    else:
        _tear_down(workspace, app, held, ending)


def _undeploy(workspace: Workspace, app: App) -> None:
    """Let the deployer remove the app. Where it reads the tree for that, it is a tree made anew.

    A container may have written into the one that it was given, into its `.git` as well.
    """
    if workspace.checkout.git_in_tree:
        checkouts.renew(workspace.checkout, "undeploy")
        if workspace.overlay is not None:
            overlays.put(workspace.overlay, workspace.checkout.path)
    workspace.deployer.undeploy(app)


def _tear_down(workspace: Workspace, app: App, held: Lease, ending: Ending) -> None:
    root = settings.runs_folder()
    with workspace.steps.step("teardown", last=True) as progress:
        records = runs.recent(root)
        # Runs that wait for our lock live: their files, and what becomes of the app, are theirs.
        ended = runs.ended(root, records)
        try:
            found = teardown.tear_down(
                workspace.engine,
                teardown.claim_of(workspace.engine, app.stack, records),
                files=(app.env_file, *teardown.files_of(app.stack, ended), app.abra_dir),
                undeploy=lambda: _undeploy(workspace, app),
                check=held.check,
                waiting=progress.waiting,
            )
        except CcciError as error:
            progress.fail(error.message)
            ending.failed, ending.notes = True, (f"the teardown failed: {error.message}",)
            return
        ending.failed, ending.notes = not found.gone, found.notes
        if not found.gone:
            progress.fail(f"left: {', '.join(found.left)}")
            return
        ending.gone = True
        progress.say("verified: nothing is left")
        runs.forget_stack(root, app.stack, ended)
        workspace.run.note(gone=True)
