"""The fixtures themselves: a Swarm that really runs stacks, and nothing left of them."""

from swarms import Swarm, compose

KINDS = ("service", "container", "network", "volume", "secret", "config")


def test_a_stack_runs_and_is_removed_with_all_its_parts(swarm: Swarm, stack: str) -> None:
    swarm.deploy(
        stack,
        compose(
            {"app": {"deploy": {"replicas": 2}, "volumes": ["data:/data"]}},
            volumes={"data": {}},
            networks={"inner": {}},
        ),
    )
    swarm.wait_running(f"{stack}_app", 2)
    assert swarm.left(stack, "service")
    assert swarm.left(stack, "volume")
    swarm.remove(stack)
    assert {kind: swarm.left(stack, kind) for kind in KINDS} == {kind: [] for kind in KINDS}
