"""The rollback rehearsed: a revision that cannot start, after which the old one has to serve."""

from dataclasses import dataclass

from ccci import convergence
from ccci.deployers import App
from ccci.deployers.plan import command_environment
from ccci.exits import Verdict
from ccci.live import view_for
from ccci.process import Running
from ccci.steps.site import Site

ENTRYPOINT = "/ccci-rehearsal-of-a-rollback"
"""A program that no image has: the task fails before anything of the app runs."""


@dataclass(frozen=True, slots=True)
class Rehearsed:
    """What came of it: nothing is wrong where the policy put the old revision back."""

    wrong: str = ""
    hint: str = ""


def rehearse(site: Site, app: App, carrier: str) -> Rehearsed:
    """Give the service a revision that cannot start, and see whether Swarm really rolls it back.

    The service's own policy decides, so it is told to start something else and nothing more.
    """
    name = f"{app.stack}_{carrier}"

    def start() -> Running:
        return Running(
            ("docker", "service", "update", "--detach", "--entrypoint", ENTRYPOINT, name),
            env=command_environment({}, site.engine.environment()),
            lines=site.output.detail,
        )

    baseline = convergence.take_baseline(site.engine, app.stack)
    outcome = convergence.follow(
        site.engine,
        app.stack,
        baseline=baseline,
        options=convergence.Options(
            timeout=site.choices.options.timeout, services=frozenset({carrier})
        ),
        view=view_for(site.output),
        start=start,
    )
    if outcome.verdict is not Verdict.ROLLED_BACK:
        return Rehearsed(
            f"a revision that cannot start ended as {outcome.verdict.value}, not rolled back: "
            f"{outcome.summary}",
            f"set `update_config: failure_action: rollback` for {carrier}",
        )
    before = {each.name: each.spec.template for each in baseline.services}
    last = outcome.rollout.last
    for service in last.services if last else ():
        serving = [task for task in service.tasks if task.state == "running" and task.live]
        if service.name == carrier and (
            not serving or any(task.template != before[carrier] for task in serving)
        ):
            return Rehearsed(
                f"Swarm rolled {carrier} back, but the old revision does not serve again",
                "see `docker service ps`",
            )
    return Rehearsed()
