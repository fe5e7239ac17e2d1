"""What a deployer made outside of the run's own stack: it reads the recipe itself, so it is asked.

A key of the recipe may decide where abra deploys to; whatever comes up elsewhere would be left, or
would have overwritten a live app.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from ccci.deployers import App, Revision
from ccci.errors import DeployRefused
from ccci.locks import swarm_lock
from ccci.swarm.commits import commit_matches
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import STACK_LABEL

_MOST = 5


@dataclass(frozen=True, slots=True)
class There:
    """What was on the swarm before the deployer began: services by id, stacks under a lock."""

    services: frozenset[str]
    locked: frozenset[str]


def look(engine: Engine) -> There:
    """Return what is there now."""
    locks = swarm_lock.objects(engine.configs())
    return There(
        frozenset(str(each["ID"]) for each in engine.services()),
        frozenset(lock.holder.stack for lock in locks),
    )


def refuse(
    engine: Engine, app: App, revision: Revision, before: There, *, touched: bool
) -> tuple[str, ...]:
    """Raise DeployRefused where this revision was deployed to another stack than the app's.

    Services of it came up elsewhere, and the app's own stack was not `touched`: a deploy goes to
    one stack. Where both changed somebody else deployed it meanwhile, of which a note is returned.
    What is under a lock, before or after, or labelled with another commit or release is of another
    run for sure, and no concern of this one.
    """
    made: dict[str, list[str]] = {}
    ours: set[str] = set()
    for each in engine.services():
        labels = each["Spec"].get("Labels") or {}
        stack = str(labels.get(STACK_LABEL) or "")
        if each["ID"] not in before.services and stack not in {"", app.stack}:
            made.setdefault(stack, []).append(str(each["Spec"]["Name"]))
            if labels.get(f"coop-cloud.{stack}.recipe") == app.recipe:
                ours |= {stack} if _may_be_of(labels, stack, revision) else set()
    locked = before.locked | look(engine).locked if ours else before.locked
    found = {stack: ", ".join(made[stack][:_MOST]) for stack in sorted(ours - locked)}
    for stack, told in found.items():
        if not touched:
            raise DeployRefused(
                f"the recipe was deployed to the stack {stack}, which is not this run's: {told}",
                f"if nobody else did that, docker stack rm {stack}; then see what in the recipe "
                "names the stack",
            )
    return tuple(
        f"somebody deployed this recipe to the stack {stack} meanwhile: {told}"
        for stack, told in found.items()
    )


def _may_be_of(labels: Mapping[str, str], stack: str, revision: Revision) -> bool:
    """Say whether abra's labels of an app leave it open that this revision was deployed as it."""
    if revision.chaos:
        stamp = str(labels.get(f"coop-cloud.{stack}.chaos-version") or "")
        return not stamp or commit_matches(stamp.removesuffix("+U"), revision.commit)
    version = labels.get(f"coop-cloud.{stack}.version")
    return not version or version == revision.version
