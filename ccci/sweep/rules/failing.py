"""How Swarm notices a failed update, and what it then does."""

from collections.abc import Iterator, Mapping

from ccci.host.counting import counted
from ccci.sweep.policy import CheckSource, Effective
from ccci.sweep.rules.model import Hit, Severity, Subject, seconds

_FEW_REPLICAS = 4
_ACTION = ("deploy.update_config.failure_action", "deploy.update_config", "deploy")
_MONITOR = ("deploy.update_config.monitor", "deploy.update_config", "deploy")


def goes_on(subject: Subject) -> Iterator[Hit]:
    """failure_action: continue."""
    if subject.policy.rolls and subject.policy.update.failure_action == "continue":
        yield Hit(
            "Swarm does not watch for failures at all: an update ends `completed` with nothing "
            "running",
            "write `failure_action: pause`, and deploy with `ccci converge`, which says so",
            _ACTION,
        )


def pauses(policies: Mapping[str, Effective]) -> Hit | None:
    """Say which of a set's services a failed update is paused of, in one sentence."""
    paused = [
        name
        for name, policy in policies.items()
        if policy.runs and policy.update.failure_action == "pause"
    ]
    if not paused:
        return None
    others = [
        name
        for name, policy in policies.items()
        if policy.runs and policy.update.failure_action == "rollback"
    ]
    names = ", ".join(paused)
    hint = "deploy with `ccci converge`, which says when an update is paused"
    if others:
        return Hit(
            f"a failed update is paused for {names} and rolled back for {', '.join(others)}: "
            "the stack is left with new and old versions side by side",
            hint,
            severity=Severity.WARNING,
            service=paused[0],
        )
    if any(policies[name].update_declared for name in paused):
        message = f"a failed update is paused until somebody deploys: {names}"
        return Hit(message, hint, service=paused[0])
    what = "service has" if len(paused) == 1 else "services have"
    return Hit(
        f"{len(paused)} {what} Swarm's default, to pause a failed update until somebody deploys: "
        f"{names}",
        hint,
        service=paused[0],
    )


def rollback_unseen(subject: Subject) -> Iterator[Hit]:
    """Rollback without any health check."""
    policy = subject.policy
    if (
        policy.rolls
        and policy.update.failure_action == "rollback"
        and policy.health in {CheckSource.NONE, CheckSource.DISABLED}
    ):
        word = "disabled" if policy.health is CheckSource.DISABLED else "not written"
        yield Hit(
            f"the health check is {word}: only a process that ends within "
            f"{seconds(policy.update.monitor)} is rolled back, one that answers nothing is kept",
            "write a healthcheck that asks what users ask",
            ("healthcheck", *_ACTION),
        )


def monitor_too_short(subject: Subject) -> Iterator[Hit]:
    """Monitor shorter than a health check takes to fail."""
    policy = subject.policy
    check = policy.check
    if not policy.rolls or check is None or policy.update.failure_action != "rollback":
        return
    needed = check.interval * check.retries
    if policy.update.monitor < needed:
        yield Hit(
            f"Swarm watches a new task for {seconds(policy.update.monitor)} after its first "
            f"healthy probe, and the check needs {seconds(needed)} to fail: what breaks in "
            "between is never rolled back",
            f"write `monitor: {seconds(check.unhealthy_after)}` or more",
            _MONITOR,
        )


def delay_hides(subject: Subject) -> Iterator[Hit]:
    """Delay not below monitor."""
    update = subject.policy.update
    if subject.policy.rolls and 0 < update.monitor <= update.delay:
        yield Hit(
            f"engines before 20.10.9 overlook failures when the delay ({seconds(update.delay)}) "
            f"is not below the monitor ({seconds(update.monitor)})",
            f"write a monitor above {seconds(update.delay)}",
            ("deploy.update_config.delay", *_MONITOR),
        )


def tolerated(subject: Subject) -> Iterator[Hit]:
    """max_failure_ratio above 0 with few replicas."""
    policy = subject.policy
    ratio, replicas = policy.update.max_failure_ratio, policy.replicas
    if not policy.rolls or replicas is None or not 0 < replicas <= _FEW_REPLICAS:
        return
    if not 0 < ratio <= 1:  # nothing else reaches Swarm (swarmkit controlapi, validateUpdate)
        return
    # The updater acts only on more than the ratio (swarmkit updater.go: a strict comparison).
    dead = int(ratio * replicas + 1e-6)
    effect = (
        f"{dead} of {replicas} may fail and the update still ends `completed`"
        if dead
        else f"with {counted(replicas, 'replica')} it means the same as 0: the first failure counts"
    )
    yield Hit(
        f"max_failure_ratio {ratio:g}: {effect}",
        "leave max_failure_ratio out",
        ("deploy.update_config.max_failure_ratio", *_MONITOR),
        severity=None if dead else Severity.NOTE,
    )
