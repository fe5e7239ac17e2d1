"""What is worth a word beside the verdicts: dropped services, nodes left out, overlaps. Pure."""

from ccci.host.durations import told
from ccci.swarm.judge.command import leaves_old_services, refused_service
from ccci.swarm.judge.history import History
from ccci.swarm.judge.limits import UNNOTICED
from ccci.swarm.judge.placement import allows
from ccci.swarm.judge.rollout import Rollout


def notes(rollout: Rollout, complaint: str = "") -> tuple[str, ...]:
    """Return what a reader of the verdicts should know besides, one sentence each.

    `complaint` is what COMMAND printed, where it failed.
    """
    found = [f"{name} was dropped by the deploy" for name in rollout.dropped]
    found += _left_alone(rollout, refused_service(complaint))
    for history in rollout.histories.values():
        found += [
            *_put_back(history),
            *_how_old(rollout, history),
            *_before(history),
            *_nodes(history, rollout),
            *_overlap(history),
        ]
    return (*found, *_elsewhere(rollout))


def _elsewhere(rollout: Rollout) -> list[str]:
    """Tell of a pass that rests on nodes which may have died before Swarm could notice."""
    seen = rollout.last
    if seen is None or rollout.verdict is None or not rollout.verdict.passed:
        return []
    far = {node.id: node.hostname for node in seen.nodes if not node.leader}
    found = {
        far[task.node]
        for history in rollout.histories.values()
        for task in history.slots.running
        if task.node in far
        and seen.at - history.tasks.running_since.get(task.id, seen.at) < UNNOTICED
    }
    if not found:
        return []
    nodes = ", ".join(sorted(found))
    late = f"the {UNNOTICED:g} s that Swarm takes to notice a dead node"
    return [f"tasks run on {nodes} for less than {late}; --soak looks on for longer"]


def _left_alone(rollout: Rollout, refused: str) -> list[str]:
    """Tell of services that COMMAND did not send anew: perhaps the head has none.

    `--prune` is the remedy only for what a whole `docker stack deploy` left over.
    """
    command = rollout.last.command if rollout.last else None
    if rollout.baseline is None or not (rollout.touched and rollout.command_ended):
        return []
    alone = [
        history
        for history in rollout.histories.values()
        if history.since.gone is None and not history.touched
    ]
    failed_at = [history.name for history in alone if history.service.full_name == refused]
    names = sorted(history.name for history in alone if history.name not in failed_at)
    found = [f"COMMAND failed at {name}, which stays as it was" for name in failed_at]
    words = "judged as they are"
    if command is None or (command.code == 0 and leaves_old_services(command.argv)):
        words += "; `docker stack deploy --prune` removes what the head no longer has"
    return found + ([f"not touched by the deploy: {', '.join(names)} ({words})"] if names else [])


def _put_back(history: History) -> list[str]:
    if not history.asked.put_back:
        return []
    return [
        f"{history.name}: COMMAND itself asked for the rollback, so what came back was asked for"
    ]


def _how_old(rollout: Rollout, history: History) -> list[str]:
    """Tell how old a failure is that was judged without having been followed."""
    update = history.service.update
    if rollout.with_command or rollout.baseline is not None or update is None:
        return []
    judged = {each.name: each.verdict for each in rollout.judgements}.get(history.name)
    if update.age is None or judged is None or judged.passed:
        return []
    at = f", at {update.completed_at[:19]}Z" if update.completed_at else ""
    return [f"{history.name}: its last rollout ended {told(update.age)} ago{at}"]


def _before(history: History) -> list[str]:
    """Tell of a service that fails now, and whose tasks had failed before COMMAND began."""
    before = history.asked.before
    if before is None or not before.failed or history.verdict is None:
        return []
    if history.touched:
        return [f"{history.name}: tasks of it had failed before COMMAND, too"]
    return [f"{history.name}: tasks of it had failed before COMMAND, which did not touch it"]


def _nodes(history: History, rollout: Rollout) -> list[str]:
    """Tell on which nodes no task of a global service is expected."""
    spec = history.service.spec
    if not spec.mode.is_global or rollout.last is None:
        return []
    found = [
        f"{history.name}: not expected on {node.hostname}, which is down, drained or paused"
        for node in rollout.last.nodes
        if not node.usable and allows(spec, node)
    ]
    if not history.slots.expected:
        found.append(f"{history.name}: it has no task, for no ready node fits its constraints")
    return found


def _overlap(history: History) -> list[str]:
    """Tell of an old task beside the new one where stop-first was to keep them apart.

    Swarm waits 60 s for the old task, then starts the new one beside it (swarmkit restart.go
    DelayStart; moby issue 36111).
    """
    old = [task for task in history.slots.stopping if task.id in history.tasks.old]
    if old and history.service.spec.update.order == "stop-first" and history.slots.running:
        return [f"{history.name}: an old task still stops beside the new one"]
    return []
