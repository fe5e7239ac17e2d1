"""How tasks are restarted and stopped."""

from collections.abc import Iterator

from ccci.sweep.policy import CheckSource
from ccci.sweep.rules.model import Hit, Subject, seconds

# Between stopping the old task and starting the new one Swarm waits at most this long
# (swarmkit manager/orchestrator/restart/restart.go, defaultOldTaskTimeout).
OLD_TASK_TIMEOUT = 60.0
_POLICY = ("deploy.restart_policy", "restart", "deploy")


def on_failure(subject: Subject) -> Iterator[Hit]:
    """`condition: on-failure` where an end without an error is an outage."""
    policy = subject.policy
    if policy.mode.is_job or policy.restart.condition != "on-failure":
        return
    keys = ("deploy.restart_policy.condition", *_POLICY)
    if policy.health in {CheckSource.DEFINED, CheckSource.INHERITED}:
        yield Hit(
            "a task that turns unhealthy and stops cleanly exits 0, which is no failure: it is "
            "never restarted",
            "write `condition: any`",
            keys,
        )
    elif policy.published:
        yield Hit(
            "an app that exits 0 is never restarted, and this one is meant to stay: it publishes "
            "a port",
            "write `condition: any`",
            keys,
        )


def max_attempts(subject: Subject) -> Iterator[Hit]:
    """max_attempts is set."""
    policy = subject.policy
    restart = policy.restart
    attempts = restart.max_attempts
    if attempts <= 0 or policy.mode.is_job or not policy.runs:
        return
    # Only restarts inside the window count, and each waits for the delay (swarmkit restart.go,
    # shouldRestart): a window that is over before so many can be made sets no limit.
    if restart.window and attempts * restart.delay >= restart.window:
        return
    within = f" within {seconds(restart.window)}" if restart.window else ""
    count = "one attempt" if attempts == 1 else f"{attempts} attempts"
    yield Hit(
        f"after {count}{within} Swarm gives the slot up for good and still says `completed`",
        "leave max_attempts out, or watch the service",
        ("deploy.restart_policy.max_attempts", *_POLICY),
    )


def long_grace(subject: Subject) -> Iterator[Hit]:
    """stop_grace_period above 60 s."""
    policy = subject.policy
    if policy.rolls and policy.stop_grace > OLD_TASK_TIMEOUT:
        yield Hit(
            f"the old task may take {seconds(policy.stop_grace)} to stop, and Swarm starts the "
            "new one after 60s: both run, whatever the order says",
            "write 60s or less where it suffices; where it does not, say so: `# ccci: ignore "
            "CCCI013 REASON`",
            ("stop_grace_period",),
        )
