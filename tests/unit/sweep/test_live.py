"""The running swarm through the same rules; the answers have the Engine's form."""

from typing import Any

from ccci.sweep.live import sweep
from ccci.sweep.policy import CheckSource
from ccci.sweep.rules import Choice

LABEL = "com.docker.stack.namespace"


def service(name: str = "app", **spec: Any) -> dict[str, Any]:
    container = {"Image": "x:1.2", **spec.pop("ContainerSpec", {})}
    template = {"ContainerSpec": container, **spec.pop("TaskTemplate", {})}
    return {
        "ID": name,
        "Version": {"Index": 1},
        "Spec": {
            "Name": f"shop_{name}",
            "Labels": {LABEL: "shop"},
            "Mode": {"Replicated": {"Replicas": 1}},
            "TaskTemplate": template,
            **spec,
        },
    }


RISKY = {"FailureAction": "rollback", "Order": "start-first", "Monitor": 5 * 10**9}


def node(memory: int, availability: str = "active") -> dict[str, Any]:
    return {
        "ID": "n",
        "Version": {"Index": 1},
        "Spec": {"Role": "manager", "Availability": availability},
        "Description": {"Hostname": "n", "Resources": {"MemoryBytes": memory}},
        "Status": {"State": "ready"},
    }


def rules(*services: dict[str, Any], **listings: Any) -> set[str]:
    networks, nodes = listings.get("networks", []), listings.get("nodes", [])
    choice = Choice(listings.get("select", ()))
    return {each.rule for each in sweep(services, networks, nodes, choice=choice).findings}


def test_a_service_without_an_update_config_has_swarms_defaults() -> None:
    (row,) = sweep([service()], [], []).services
    assert (row.policy.update.failure_action, row.policy.update.monitor) == ("pause", 5.0)
    assert not row.policy.update_declared
    assert row.policy.health is CheckSource.NONE
    assert (row.file, row.recipe, row.policy.name) == ("swarm:shop", "shop", "app")


def test_the_update_status_is_shown() -> None:
    raw = {**service(), "UpdateStatus": {"State": "rollback_completed"}}
    (row,) = sweep([raw], [], []).services
    assert row.update_status == "rollback_completed"


def test_the_rules_apply_to_what_swarm_applied() -> None:
    assert "CCCI001" in rules(service(UpdateConfig=RISKY))
    assert "CCCI001" not in rules(service())


def test_the_memory_rule_takes_the_largest_node_that_may_get_tasks() -> None:
    limited = service(
        UpdateConfig=RISKY, TaskTemplate={"Resources": {"Limits": {"MemoryBytes": 600}}}
    )
    assert "CCCI004" in rules(limited, nodes=[node(1000)])
    assert "CCCI004" not in rules(limited, nodes=[node(1000), node(2000)])
    assert "CCCI004" in rules(limited, nodes=[node(1000), node(2000, "drain")])


def test_volumes_are_called_as_in_the_compose_file() -> None:
    mounts = [{"Type": "volume", "Source": "shop_data", "Target": "/data"}]
    (row,) = sweep([service(ContainerSpec={"Mounts": mounts})], [], []).services
    assert row.policy.volumes == ("data",)


def test_an_app_on_a_network_of_another_stack_is_found() -> None:
    proxy = {"Id": "p", "Name": "proxy", "Driver": "overlay", "Labels": {}}
    own = {"Id": "o", "Name": "shop_default", "Driver": "overlay", "Labels": {LABEL: "shop"}}
    on_proxy = service(TaskTemplate={"Networks": [{"Target": "p"}]})
    on_own = service(TaskTemplate={"Networks": [{"Target": "o"}]})
    assert "CCCI018" in rules(on_proxy, networks=[proxy, own], select=("CCCI018",))
    assert "CCCI018" not in rules(on_proxy, networks=[proxy, own])
    assert "CCCI018" not in rules(on_own, networks=[proxy, own], select=("CCCI018",))
