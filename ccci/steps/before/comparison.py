"""Base and head side by side, from their own files: what is sure to be refused, and the slips.

The rules are those of `ccci sweep upgrade`; the plans are the very ones that are to be deployed,
so that what is called sure is held against the app's own variables, options and overlay.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from ccci.compose import Place
from ccci.deployers.plan import DeployPlan
from ccci.errors import DeployRefused
from ccci.recipe import checkouts
from ccci.recipe.history import History
from ccci.sweep.model import Finding, Sweep
from ccci.sweep.rules import Choice, Severity
from ccci.sweep.rules.deploying import refusals
from ccci.sweep.upgrade import configs
from ccci.sweep.upgrade.comparing import compare
from ccci.sweep.upgrade.revision import Revision, app_pair, read

MOST_NOTES = 5

_TOLD_BY_THE_RUN = ("CCCI103", "CCCI107", "CCCI113", "CCCI114")
"""Rules whose plain cases a run tells by itself: of the app's `.env`, and of dropped services."""

_REFUSED = ("CCCI101", "CCCI102", "CCCI103", "CCCI104", "CCCI105", "CCCI106")
"""Rules about what docker refuses: where it does, that has been said."""


@dataclass(frozen=True, slots=True)
class Commits:
    """Two commits of a recipe, the older first, and what the rules find."""

    before: Revision
    after: Revision
    sweep: Sweep


def revision_at(history: History, commit: str, ref: str | None) -> Revision:
    """Return a full commit's files; it is a release where the ref that was asked for is its tag."""
    release = checkouts.tag_of(history.checkout, ref) if ref else None
    annotated = release is None or not checkouts.is_lightweight(history.checkout, release)
    folder = history.tree(commit)
    return read(folder, commit, release or ref or commit[:10], release=release, annotated=annotated)


def compared(
    history: History, recipe: str, before: tuple[str, str | None], after: tuple[str, str | None]
) -> Commits:
    """Return the comparison of two commits, each in full and with the ref that named it."""
    old, new = (revision_at(history, commit, ref) for commit, ref in (before, after))
    return Commits(old, new, compare(recipe, old, new, Choice()))


def notes(commits: Commits, *, refused: bool = False) -> tuple[str, ...]:
    """Return the findings as a few notes; where the head is refused, only what is beside that."""
    found = [each for each in commits.sweep.findings if not _is_told(each, refused=refused)]
    told = [_note(each) for each in found[:MOST_NOTES]]
    if len(found) > MOST_NOTES:
        more = f"--from {commits.before.name} --to {commits.after.commit[:10]}"
        told.append(
            f"{len(found) - MOST_NOTES} more slips since {commits.before.name}: "
            f"`ccci sweep upgrade` with {more} lists them, each with what to do"
        )
    return tuple(told)


def _is_told(finding: Finding, *, refused: bool) -> bool:
    if refused and finding.rule in _REFUSED:
        return True
    if finding.rule == "CCCI107" and finding.line is not None:
        return False
    return finding.rule in _TOLD_BY_THE_RUN and finding.severity is not Severity.ERROR


def _note(finding: Finding) -> str:
    line = f" line {finding.line}" if finding.line else ""
    service = f"{finding.service}: " if finding.service else ""
    return f"{finding.rule} {finding.file}{line}: {service}{finding.message}"


def refuse(before: DeployPlan, after: DeployPlan, commits: Commits | None) -> None:
    """Raise DeployRefused for what is sure to be refused of a plan on top of another one.

    `commits` are the two, where their files are at hand.
    """
    for kind in ("configs", "secrets"):
        old, new = getattr(before.resolved, kind), getattr(after.resolved, kind)
        for name in (name for name in new if name in old and old[name] != new[name]):
            raise _changed(kind, name, before, after, commits)
    known = {(name, message) for name, message, _, _ in _refusals(before)}
    for name, message, place, hint in _refusals(after):
        if (name, message) not in known:
            where = f"{place.file} line {place.line}: " if place.line else ""
            raise DeployRefused(f"{where}docker refuses to deploy {name}: {message}", hint)


def _refusals(plan: DeployPlan) -> Iterator[tuple[str, str, Place, str]]:
    services = plan.stack.services
    for name, hit in refusals(services, plan.stack.sections, plan.app.stack):
        yield name, hit.message, services[name].place(*hit.keys), hit.hint


def _changed(
    kind: str, name: str, before: DeployPlan, after: DeployPlan, commits: Commits | None
) -> DeployRefused:
    """Return the refusal of a config or secret that is made anew under its old name.

    Swarm never changes the content of one ("only updates to Labels are allowed", moby 35048).
    """
    section = getattr(after.stack.sections, kind)
    named = next(each for each in section.values() if name == each.called(after.app.stack))
    key = named.key
    users = [n for n, each in after.stack.services.items() if key in getattr(each, kind)]
    used = f"; used by {', '.join(users)}" if users else ""
    message, hint, place = (
        f"{named.file.removeprefix('./')} changed, and the {kind[:-1]} is still named {name}",
        "raise the version in its name where abra.sh exports it",
        named.place,
    )
    if commits is not None:
        kept = {k: v for k, v in after.values.items() if k not in commits.after.exports}
        pair = app_pair(commits.before, commits.after, _names(before), _names(after), kept)
        for slip in configs.forgotten(pair):
            if f"`{key}`" in slip.message:
                message, hint, place = slip.message, slip.hint, slip.place
    where = f" ({place.file} line {place.line})" if place.line else ""
    return DeployRefused(f"config-immutable: {message}{used}{where}", hint)


def _names(plan: DeployPlan) -> list[str]:
    """Return the compose files of a plan that are the recipe's own."""
    folder = plan.app.checkout
    own = (path for path in plan.stack.files if path.is_relative_to(folder))
    return [path.relative_to(folder).as_posix() for path in own]
