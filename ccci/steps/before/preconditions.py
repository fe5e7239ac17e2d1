"""What the swarm has to have, or must not have, for a revision: asked before anything rolls.

The same for each deployer: `docker stack deploy` finds these out half-way, with some services
changed and some not, and abra goes through it.
"""

from collections.abc import Collection

from ccci.deployers.plan import DeployPlan
from ccci.errors import CcciError, DeployRefused
from ccci.recipe import stack_file
from ccci.steps.reach import claims
from ccci.steps.reach.ownership import Owners
from ccci.swarm.decode import configs
from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.networks import networks
from ccci.swarm.engine.client import Engine
from ccci.swarm.judge.refusals import MAKE_KEPT, MAKE_NETWORK


def check(engine: Engine, plan: DeployPlan, there: Owners, coming: Collection[str] = ()) -> None:
    """Raise DeployRefused for what is wrong with the recipe, CcciError for what the swarm lacks.

    Missing external networks say nothing of the recipe; a config whose content changed under its
    old name does, and so does an object that is to pass for ccci's or belongs to another stack.
    `there` says whose everything is (`ownership.owners`), `coming` are the names of what will be
    there by the time of the deploy.
    """
    claims.refuse_ours(plan.stack, plan.app.stack)
    claims.refuse_others(there, plan.stack, plan.app.stack)
    _check_networks(engine, tuple(name for name in plan.networks if name not in coming))
    external = stack_file.external_configs(plan.stack)
    _check_configs(engine, tuple(name for name in external if name not in coming), plan)


def made_by(plan: DeployPlan) -> frozenset[str]:
    """Return the names of the networks and configs that a plan's deploy makes."""
    networks = plan.stack.sections.networks.values()
    own = (each.called(plan.app.stack) for each in networks if not each.external)
    return frozenset((*own, *plan.resolved.configs))


def _check_networks(engine: Engine, external: tuple[str, ...]) -> None:
    if not external:
        return
    there = {each.name for each in networks(engine.networks()) if each.is_of_swarm}
    for name in external:
        if name not in there:
            raise CcciError(
                f"the external network {name} is not on this swarm",
                MAKE_NETWORK.format(name=name),
            )


def _check_configs(engine: Engine, external: tuple[str, ...], plan: DeployPlan) -> None:
    """Raise DeployRefused for a config that Swarm would refuse.

    Swarm never changes the content of a config ("only updates to Labels are allowed", moby
    35048).
    """
    there = {listed(config).name: config for config in engine.configs()}
    for name in external:
        if name not in there:
            raise DeployRefused(
                f"the external config {name} is not on this swarm",
                MAKE_KEPT.format(kind="config", name=name),
            )
    for name, content in plan.resolved.configs.items():
        if name in there and content != configs.content(there[name]):
            file = plan.config_files[name].rpartition("/")[2]
            raise DeployRefused(
                f"config-immutable: {file} changed, but its config is still named {name}",
                "raise the config's version where abra.sh exports it",
            )
