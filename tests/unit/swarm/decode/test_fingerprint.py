from typing import Any

from ccci.swarm.decode import fingerprint

TEMPLATE: dict[str, Any] = {
    "ContainerSpec": {"Image": "a:1@sha256:00", "Args": ["x"], "Isolation": "default"},
    "Resources": {},
    "Placement": {"Constraints": ["a==b"]},
    "ForceUpdate": 0,
    "Runtime": "container",
}


def changed(**changes: Any) -> str:
    return fingerprint.task({**TEMPLATE, **changes})


def test_what_is_absent_equals_what_is_empty() -> None:
    empty: dict[str, Any] = {"a": None, "b": "", "c": [], "d": {}, "e": {"f": {"g": None}}}
    assert fingerprint.of({}) == fingerprint.of(empty)


def test_zero_and_false_are_values() -> None:
    assert len({fingerprint.of({"a": each}) for each in (None, 0, False, 1)}) == 4


def test_the_order_of_keys_does_not_matter_and_that_of_lists_does() -> None:
    assert fingerprint.of({"a": 1, "b": 2}) == fingerprint.of({"b": 2, "a": 1})
    assert fingerprint.of({"a": [1, 2]}) != fingerprint.of({"a": [2, 1]})


def test_placement_is_no_part_of_what_a_task_is_made_of() -> None:
    assert changed(Placement={}) == changed()


def test_whatever_else_changes_changes_the_fingerprint() -> None:
    others = [
        changed(ForceUpdate=1),
        changed(ContainerSpec={"Image": "a:1@sha256:01", "Args": ["x"]}),
        changed(ContainerSpec={"Image": "a:1@sha256:00", "Args": ["y"]}),
        changed(Resources={"Limits": {"MemoryBytes": 1}}),
        changed(Networks=[{"Target": "n"}]),
        changed(RestartPolicy={"Delay": 0}),
        changed(LogDriver={"Name": "none"}),
        changed(Runtime="plugin"),
    ]
    assert len({changed(), *others}) == len(others) + 1


def test_a_task_leaves_out_what_a_service_says_of_every_task() -> None:
    bare = {key: value for key, value in TEMPLATE.items() if key not in {"Runtime", "ForceUpdate"}}
    assert fingerprint.task(bare) == fingerprint.template({"TaskTemplate": TEMPLATE})


def test_networks_may_be_the_services_own() -> None:
    networks = [{"Target": "n"}]
    own = fingerprint.template({"TaskTemplate": TEMPLATE, "Networks": networks})
    assert own == changed(Networks=networks)
