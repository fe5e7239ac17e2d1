"""The identity of what is deployed: which commit is declared, which runs, what was there before."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from ccci import settings
from ccci.actions.finished import engine_of
from ccci.actions.recorded import judge
from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.host import temporary
from ccci.recipe import checkouts
from ccci.recipe.naming import stack_of
from ccci.recipe.source import locate
from ccci.records import baseline_file, runs
from ccci.records.reopening import open_report
from ccci.records.runs import Record
from ccci.report.model import Report
from ccci.steps.after import confirmed
from ccci.steps.after.identity import recall
from ccci.swarm import nearby
from ccci.swarm.commits import ABBREVIATED, Asked
from ccci.swarm.decode import observation
from ccci.swarm.decode.listed import every
from ccci.swarm.engine.client import Engine
from ccci.swarm.identity import Mismatch, carrier, identify
from ccci.swarm.model import Service, Spec
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Request:
    """What is asked of a TARGET: a domain, a stack, or a recipe of a recorded run."""

    target: str
    expect: str | None = None
    source: str | None = None
    baseline: Path | None = None
    app_service: str | None = None


def find(request: Request, output: Output) -> Report:
    """Return the identity of TARGET as a report.

    It says so where the Engine, the stack, the repository or the ref cannot be had. Raise
    UsageError for what the command line alone tells wrong.
    """
    target = request.target
    if not target or target.startswith("-"):
        raise UsageError(f"{target!r} is no stack and no domain", "name the stack")
    return judge("identity", target, output, lambda _: _found(request))


def _found(request: Request) -> Report:
    target = request.target
    before = _baseline(request.baseline)
    record = runs.find(settings.runs_folder(), target)
    asked = _asked(request, record)
    with Engine.connect() as engine:
        engine.require_manager()
        stack, services = _find_stack(engine, target, record)
        nodes = tuple(observation.node(each) for each in engine.nodes())
    if not services:
        return replace(_removed(target, stack, record), engine=engine_of(engine))
    labelled = carrier(services, request.app_service)
    if labelled is None:
        names = ", ".join(service.name for service in services)
        raise CcciError(
            f"no service of {stack} says which commit it is ({names})",
            "name the one that carries the commit with --app-service",
        )
    if record is not None:
        asked = _remembered(asked, labelled, settings.runs_folder() / record.id / runs.IDENTITY)
    found = identify(services, labelled, asked, baseline=before, nodes=nodes)
    return Report(
        "identity",
        verdict_of(found.mismatch, expected=asked.expected is not None),
        found.summary,
        target=target,
        stack=stack,
        engine=engine_of(engine),
        identity=found.report,
        hint=found.hint,
        notes=found.notes,
    )


def _find_stack(
    engine: Engine, target: str, record: Record | None
) -> tuple[str, tuple[Service, ...]]:
    """Return the stack that TARGET names, and its services; none when it is gone.

    Raise CcciError when there is no such stack and no run of ccci knows of one.
    """
    named = stack_of(target) if "." in target else target
    names = dict.fromkeys([named] if record is None else [record.stack or named, named])
    for name in names:
        services = look(engine, name)
        if services:
            return name, services
    if record is None:
        raise CcciError(
            f"there is no stack {named} on this swarm",
            nearby.instead(named, every(engine.services()))
            or "`docker stack ls` shows those that are; DOCKER_HOST and DOCKER_CONTEXT choose it",
        )
    return record.stack or named, ()


def _removed(target: str, stack: str, record: Record | None) -> Report:
    run = record.id if record else "a run"
    how = "was torn down after" if record and record.gone else "is gone, which was deployed by"
    return Report(
        "identity",
        Verdict.REMOVED,
        f"the stack {stack} {how} {run}",
        target=target,
        stack=stack,
        hint="deploy it again, or see `ccci runs` for what was recorded of it",
    )


def verdict_of(mismatch: Mismatch | None, *, expected: bool) -> Verdict:
    """Return the verdict; where no commit is expected nothing is judged, only told."""
    if mismatch is None:
        return Verdict.CONVERGED if expected else Verdict.DONE
    return mismatch.verdict


def look(engine: Engine, stack: str) -> tuple[Service, ...]:
    """Return the services of a stack with their tasks, as two looks in a row tell of them."""
    return confirmed.agreed(lambda: _look(engine, stack), stack)


def _look(engine: Engine, stack: str) -> tuple[Service, ...]:
    listed = engine.services(stack)
    if not listed:
        return ()
    tasks = engine.tasks({"service": [service.id for service in every(listed)]})
    # Which tasks are up to date is not asked: identity compares each task's own spec.
    return observation.services(listed, tasks, up_to_date=(), date=None)


def _baseline(path: Path | None) -> Mapping[str, Spec]:
    if path is None:
        return {}
    return {service.name: service.spec for service in baseline_file.load(path).services}


def _asked(request: Request, record: Record | None) -> Asked:
    expect = request.expect
    if request.source is not None:
        return _from_checkout(locate(request.source).location, expect)
    if expect is None:
        return Asked()
    kept = _checkout_of(record)
    if kept is not None:
        return _from_checkout(str(kept), expect)
    if not ABBREVIATED.fullmatch(expect.lower()):
        found = _of_the_run(record, expect) if record is not None else None
        if found is not None:
            return found
        raise UsageError(
            f"{expect!r} is no commit of 7 to 40 hex digits",
            "give the commit, or the repository that knows this ref as --source",
        )
    return Asked(expect.lower())


def _of_the_run(record: Record, expect: str) -> Asked | None:
    """Return what a recorded run knows of a ref: its releases, else what its repository says.

    None where the run cannot tell either.
    """
    known: dict[str | None, str] = {}
    try:
        report = open_report(settings.runs_folder(), record.id)
        if report.deploy is not None:
            known[report.deploy.version] = report.deploy.head
        if report.upgrade is not None:
            known[report.upgrade.base.version] = report.upgrade.base.commit
        if known.get(expect):
            return Asked(known[expect], releases={expect: known[expect]})
        return _from_checkout(locate(record.target).location, expect)
    except CcciError:
        return None


def _remembered(asked: Asked, labelled: Service, path: Path) -> Asked:
    """Return what was asked, with what the recorded run knows of the specs it set.

    Its word on the tree counts only for the very spec it set: the same commit deployed again from
    another dirty tree carries the same label.
    """
    dirt, specs = recall(path)
    if labelled.spec.whole not in specs:
        return replace(asked, recorded=specs)
    return replace(asked, recorded=specs, dirt=dirt)


def _checkout_of(record: Record | None) -> Path | None:
    """Return the repository that a recorded run kept, or None."""
    if record is None or record.abra_dir is None or record.recipe is None:
        return None
    path = Path(record.abra_dir) / "recipes" / record.recipe
    return path if (path / ".git").exists() else None


def _from_checkout(location: str, expect: str | None) -> Asked:
    """Return what the repository knows: the full commit, all commits, the releases."""
    with temporary.folder("identity") as place:
        repository = checkouts.clone(location, place / "repository", place / "journal")
        # Resolving may fetch a commit that no branch reaches, so it comes before the listing.
        return Asked(
            checkouts.resolve(repository, expect) if expect is not None else None,
            commits=checkouts.commits(repository),
            releases={each.tag: at for each, at in checkouts.releases(repository).items()},
        )
