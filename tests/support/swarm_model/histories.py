"""Histories of rollouts on the model of Swarm, what is seen of them, and what truly happened."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from enum import StrEnum

from support.swarm_model.looks import look
from support.swarm_model.model import (
    RUNNING,
    Cluster,
    Revision,
    SimService,
    SimTask,
    drop_node,
    submit,
)
from support.swarm_model.updater import advance, restart_orchestrator

from ccci.exits import Verdict
from ccci.swarm.model import Command, Mode, Node, Observation, TaskState, UpdateState

START = 200.0
"""When COMMAND begins; the base has had until then to settle."""
STEADY = 90.0
"""For how long everything must have held at the end to be called a success: above any soak."""


class Truth(StrEnum):
    """What became of the rollout, told by who sees everything."""

    SUCCEEDED = "succeeded"
    FAILED = "failed"


@dataclass(frozen=True)
class Act:
    """Something that is done to the cluster `at` seconds after COMMAND began."""

    at: float
    what: str
    service: str = "app"
    revision: Revision | None = None


@dataclass(frozen=True)
class History:
    """A rollout: the base, what COMMAND does in its `lasts` seconds, and what others do after.

    `before` is what the base itself was an update of, so that an old status is there.
    """

    base: dict[str, Revision]
    ours: tuple[Act, ...]
    theirs: tuple[Act, ...] = ()
    lasts: float = 1.0
    nodes: int = 1
    late: bool = False
    before: dict[str, Revision] = field(default_factory=dict)

    @property
    def doubled(self) -> bool:
        """Say whether COMMAND itself sent a service twice, which can disarm Swarm's updater."""
        names = [act.service for act in self.ours]
        return len(names) != len(set(names))


@dataclass
class Play:
    """A history being played."""

    history: History
    cluster: Cluster
    asked: dict[str, Revision]
    stayed: frozenset[str] = frozenset()
    pending: list[Act] = field(default_factory=list)

    def until(self, at: float) -> None:
        """Let the world go on until `at`, with all that is done in it meanwhile."""
        while self.pending and START + self.pending[0].at <= at:
            act = self.pending.pop(0)
            advance(self.cluster, START + act.at)
            perform(self.cluster, act)
        advance(self.cluster, at)

    def command(self) -> Command:
        """Return COMMAND as it stands now."""
        ended = self.cluster.now >= START + self.history.lasts
        return Command(("docker", "stack", "deploy"), 0 if ended else None)


def begin(history: History) -> tuple[Play, Observation]:
    """Bring the base up and return the baseline, looked at just before COMMAND."""
    nodes = {
        f"node-{n}": Node(f"node-{n}", f"host-{n}", manager=n == 1, leader=n == 1)
        for n in range(1, history.nodes + 1)
    }
    cluster = Cluster(nodes, late=history.late)
    for at, deployed in ((0.0, history.before), (START / 2, history.base)):
        advance(cluster, at)
        for name, revision in deployed.items():
            submit(cluster, name, revision)
    advance(cluster, START)
    for service in cluster.services.values():
        service.states.clear()
        service.ends.clear()
    acts = sorted((*history.ours, *history.theirs), key=lambda act: act.at)
    asked = {name: service.spec for name, service in cluster.services.items()}
    asked |= {act.service: act.revision for act in history.ours if act.revision}
    stayed = frozenset(name for name, service in cluster.services.items() if stays(service))
    return Play(history, cluster, asked, stayed, acts), look(cluster)


def stays(service: SimService) -> bool:
    """Say whether tasks of a service run on, as far as its slots tell now."""
    slots = {task.slot: [t for t in service.tasks if t.slot == task.slot] for task in service.tasks}
    over = [tasks for tasks in slots.values() if not any(t.runnable for t in tasks)]
    ended = any(_done(max(tasks, key=lambda task: task.created)) for tasks in over)
    return not ended and any(t.runnable and t.state == RUNNING for t in service.tasks)


