"""The rollback rehearsed: a revision that cannot start, after which the old one has to serve."""

from dataclasses import dataclass

from ccci.deployers import App
from ccci.exits import Verdict
from ccci.host import docker_cli
from ccci.host.process import Running
from ccci.records import runs
from ccci.steps.follow import Options, Outcome, follow
from ccci.steps.workspace import Workspace
from ccci.swarm.baseline import take
from ccci.swarm.judge.by_status import serves
from ccci.swarm.watching.trace import Trace
from ccci.terminal.live import view_for

ENTRYPOINT = "/ccci-rehearsal-of-a-rollback"
"""A program that no image has: the task fails before anything of the app runs."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it: nothing is wrong where the policy put the old revision back."""

    wrong: str = ""
    hint: str = ""


_WAYS: dict[Verdict, str] = {
    Verdict.DISTURBED: "repeat it while nobody else deploys: nothing was learned of the rollback",
    Verdict.REMOVED: "repeat it while nobody removes the service: nothing was learned of the "
    "rollback",
    Verdict.TIMED_OUT: "give it longer (--timeout)",
    Verdict.UNABLE: "see whether the Engine's daemon runs (`docker info`), then repeat it",
    Verdict.INTERRUPTED: "repeat it: it was ended before Swarm had rolled back",
    Verdict.DEPLOY_FAILED: "mend what `docker service update` says, then repeat it",
}


def way_out(outcome: Outcome, carrier: str) -> str:
    """Return the next step after a rehearsal in which Swarm did not roll back."""
    if outcome.hint:
        return outcome.hint
    if outcome.verdict is Verdict.ROLLBACK_PAUSED:
        return (
            f"let the old revision of {carrier} start again within the `monitor` of its "
            "`rollback_config`, or say `failure_action: continue` there"
        )
    if outcome.verdict in _WAYS:
        return _WAYS[outcome.verdict]
    policy = next(
        (
            history.service.spec.update
            for history in outcome.rollout.histories.values()
            if history.name == carrier
        ),
        None,
    )
    if policy is not None and policy.failure_action == "rollback":
        # swarmkit updater.go: it counts what fails within `monitor`, against the ratio.
        return (
            f"{carrier} has `failure_action: rollback`, which a failure of its tasks did not set "
            f"off: lower `max_failure_ratio` (now {policy.max_failure_ratio:g}) or raise `monitor` "
            f"(now {policy.monitor:g} s)"
        )
    return f"set `update_config: failure_action: rollback` for {carrier}"


def rehearse(workspace: Workspace, app: App, carrier: str) -> Rehearsed:
    """Give the service a revision that cannot start, and see whether Swarm really rolls it back.

    The service's own policy decides, so it is told to start something else and nothing more.
    """
    name = f"{app.stack}_{carrier}"

    def start() -> Running:
        return docker_cli.start(
            ("service", "update", "--detach", "--entrypoint", ENTRYPOINT, name),
            engine=workspace.engine.environment(),
            lines=workspace.output.detail,
        )

    with (
        Trace(workspace.run.path(runs.REHEARSAL_TRACE), stack=app.stack) as trace,
        workspace.opens(workspace.engine, app.stack, trace=trace) as watch,
    ):
        baseline = take(app.stack, watch.look())
        outcome = follow(
            watch,
            baseline=baseline,
            options=Options(
                timeout=workspace.choices.options.timeout, services=frozenset({carrier})
            ),
            view=view_for(workspace.output),
            start=start,
        )
    if outcome.verdict is not Verdict.ROLLED_BACK:
        return Rehearsed(
            f"a revision that cannot start ended as {outcome.verdict.value}, not rolled back: "
            f"{outcome.summary}",
            way_out(outcome, carrier),
        )
    before = {each.name: each.spec.template for each in baseline.services}
    for history in outcome.rollout.histories.values():
        serving = [task for task in history.service.tasks if task.state == "running" and task.live]
        if history.name == carrier and not (
            serves(history) and all(task.template == before[carrier] for task in serving)
        ):
            return Rehearsed(
                f"Swarm rolled {carrier} back, but the old revision does not serve again",
                "let the old revision start again by itself: look at what its tasks say in "
                "`report.json`, and at the `start_period` of its health check",
            )
    return Rehearsed()
