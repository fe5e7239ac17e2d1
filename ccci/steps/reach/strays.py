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
from ccci.swarm.decode import services
from ccci.swarm.decode.listed import every
from ccci.swarm.engine.client import Engine
from ccci.swarm.labels import of_app

_MOST = 5


@dataclass(frozen=True, slots=True)
class There:
    """What was on the swarm before the deployer began: services by id, stacks under a lock.

    `services` are their labels, by which abra says what was deployed.
    """

    services: Mapping[str, Mapping[str, str]]
    locked: frozenset[str]


def look(engine: Engine) -> There:
    """Return what is there now."""
    return There(
        {each.id: each.labels for each in every(engine.services())},
        _locked(engine),
    )


def refuse(
    engine: Engine,
    app: App,
    revision: Revision,
    before: There,
    *,
    touched: bool,
    succeeded: bool,
) -> tuple[str, ...]:
    """Raise DeployRefused where this revision was deployed to another stack than the app's.

    Services of it came up elsewhere, and the app's own stack was not `touched`: a deploy goes to
    one stack. Where both changed somebody else deployed it meanwhile, of which a note is returned.
    What is under a lock, before or after, or labelled with another commit or release is of another
    run for sure, and no concern of this one.

    A live service was overwritten by this deploy where its labels name this revision now, and did
    not before, and the deployer `succeeded`: whatever else changes one leaves them as they were.
    """
    made: dict[str, list[str]] = {}
    ours: set[str] = set()
    overwritten: set[str] = set()
    for service in services.entries(engine.services()):
        each = service.listed
        labels, stack = each.labels, each.stack
        if stack in {"", app.stack}:
            continue
        earlier = before.services.get(each.id)
        if earlier is None:
            made.setdefault(stack, []).append(each.name)
        if labels.get(of_app(stack, "recipe")) != app.recipe:
            continue
        if earlier is None:
            ours |= {stack} if _may_be_of(labels, stack, revision) else set()
        elif _names(labels, stack, revision) and not _names(earlier, stack, revision):
            made.setdefault(stack, []).append(each.name)
            # Swarm's own way back to a former spec is nobody's deploy.
            overwritten |= set() if service.was_rolled_back else {stack}
    found = ours | overwritten
    locked = before.locked | _locked(engine) if found else before.locked
    notes: list[str] = []
    for stack in sorted(found - locked):
        told = f"the stack {stack}, which is not this run's: {', '.join(made[stack][:_MOST])}"
        if stack in overwritten and not touched and succeeded:
            raise DeployRefused(
                f"the recipe was deployed over {told}",
                f"if nobody else did that, deploy to {stack} again what it had; then see what in "
                "the recipe names the stack",
            )
        if stack in ours - overwritten and not touched:
            raise DeployRefused(
                f"the recipe was deployed to {told}",
                f"if nobody else did that, docker stack rm {stack}; then see what in the recipe "
                "names the stack",
            )
        notes.append(
            f"somebody deployed this recipe to the stack {stack} meanwhile: "
            f"{', '.join(made[stack][:_MOST])}"
        )
    return tuple(notes)


def _locked(engine: Engine) -> frozenset[str]:
    return frozenset(lock.holder.stack for lock in swarm_lock.objects(engine.configs()))


def _names(labels: Mapping[str, str], stack: str, revision: Revision) -> bool:
    """Say whether abra's labels of an app name this revision."""
    if revision.chaos:
        stamp = str(labels.get(of_app(stack, "chaos-version")) or "").removesuffix("+U")
        return bool(stamp) and commit_matches(stamp, revision.commit)
    chaos = labels.get(of_app(stack, "chaos")) == "true"
    version = labels.get(of_app(stack, "version"))
    return bool(version) and version == revision.version and not chaos


def _may_be_of(labels: Mapping[str, str], stack: str, revision: Revision) -> bool:
    """Say whether abra's labels of an app leave it open that this revision was deployed as it."""
    if revision.chaos:
        stamp = str(labels.get(of_app(stack, "chaos-version")) or "")
        return not stamp or commit_matches(stamp.removesuffix("+U"), revision.commit)
    version = labels.get(of_app(stack, "version"))
    return not version or version == revision.version