def perform(cluster: Cluster, act: Act) -> None:
    """Do one thing to the cluster."""
    if act.revision is not None:
        there = cluster.services.get(act.service)
        if there:
            there.states.clear()  # what became of an earlier deploy does not matter any more
        mode = there.spec.mode if there else act.revision.mode  # the API refuses another one
        submit(cluster, act.service, replace(act.revision, mode=mode))
    elif act.what == "restart-orchestrator":
        restart_orchestrator(cluster)
    elif act.what == "restart-daemon":
        restart_orchestrator(cluster, kills=True)
    elif act.what == "drain" and act.service in cluster.nodes:
        drop_node(cluster, act.service)
    elif act.what == "remove":
        cluster.services.pop(act.service, None)
        cluster.updaters.pop(act.service, None)
        cluster.reconcile.discard(act.service)


def looks(play: Play, gaps: tuple[float, ...], forever: float) -> Iterator[Observation]:
    """Look after each gap (0 doubles a look, a negative one fails), then every 2.5 s."""
    at = START
    for gap in gaps:
        at += abs(gap)
        play.until(at)
        yield look(play.cluster, play.command(), "timed out" if gap < 0 else None)
    while at < START + forever:
        at += 2.5
        play.until(at)
        yield look(play.cluster, play.command())


def serves(
    service: SimService, asked: Revision, nodes: int, since: float, *, stayed: bool = False
) -> bool:
    """Say whether every expected slot has run the asked revision ever since, or ended as meant.

    A replicated service is meant to end with `condition: none`, or `on-failure` and no check, but
    not one whose tasks ran on before.
    """
    one_shot = (
        asked.mode is Mode.REPLICATED
        and not stayed
        and (
            asked.restart.condition == "none"
            or (asked.restart.condition == "on-failure" and asked.health is None)
        )
    )
    filled = 0
    if asked.mode.is_job:
        now = {t.slot for t in service.tasks if t.iteration == service.iteration and _done(t)}
        return len(now) == asked.replicas
    for slot in {task.slot for task in service.tasks}:
        tasks = [task for task in service.tasks if task.slot == slot]
        live = [task for task in tasks if task.runnable]
        last = live[0] if live else max(tasks, key=lambda task: task.created)
        right = (last.revision.template, last.revision.endpoint) == (asked.template, asked.endpoint)
        if len(live) == 1 and right and last.state == RUNNING and last.entered <= since:
            filled += 1
        elif live:
            return False
        elif right and one_shot and last.state == TaskState.COMPLETE:
            filled += 1
    return filled == (nodes if asked.mode.is_global else asked.replicas)


def _done(task: SimTask) -> bool:
    return task.state == TaskState.COMPLETE and not task.exit_code


def truth(play: Play) -> Truth:
    """Play on for long and say what became of it all."""
    play.until(play.cluster.now + 400)
    usable = sum(node.usable for node in play.cluster.nodes.values())
    for name, revision in play.asked.items():
        service = play.cluster.services.get(name)
        bad = service is None or any("paus" in s or "rollback" in s for s in service.states)
        steady = play.cluster.now - STEADY
        stayed = name in play.stayed
        if bad or service is None or not serves(service, revision, usable, steady, stayed=stayed):
            return Truth.FAILED
    return Truth.SUCCEEDED


def excused(play: Play, verdict: Verdict) -> bool:
    """Say whether a rollout that came right in the end gave reason enough to call it this.

    `unstable`: a task died after Swarm's `completed`, or five did in one slot. `stalled`: a task
    was refused before it could start.
    """
    for service in play.cluster.services.values():
        slots = [task.slot for task, _ in service.ends]
        late = any(state is UpdateState.COMPLETED for _, state in service.ends)
        if verdict is Verdict.UNSTABLE and (late or any(slots.count(s) > 4 for s in slots)):
            return True
        if verdict is Verdict.STALLED and any(
            task.revision.behaviour.rejected for task, _ in service.ends
        ):
            return True
    return False
