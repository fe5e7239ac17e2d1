"""What is worth a word beside the verdicts: dropped services, nodes left out, overlaps. Pure."""

from ccci.swarm.placement import allows
from ccci.swarm.rollout import Rollout
from ccci.swarm.track import Track


def notes(rollout: Rollout) -> tuple[str, ...]:
    """Return what a reader of the verdicts should know besides, one sentence each."""
    found = [f"{name} was dropped by the deploy" for name in rollout.dropped]
    found += _left_alone(rollout)
    for track in rollout.tracks.values():
        found += [*_nodes(track, rollout), *_overlap(track)]
    return tuple(found)


def _left_alone(rollout: Rollout) -> list[str]:
    """Tell of services that a deploy of others did not send anew: perhaps the head has none."""
    if rollout.baseline is None or not (rollout.touched and rollout.command_ended):
        return []
    names = sorted(
        track.name
        for track in rollout.tracks.values()
        if track.gone_since is None and not track.touched
    )
    words = "judged as they are; `docker stack deploy --prune` removes what the head no longer has"
    return [f"not touched by the deploy: {', '.join(names)} ({words})"] if names else []


def _nodes(track: Track, rollout: Rollout) -> list[str]:
    """Tell on which nodes no task of a global service is expected."""
    spec = track.service.spec
    if not spec.mode.is_global or rollout.last is None:
        return []
    found = [
        f"{track.name}: not expected on {node.hostname}, which is down, drained or paused"
        for node in rollout.last.nodes
        if not node.usable and allows(spec, node)
    ]
    if not track.slots.expected:
        found.append(f"{track.name}: it has no task, for no ready node fits its constraints")
    return found


def _overlap(track: Track) -> list[str]:
    """Tell of an old task beside the new one where stop-first was to keep them apart.

    Swarm waits 60 s for the old task, then starts the new one beside it (swarmkit restart.go
    DelayStart; moby issue 36111).
    """
    old = [task for task in track.slots.stopping if task.id in track.old_tasks]
    if old and track.service.spec.update.order == "stop-first" and track.slots.running:
        return [f"{track.name}: an old task still stops beside the new one"]
    return []
