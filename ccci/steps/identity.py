"""Is what runs what was asked for? Asked of the running tasks, never of the labels alone."""

import json
from collections.abc import Collection, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from ccci.exits import Verdict
from ccci.report import IdentityReport
from ccci.swarm.baseline import Baseline
from ccci.swarm.commits import Asked, Dirt
from ccci.swarm.engine import Engine
from ccci.swarm.identity import Mismatch, carrier, identify
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


def check(
    engine: Engine,
    stack: str,
    *,
    commit: str,
    version: str | None,
    commits: Collection[str],
    dirt: Dirt,
    baseline: Baseline,
    recorded: Mapping[str, str],
    app_service: str | None,
) -> Found:
    """Look at the stack and hold it against `commit` (full), or against a pinned release.

    `recorded` names the commit of each spec that a deploy of this run set (see `set_by`).
    """
    from ccci.swarm.watch import Watch

    with Watch(engine, stack) as watch:
        seen = watch.look()
    labelled = carrier(seen.services, app_service)
    if labelled is None:
        return Found(
            None,
            Verdict.WRONG_IDENTITY,
            f"no service of {stack} is known to carry the commit",
            "name it with --app-service",
        )
    mine = set_by(seen.services, baseline, commit[:8])
    asked = Asked(
        None if version else commit,
        commits,
        dirt,
        {**mine, **recorded},
    )
    before = {each.name: each.spec for each in baseline.services}
    found = identify(seen.services, labelled, asked, baseline=before, nodes=seen.nodes)
    if version and labelled.spec.identity.version != version:
        return Found(
            found.report,
            Verdict.WRONG_IDENTITY,
            f"{labelled.name} declares {labelled.spec.identity}, not {version}",
        )
    verdict = None
    if found.mismatch is not None:
        not_running = found.mismatch is Mismatch.NOT_RUNNING
        verdict = Verdict.UNSTABLE if not_running else Verdict.WRONG_IDENTITY
    return Found(found.report, verdict, found.summary, found.hint, found.notes, mine)


def remember(path: Path, dirt: Dirt, recorded: Mapping[str, str]) -> None:
    """Keep for `ccci identity` what only this run knows; a file that fails changes no verdict."""
    known = {"dirty": sorted(dirt.paths), "ours": sorted(dirt.ours), "specs": dict(recorded)}
    with suppress(OSError):
        path.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")


def recall(path: Path) -> tuple[Dirt, Mapping[str, str]]:
    """Return what `remember` kept; nothing where there is none, or it cannot be read."""
    try:
        known = json.loads(path.read_text(encoding="utf-8"))
        dirt = Dirt(frozenset(known["dirty"]), frozenset(known["ours"]))
        return dirt, dict(known["specs"])
    except (OSError, ValueError, KeyError, TypeError):
        return Dirt(), {}


def set_by(services: Collection[Service], baseline: Baseline, commit: str) -> dict[str, str]:
    """Return the fingerprint of each spec that came with this deploy, with its commit."""
    before = {each.id: each.spec.whole for each in baseline.services}
    return {
        service.spec.whole: commit
        for service in services
        if before.get(service.id) != service.spec.whole
    }
