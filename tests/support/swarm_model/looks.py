"""What a watcher sees of the model of Swarm: observations, as `decode` makes them of a real one."""

from dataclasses import replace

from support.swarm_model.model import Cluster, Revision, SimService, SimTask, moment

from ccci.swarm.model import (
    Command,
    HealthSource,
    Identity,
    Observation,
    Service,
    Spec,
    Task,
    TaskState,
    UpdateStatus,
)


def spec(revision: Revision) -> Spec:
    """Return a revision as a decoded spec."""
    return Spec(
        whole=":".join(
            (revision.template, revision.labels, revision.endpoint, str(revision.replicas))
        ),
        template=revision.template,
        endpoint=revision.endpoint,
        mode=revision.mode,
        replicas=None if revision.mode.is_global else revision.replicas,
        identity=Identity(None, f"image:{revision.template}", revision.labels or None),
        update=revision.update,
        rollback=revision.rollback,
        restart=revision.restart,
        health=revision.health,
        health_source=HealthSource.DEFINED if revision.health else HealthSource.DISABLED,
    )


def look(
    cluster: Cluster, command: Command | None = None, unreachable: str | None = None
) -> Observation:
    """Return what a look at this moment shows."""
    if unreachable:
        return Observation(cluster.now, _wall(cluster.now), unreachable=unreachable)
    return Observation(
        at=cluster.now,
        wall=_wall(cluster.now),
        services=tuple(_service(cluster, service) for service in cluster.services.values()),
        nodes=tuple(cluster.nodes.values()),
        command=command,
        orchestrator=f"reign-{cluster.reign}",
    )


def _wall(at: float) -> str:
    return f"2026-03-01T{int(at // 3600):02d}:{int(at // 60) % 60:02d}:{at % 60:09.6f}Z"


def _service(cluster: Cluster, service: SimService) -> Service:
    return Service(
        id=service.id,
        name=service.name,
        full_name=f"stack_{service.name}",
        version=service.version,
        spec=spec(service.spec),
        previous=spec(service.previous[0]) if service.previous else None,
        update=_status(cluster, service),
        iteration=service.iteration,
        tasks=tuple(_task(cluster, service, task) for task in service.tasks),
    )


def _status(cluster: Cluster, service: SimService) -> UpdateStatus | None:
    status = service.status
    if status is None or status.completed_at is None:
        return status
    return replace(status, age=cluster.now - service.ended)


def _task(cluster: Cluster, service: SimService, task: SimTask) -> Task:
    started = task.state.rank >= TaskState.STARTING.rank and task.state != TaskState.REJECTED
    return Task(
        id=task.id,
        slot=task.slot,
        state=task.state,
        desired=task.desired,
        up_to_date=not service.dirty(task),
        node=task.node,
        error=task.error,
        exit_code=task.exit_code,
        container=f"container-{task.id}" if started else "",
        template=task.revision.template,
        image=f"image:{task.revision.template}",
        iteration=task.iteration,
        created_at=moment(task.created),
        timestamp=moment(task.entered),
        since=cluster.now - task.entered,
    )
