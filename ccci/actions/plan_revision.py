"""To plan a revision of a recipe as it would be deployed, or upgraded to from its base."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ccci.actions import deploy, plan_recipe, upgrade
from ccci.actions.parts import Part, Parts
from ccci.actions.plan import keep
from ccci.deployers import App
from ccci.planning.model import Plan
from ccci.recipe.checkouts import Checkout
from ccci.steps import plan_checks, recorder
from ccci.steps.workspace import Choices
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Request:
    """What is planned of a recipe: a tag, or a head, on top of a base where one is named.

    `env` is for what is deployed last. `timeout` is how many seconds the deployer's command may
    take, `fail_on` the least severity of a finding that decides the verdict.
    """

    recipe: str
    choices: Choices
    head: str | None = None
    tag: str | None = None
    base: str | None = None
    env: Mapping[str, str] = field(default_factory=dict)
    save: Path | None = None
    timeout: float = recorder.DEPLOY_PATIENCE
    fail_on: str = "never"


def plan(request: Request, output: Output) -> Plan:
    """Return the plan of what is deployed last, kept where it is asked for.

    Raise UsageError for what cannot be meant, EngineUnavailable where there is no swarm.
    """
    every = plan_recipe.planned(
        request.recipe,
        request.choices,
        _parts(request),
        output,
        timeout=request.timeout,
        finds_app=True,
    )
    found = plan_checks.failing(every[-1].plan, request.fail_on)
    keep(request.save, found, output.secrets)
    return found


def _parts(request: Request) -> Parts:
    recipe, choices, env = request.recipe, request.choices, dict(request.env)
    if request.base is not None and request.head is not None:
        return upgrade.parts(
            upgrade.Request(recipe, request.head, choices, request.base, upgrade_env=env)
        )
    alone = deploy.parts(deploy.Request(recipe, choices, request.tag, request.head))

    def parts(clone: Checkout, app: App) -> Sequence[Part]:
        return [replace(each, env=env) for each in alone(clone, app)]

    return parts
