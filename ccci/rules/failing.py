"""How Swarm notices a failed update, and what it then does."""

from collections.abc import Iterator

from ccci.policy import Health
from ccci.rules.model import Hit, Subject, seconds

_FEW_REPLICAS = 4
_ACTION = ("deploy.update_config.failure_action", "deploy.update_config", "deploy")
_MONITOR = ("deploy.update_config.monitor", "deploy.update_config", "deploy")


def goes_on(subject: Subject) -> Iterator[Hit]:
    """failure_action: continue."""
    if subject.policy.rolls and subject.policy.update.failure_action == "continue":
        yield Hit(
            "Swarm does not watch for failures at all: an update ends `completed` with nothing "
            "running",
            "write `failure_action: rollback` with `order: stop-first`, or `pause`",
            _ACTION,
        )


def pauses(subject: Subject) -> Iterator[Hit]:
    """No failure_action."""
    policy = subject.policy
    if policy.rolls and policy.update.failure_action == "pause":
        yield Hit(
            "a failed update is paused for good: the stack is left half old, half new",
            "write `failure_action: rollback` with `order: stop-first`, or deploy with "
            "`ccci converge`, which says so",
            _ACTION,
        )


def rollback_unseen(subject: Subject) -> Iterator[Hit]:
    """Rollback without any health check."""
    policy = subject.policy
    if (
        policy.rolls
        and policy.update.failure_action == "rollback"
        and policy.health in {Health.NONE, Health.DISABLED}
    ):
        word = "disabled" if policy.health is Health.DISABLED else "not written"
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
    if not policy.rolls or check is None or policy.update.failure_action == "continue":
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
    if not policy.rolls or ratio <= 0 or replicas is None or not 0 < replicas <= _FEW_REPLICAS:
        return
    # The updater acts only on more than the ratio (swarmkit updater.go: a strict comparison).
    dead = int(ratio * replicas + 1e-6)
    effect = (
        f"{dead} of {replicas} may fail and the update still ends `completed`"
        if dead
        else f"with {replicas} it means the same as 0: the first failure counts"
    )
    yield Hit(
        f"max_failure_ratio {ratio:g}: {effect}",
        "leave max_failure_ratio out",
        ("deploy.update_config.max_failure_ratio", *_MONITOR),
    )
