"""What Hypothesis makes histories of: specs, deploys, disturbances, and when one looks."""

from dataclasses import replace

from hypothesis import strategies as st
from support.swarm_model.histories import Act, History
from support.swarm_model.model import Behaviour, Revision

from ccci.swarm.model import HealthCheck, Mode, RestartPolicy, TaskState, UpdatePolicy

policies = st.builds(
    UpdatePolicy,
    failure_action=st.sampled_from(["pause", "rollback", "continue"]),
    order=st.sampled_from(["stop-first", "start-first"]),
    monitor=st.sampled_from([1.0, 5.0, 8.0, 20.0]),
    max_failure_ratio=st.sampled_from([0.0, 0.0, 0.5, 1.0]),
    parallelism=st.sampled_from([0, 1, 1, 2]),
    delay=st.sampled_from([0.0, 0.0, 3.0, 10.0]),
)
rollbacks = policies.map(
    lambda p: replace(p, failure_action="pause" if p.failure_action == "rollback" else "continue")
)
restarts = st.builds(
    RestartPolicy,
    condition=st.sampled_from(["any", "any", "on-failure", "none"]),
    delay=st.sampled_from([0.5, 5.0]),
    max_attempts=st.sampled_from([0, 0, 1, 3]),
)
healths = st.sampled_from([None, None, HealthCheck(2.0, 1.0, 3, 5.0)])


def soak(revision: Revision) -> float:
    """Return for how long the judge must see a task run (design, rule 5)."""
    health = min(60.0, revision.health.unhealthy_after) if revision.health else 0.0
    return max(5.0, revision.update.monitor, health)


MODES = (*[Mode.REPLICATED] * 5, *[Mode.GLOBAL] * 2, *[Mode.REPLICATED_JOB] * 2)

good = st.builds(
    Behaviour,
    starts=st.sampled_from([0.25, 1.0, 6.0, 25.0]),
    stops=st.sampled_from([0.25, 2.0, 9.0]),
    stop_code=st.sampled_from([0, 0, 137, 143]),
)


@st.composite
def faulty(draw: st.DrawFn, revision: Revision) -> Behaviour:
    """Return a behaviour with a fault that shows before a soak is over."""
    sound = replace(draw(good), only=draw(st.sampled_from([None, None, "1", "2"])))
    kind = draw(st.sampled_from(["dies", "dies", "exits", "unhealthy", "rejected", "stuck"]))
    faults = draw(st.sampled_from([None, None, 1, 2]))
    if kind in {"dies", "exits"}:
        lives = draw(st.sampled_from([0.25, 0.9, 2.0, soak(revision) - 1]))
        return replace(sound, lives=lives, exit_code=int(kind == "dies"), faults=faults)
    if kind == "stuck":
        where = [TaskState.PENDING, TaskState.PREPARING, TaskState.STARTING]
        return replace(sound, stuck=draw(st.sampled_from(where)))
    return replace(sound, faults=faults, rejected=kind == "rejected", unhealthy=kind == "unhealthy")


@st.composite
def work(draw: st.DrawFn) -> Behaviour:
    """Return how the tasks of a job live: they end with 0 after a while, or do not."""
    code = draw(st.sampled_from([0, 0, 0, 1]))
    ends = st.sampled_from([0.25, 5.0, 25.0])
    behaviour = Behaviour(starts=1.0, lives=draw(ends), exit_code=code)
    return replace(behaviour, stuck=draw(st.sampled_from([None, None, TaskState.PENDING])))


@st.composite
def revisions(draw: st.DrawFn, template: str, mode: Mode) -> Revision:
    """Return a spec whose tasks live well, or do not."""
    revision = draw(
        st.builds(
            Revision,
            template=st.just(template),
            labels=st.sampled_from(["aaaa", "bbbb"]),
            replicas=st.sampled_from([1, 1, 2, 3, 0]),
            mode=st.just(mode),
            behaviour=good,
            update=policies,
            rollback=rollbacks,
            restart=restarts,
            health=healths,
        )
    )
    if mode.is_job:
        return replace(revision, behaviour=draw(work()), replicas=max(1, revision.replicas))
    if draw(st.booleans()):
        return replace(revision, behaviour=draw(faulty(revision)))
    return revision


@st.composite
def deploys(draw: st.DrawFn, name: str) -> tuple[Revision | None, tuple[Act, ...]]:
    """Return a base and what COMMAND sends of one service."""
    mode = draw(st.sampled_from(MODES))
    head = draw(revisions("head", mode))
    base = draw(st.one_of(st.none(), revisions("base", mode)))
    kind = draw(st.sampled_from(["new", "new", "new", "same", "label", "scale", "untouched"]))
    if base and name == "db" and kind == "untouched":
        return base, ()
    if base and kind != "new":
        changed = {"same": base, "label": replace(base, labels="cccc")}
        head = changed.get(kind) or replace(base, replicas=head.replicas)
    acts = [Act(0.25, "deploy", name, head)]
    if draw(st.integers(0, 5)) == 0:
        again = draw(st.sampled_from([head, replace(head, labels="dddd")]))
        acts.append(Act(draw(st.sampled_from([1.0, 4.0, 12.0])), "deploy", name, again))
    return base, tuple(acts)


@st.composite
def histories(draw: st.DrawFn, *, disturbed: bool = False) -> History:
    """Return a rollout of one or two services."""
    names = ["app", "db"][: draw(st.sampled_from([1, 1, 2]))]
    base: dict[str, Revision] = {}
    before: dict[str, Revision] = {}
    ours: list[Act] = []
    for name in names:
        was, acts = draw(deploys(name))
        ours += acts
        if was:
            base[name] = was
            if draw(st.booleans()):
                before[name] = draw(revisions("before", was.mode))
    last = max((act.at for act in ours), default=0.0)
    lasts = last + draw(st.sampled_from([0.25, 3.0, 30.0]))
    theirs: tuple[Act, ...] = ()
    if disturbed:
        theirs = (draw(_disturbances(names, lasts)),)
    nodes = draw(st.sampled_from([1, 1, 2]))
    late = draw(st.booleans())
    return History(base, tuple(ours), theirs, lasts, nodes, bool(late), before)


@st.composite
def _disturbances(draw: st.DrawFn, names: list[str], after: float) -> Act:
    at = after + draw(st.sampled_from([0.5, 2.0, 7.0, 30.0]))
    what = draw(
        st.sampled_from(["deploy", "restart-orchestrator", "restart-daemon", "remove", "drain"])
    )
    name = "node-2" if what == "drain" else draw(st.sampled_from(names))
    revision = draw(revisions("other", Mode.REPLICATED)) if what == "deploy" else None
    return Act(at, what, name, revision)


gaps = st.lists(
    st.sampled_from([0.25, 0.5, 1.0, 1.0, 2.5, 2.5, 0.0, -1.0, 6.0, 20.0]), max_size=60
).map(tuple)
"""How long the watcher waits between looks: close, doubled (0), failed (negative), dropped (6+)."""
