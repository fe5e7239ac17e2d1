"""Is what runs what was asked for? Asked of the running tasks, never of the labels alone."""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ccci.deployers.plan import DeployPlan
from ccci.exits import Verdict
from ccci.host import files, sanitizer
from ccci.plain_file import LARGEST_DOCUMENT, read_plain
from ccci.steps.after.confirmed import Confirmed
from ccci.swarm.baseline import Baseline
from ccci.swarm.commits import Asked, Dirt
from ccci.swarm.identity import IdentityReport, identify
from ccci.swarm.labels import APP
from ccci.swarm.model import Service


@dataclass(frozen=True, slots=True)
class Found:
    """What was found: the report, and the verdict where it is not what was asked for."""

    report: IdentityReport | None
    verdict: Verdict | None
    summary: str
    hint: str = ""
    notes: tuple[str, ...] = ()
    specs: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What was deployed: a full commit, or a pinned release.

    `commits` are those that its abbreviation may mean. `recorded` names the commit of each spec
    that a deploy of this run set before (see `set_by`).
    """

    commit: str
    version: str | None
    commits: Collection[str]
    dirt: Dirt
    recorded: Mapping[str, str]


def check(confirmed: Confirmed, wanted: Wanted, plan: DeployPlan, baseline: Baseline) -> Found:
    """Hold what was seen after a rollout against what was wanted.

    What the plan's own files do not have is left over from before, and carries no commit of this
    deploy; its carrier is the service whose labels name the commit.
    """
    stack, carrier, named = plan.app.stack, plan.carrier, frozenset(plan.stack.services)
    version = wanted.version
    seen = confirmed.seen
    if confirmed.gone and not seen.services:
        return _removed(stack, confirmed.gone)
    own = [each for each in seen.services if each.name in named]
    left_over = frozenset(each.name for each in seen.services) - named
    labelled = next((each for each in own if each.name == carrier), None)
    if labelled is None or _is_renamed(labelled, left_over):
        return _without_carrier(stack, carrier, own, left_over)
    mine = set_by(seen.services, baseline, wanted.commit[:8])
    asked = Asked(
        None if version else wanted.commit,
        wanted.commits,
        wanted.dirt,
        {**mine, **wanted.recorded},
    )
    before = {each.name: each.spec for each in baseline.services}
    found = identify(
        seen.services, labelled, asked, baseline=before, nodes=seen.nodes, left_over=left_over
    )
    if version and labelled.spec.identity.version != version:
        return Found(
            found.report,
            Verdict.WRONG_IDENTITY,
            f"{labelled.name} declares {labelled.spec.identity}, not {version}",
        )
    verdict = found.mismatch.verdict if found.mismatch is not None else None
    return Found(found.report, verdict, found.summary, found.hint, found.notes, mine)


def _removed(stack: str, gone: Collection[str]) -> Found:
    return Found(
        None,
        Verdict.REMOVED,
        f"{', '.join(sorted(gone))} of {stack} came up, and somebody removed the stack since",
        "deploy it again, once nobody else works on it",
    )


def _is_renamed(labelled: Service, left_over: Collection[str]) -> bool:
    """Say whether the service that carried the label was dropped, and its heir carries none."""
    declared = labelled.spec.identity
    return APP in left_over and not (declared.commit or declared.version)


def _without_carrier(
    stack: str, carrier: str, own: Collection[Service], left_over: Collection[str]
) -> Found:
    """Return that nothing names the commit; a service named `app` may have been renamed away."""
    names = ", ".join(sorted(each.name for each in own)) or "none"
    if APP in left_over:
        return Found(
            None,
            Verdict.WRONG_IDENTITY,
            f"this commit has no service app any more (it has {names}), and abra labels app alone: "
            f"the app that is still in {stack} is left over from before",
            "keep the name app; or remove the old one with --prune and name the new one with "
            "--app-service",
        )
    return Found(
        None,
        Verdict.WRONG_IDENTITY,
        f"{carrier}, which carries the commit, is not in {stack} any more (there is {names})",
        "deploy it again, once nobody else works on it",
    )


def remember(path: Path, dirt: Dirt, recorded: Mapping[str, str]) -> None:
    """Keep for `ccci identity` what only this run knows; a file that fails changes no verdict."""
    known = {"dirty": sorted(dirt.paths), "ours": sorted(dirt.ours), "specs": dict(recorded)}
    with suppress(OSError):
        files.write(path, sanitizer.json_text(json.dumps(known, indent=2)) + "\n")


def recall(path: Path) -> tuple[Dirt, Mapping[str, str]]:
    """Return what `remember` kept; nothing where there is none, or it cannot be read."""
    try:
        known = json.loads(read_plain(path, most=LARGEST_DOCUMENT))
        dirt = Dirt(frozenset(known["dirty"]), frozenset(known["ours"]))
        return dirt, dict(known["specs"])
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return Dirt(), {}


def set_by(services: Collection[Service], baseline: Baseline, commit: str) -> dict[str, str]:
    """Return the fingerprint of each spec that came with this deploy, with its commit."""
    before = {each.id: each.spec.whole for each in baseline.services}
    return {
        service.spec.whole: commit
        for service in services
        if before.get(service.id) != service.spec.whole
    }
