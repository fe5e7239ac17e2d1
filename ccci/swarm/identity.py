"""Which commit is declared, which runs, and what a mismatch between them means. Pure.

Labels prove what was submitted, not what runs: Swarm's rollback restores the previous spec with
its labels, and an identical re-deploy in the middle of a roll leaves the new label over the old
tasks (`docs/explanation/swarm.md`, Q1). So the commit of a task is read from the task's own spec.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.swarm import labels
from ccci.swarm.commits import Asked, Dirt
from ccci.swarm.model import Identity, Node, Service, Spec, Task, TaskState, UpdateState


@dataclass(frozen=True, slots=True)
class RunningTask:
    """A task that serves, and the commit of the spec it was made from, where that is known."""

    service: str
    task: str
    node: str
    image: str
    commit: str | None


@dataclass(frozen=True, slots=True)
class IdentityReport:
    """What was expected (a full commit), what is declared, what was there, and what runs."""

    expected: str | None
    declared: Identity | None
    previous: Identity | None
    running: tuple[RunningTask, ...] = ()
    reason: str | None = None


class Mismatch(StrEnum):
    """Why what runs is not what was asked for. The values are the words users and scripts read."""

    NEVER_DEPLOYED = "never-deployed"
    ROLLED_BACK = "rolled-back"
    MIXED = "mixed"
    DISTURBED = "disturbed"
    DIRTY = "dirty"
    NOT_RUNNING = "not-running"

    @property
    def verdict(self) -> Verdict:
        """Return the verdict: `unstable` of what does not run, else 13."""
        return Verdict.UNSTABLE if self is Mismatch.NOT_RUNNING else Verdict.WRONG_IDENTITY


MEANINGS: dict[Mismatch, str] = {
    Mismatch.NEVER_DEPLOYED: "the service declares another commit (or none), and nothing shows "
    "that the expected one was ever deployed",
    Mismatch.ROLLED_BACK: "Swarm put the previous spec back, labels included",
    Mismatch.MIXED: "the expected commit is declared, but tasks or services of another spec run",
    Mismatch.DISTURBED: "somebody else deployed in between: over the expected commit, or the same "
    "spec again in the middle of its roll, which makes Swarm give the roll up",
    Mismatch.DIRTY: "the commit was deployed from a tree with changes that ccci did not make",
    Mismatch.NOT_RUNNING: "the expected commit is declared, but no task of it runs (exit 14)",
}
"""Each reason in one sentence, for the docs page and the report."""


@dataclass(frozen=True, slots=True)
class Identified:
    """The report, the mismatch if there is one, and both in words."""

    report: IdentityReport
    mismatch: Mismatch | None
    summary: str
    hint: str = ""
    notes: tuple[str, ...] = ()


def carrier(services: Sequence[Service], named: str | None = None) -> Service | None:
    """Return the service whose labels name the commit, or None when that cannot be told.

    It is asked where nothing but the Swarm is known; a deploy's own plan says which it is. Where
    the recipe's own version tells none, it is the one that a deploy labelled with a commit.
    """
    by_name = {service.name: service for service in services}
    versioned = [each.name for each in services if each.spec.identity.version]
    labelled = [each.name for each in services if each.spec.identity.commit]
    found = labels.carrier(tuple(by_name), versioned or labelled, named)
    return by_name[found] if found is not None else None


def identify(
    services: Sequence[Service],
    labelled: Service,
    asked: Asked,
    *,
    baseline: Mapping[str, Spec] | None = None,
    nodes: Iterable[Node] = (),
    left_over: Collection[str] = (),
) -> Identified:
    """Return what is declared, what was there before, what runs, and whether it is what was asked.

    `labelled` is the service that carries the commit (see `carrier`); `baseline` holds each
    service's spec before the deploy, by the service's name. `left_over` are services of the stack
    that the commit no longer has: they are listed, but not held against it.
    """
    before = baseline or {}
    hostnames = {node.id: node.hostname for node in nodes}
    running = tuple(
        RunningTask(
            service.name,
            task.id,
            hostnames.get(task.node, task.node),
            task.image,
            asked.commit_of(spec) if spec is not None else None,
        )
        for service in services
        for task in _serving(service)
        for spec in [_spec_of(task, service, before.get(service.name))]
    )
    previous = labelled.previous or before.get(labelled.name)
    own = [each for each in services if each.name not in left_over]
    mismatch, summary = _compare(own, labelled, asked, before)
    return Identified(
        IdentityReport(
            asked.expected,
            labelled.spec.identity,
            previous.identity if previous else None,
            running,
            mismatch.value if mismatch else None,
        ),
        mismatch,
        summary,
        _hint(mismatch, labelled) if mismatch else "",
        _notes(labelled, asked),
    )


def _serving(service: Service) -> list[Task]:
    """Return the tasks that run and are meant to, old ones included."""
    return [
        task
        for task in service.tasks
        if task.state is TaskState.RUNNING and task.desired is TaskState.RUNNING
    ]


def _spec_of(task: Task, service: Service, baseline: Spec | None) -> Spec | None:
    """Return the spec a task was made from; equal ones count as the declared one."""
    for spec in (service.spec, service.previous, baseline):
        if spec is not None and spec.template == task.template:
            return spec
    return None


def _compare(
    services: Sequence[Service], labelled: Service, asked: Asked, before: Mapping[str, Spec]
) -> tuple[Mismatch | None, str]:
    declared = labelled.spec.identity
    wanted = asked.expected[:12] if asked.expected else str(declared)
    if asked.expected and not asked.names(declared):
        return _not_declared(labelled, asked.expected, asked, before)
    if asked.expected and declared.dirty and not asked.dirt.explained:
        return Mismatch.DIRTY, _dirty_sentence(labelled, asked.dirt)
    strangers = [
        (service, task)
        for service in services
        for task in _serving(service)
        if task.template != service.spec.template
    ]
    if strangers:
        return _strangers_sentence(strangers, wanted)
    if torn := _torn(services, labelled):
        return Mismatch.MIXED, torn
    count = sum(len(_serving(service)) for service in services)
    if not _has_run(labelled):
        none = " and asks for no replica" if labelled.spec.replicas == 0 else ""
        said = f"{labelled.name} declares {declared}{none}, but no task of it runs"
        return Mismatch.NOT_RUNNING, said
    idle = sorted(each.name for each in services if not _has_run(each))
    nothing = f"; nothing of {' and '.join(idle)} runs" if idle else ""
    return None, f"{declared} is declared, and runs ({counted(count, 'task')}){nothing}"


def _has_run(service: Service) -> bool:
    """Say whether a task of the service runs, or, of a job's last order, has completed.

    However many it asks for: a head that asks for none declares its commit, and nothing runs it.
    """
    if _serving(service):
        return True
    return service.spec.mode.is_job and any(
        task.iteration == service.iteration
        and task.state in {TaskState.RUNNING, TaskState.COMPLETE}
        for task in service.tasks
    )


def _torn(services: Sequence[Service], labelled: Service) -> str:
    """Return how the services differ in what they declare, or an empty string."""
    declared = labelled.spec.identity
    for service in services:
        own = service.spec.identity
        if own.commit and (own.commit, own.dirty) != (declared.commit, declared.dirty):
            return f"{service.name} declares {own}, {labelled.name} declares {declared}"
        # Rollback is per service, so a stack can end mixed (docker/cli issue 595).
        if service.id != labelled.id and _rolled_back(service):
            return f"{labelled.name} runs {declared}, but Swarm rolled {service.name} back"
    return ""


def _rolled_back(service: Service) -> bool:
    return service.update is not None and service.update.state.is_rollback


def _not_declared(
    labelled: Service, expected: str, asked: Asked, before: Mapping[str, Spec]
) -> tuple[Mismatch, str]:
    declared = labelled.spec.identity
    name, wanted = labelled.name, expected[:12]
    if _rolled_back(labelled):
        return (
            Mismatch.ROLLED_BACK,
            f"Swarm rolled {name} back: it declares {declared} again, not {wanted}",
        )
    previous = labelled.previous
    submitted = previous is not None and asked.names(previous.identity)
    if submitted or asked.seen:
        return (
            Mismatch.DISTURBED,
            f"{wanted} was deployed, and then somebody else deployed {declared} over it",
        )
    untouched = before.get(name)
    if untouched is not None and untouched.whole == labelled.spec.whole:
        return Mismatch.NEVER_DEPLOYED, f"{name} still declares {declared}, as before the deploy"
    if declared.commit and expected.startswith(declared.commit):
        return (
            Mismatch.NEVER_DEPLOYED,
            f"{name} declares {declared}, which does not name one commit of the checkout",
        )
    return Mismatch.NEVER_DEPLOYED, f"{name} declares {declared}, not {wanted}"


def _dirty_sentence(labelled: Service, dirt: Dirt) -> str:
    foreign = sorted(dirt.paths - dirt.ours)
    why = f"changed there: {', '.join(foreign)}" if foreign else "no run's record says what changed"
    return f"{labelled.name} was deployed from a dirty tree ({labelled.spec.identity}); {why}"


def _strangers_sentence(
    strangers: Sequence[tuple[Service, Task]], wanted: str
) -> tuple[Mismatch, str]:
    names = sorted({service.name for service, _ in strangers})
    what = f"{counted(len(strangers), 'task')} of {', '.join(names)} run" + (
        "s another spec" if len(strangers) == 1 else " another spec"
    )
    # An update with an identical spec, sent in the middle of a roll, resets the status to null
    # and keeps the updater, which then gives up: "updated since we started" (swarmkit
    # orchestrator/update/updater.go). PreviousSpec equals Spec from then on.
    if any(
        service.update is None
        and service.previous is not None
        and service.previous.template == service.spec.template
        for service, _ in strangers
    ):
        return (
            Mismatch.DISTURBED,
            f"{wanted} is declared, but {what}: sent again while it rolled, it was given up",
        )
    rolling = any(
        service.update is not None and service.update.state is UpdateState.UPDATING
        for service, _ in strangers
    )
    return (
        Mismatch.MIXED,
        f"{wanted} is declared, but {what}" + (" (the roll has not ended)" if rolling else ""),
    )


def _notes(labelled: Service, asked: Asked) -> tuple[str, ...]:
    ours = f"+U is explained by ccci's own {', '.join(sorted(asked.dirt.paths))}"
    back = f"Swarm rolled {labelled.name} back; what it declares is the spec put back"
    explained = labelled.spec.identity.dirty and asked.dirt.explained
    return (*((ours,) if explained else ()), *((back,) if _rolled_back(labelled) else ()))


def _hint(mismatch: Mismatch, labelled: Service) -> str:
    if mismatch is Mismatch.NOT_RUNNING and labelled.spec.replicas == 0:
        return f"ask for at least one replica of {labelled.name}, and deploy again"
    return _HINTS[mismatch].format(stack=labels.stack_to_paste(labelled.full_name, labelled.name))


_HINTS: dict[Mismatch, str] = {
    Mismatch.NEVER_DEPLOYED: "look at what the deploy printed, and which stack it addressed",
    Mismatch.ROLLED_BACK: "repeat it under `ccci upgrade` or `ccci converge`: they say why it died",
    Mismatch.MIXED: "`ccci converge {stack}` follows it until it is one; if it is, deploy it again",
    Mismatch.DISTURBED: "deploy again, with one deploy per stack at a time",
    Mismatch.DIRTY: "deploy from a clean checkout of the commit",
    Mismatch.NOT_RUNNING: "`ccci converge {stack}` says what its tasks die of",
}
