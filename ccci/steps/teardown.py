"""The end of a run on the swarm: what it made is removed, whatever ended it, unless it stays."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace

from ccci import config, runs, teardown
from ccci.cleanup import ensured
from ccci.deployers import App
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.lease import Lease
from ccci.report import Report
from ccci.steps.before import refuse_what_is_not_ours
from ccci.steps.site import Site


@dataclass(slots=True)
class Ending:
    """What is to become of the app, and what became of its teardown."""

    stays: bool = False
    failed: bool = False
    notes: tuple[str, ...] = ()

    def told(self, report: Report) -> Report:
        """Return the report with it: a pass does not stand when something of it was left."""
        notes = (*report.notes, *self.notes)
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
def afterwards(site: Site, app: App, held: Lease, *, stays: bool) -> Iterator[Ending]:
    """Tear the app down at the end of the block, whatever ended it.

    It stays where `stays` says so, then or when the block sets it on what it is given. What is to
    become of it, should this run be killed, is written down before anything is made.
    """
    if not stays:
        refuse_what_is_not_ours(site, app)
    ending = Ending(stays)
    site.run.note(keep=stays)
    held.intend(keep=stays)
    with ensured(lambda: _end(site, app, held, ending)):
        yield ending


def _end(site: Site, app: App, held: Lease, ending: Ending) -> None:
    if site.run.record.keep is not ending.stays:
        site.run.note(keep=ending.stays)
        held.intend(keep=ending.stays)
    if ending.stays:
        site.steps.skip("teardown", "the app stays")
        ending.notes = (f"{app.domain} stays: `ccci teardown {app.domain}` removes it",)
    else:
        _tear_down(site, app, held, ending)


def _tear_down(site: Site, app: App, held: Lease, ending: Ending) -> None:
    root = config.runs_folder()
    with site.steps.step("teardown", last=True) as progress:
        records = runs.recent(root)
        try:
            found = teardown.tear_down(
                site.engine,
                teardown.claim_of(site.engine, app.stack, records, ours=True),
                files=(app.env_file, *teardown.files_of(app.stack, records), app.abra_dir),
                undeploy=lambda: site.deployer.undeploy(app),
                check=held.check,
            )
        except CcciError as error:
            progress.fail(error.message)
            ending.failed, ending.notes = True, (f"the teardown failed: {error.message}",)
            return
        ending.failed, ending.notes = not found.gone, found.notes
        if not found.gone:
            progress.fail(f"left: {', '.join(found.left)}")
            return
        progress.say("verified: nothing is left")
        runs.forget_stack(root, app.stack, [each for each in records if each.id != site.run.id])
        site.run.note(gone=True)
