"""Decoding any JSON gives a value or one kind of error."""

import copy
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.any_json import JSON, KEYS
from support.engine.server import recorded

from ccci.errors import EngineError
from ccci.swarm.decode import containers, listings, observation
from ccci.swarm.decode.events import Event
from ccci.swarm.decode.events import event as decode_event


@given(JSON, JSON, JSON, JSON, JSON)
def test_any_json_is_an_observation_or_one_kind_of_error(
    services: Any, tasks: Any, nodes: Any, images: Any, clean: Any
) -> None:
    look = {"at": 1.0, "wall": "w", "services": services, "tasks": tasks, "nodes": nodes}
    try:
        seen = observation.observation({**look, "images": images, "up_to_date": clean})
    except EngineError:
        return
    assert all(isinstance(each.name, str) for each in seen.services)


@given(st.data())
def test_a_recorded_look_with_any_value_anywhere_is_one_or_the_other(data: st.DataObject) -> None:
    look = {"at": 1.0, "wall": "w", "services": recorded("services"), "tasks": recorded("tasks")}
    look = copy.deepcopy({**look, "nodes": recorded("nodes")})
    places: list[tuple[Any, Any]] = []
    rest: list[Any] = [look["services"], look["tasks"], look["nodes"]]
    while rest:
        each = rest.pop()
        for key, inner in each.items() if isinstance(each, dict) else enumerate(each):
            places.append((each, key))
            if isinstance(inner, (dict, list)):
                rest.append(inner)
    for _ in range(data.draw(st.integers(1, 3))):
        holder, key = data.draw(st.sampled_from(places))
        holder[key] = data.draw(JSON)
    try:
        seen = observation.observation(look)
    except EngineError:
        return
    assert all(isinstance(task.error, str) for each in seen.services for task in each.tasks)


@given(JSON)
def test_any_json_is_an_event_or_none(raw: Any) -> None:
    found = decode_event(raw)
    assert found is None or isinstance(found.action, str)


@given(st.dictionaries(KEYS, JSON, max_size=6))
def test_any_inspection_is_evidence_or_one_kind_of_error(raw: Any) -> None:
    for ask in (
        lambda: containers.inspected("task", raw),
        lambda: containers.environment(raw),
        lambda: containers.killed_within_a_limit(raw),
        lambda: containers.of_container("task", raw, raw),
    ):
        with suppress(EngineError):
            ask()


@given(st.lists(st.dictionaries(KEYS, JSON, max_size=6), max_size=3))
def test_any_listing_is_sound_or_one_kind_of_error(raw: Any) -> None:
    for ask in (
        lambda: listings.check_services(raw, "t"),
        lambda: listings.check_tasks(raw, raw),
        lambda: listings.check_nodes(raw),
        lambda: listings.versions(raw),
        lambda: listings.leader(raw),
        lambda: [(listings.image_of(each), listings.environment(each)) for each in raw],
    ):
        with suppress(EngineError):
            ask()


def deep(levels: int) -> Any:
    found: Any = 1
    for _ in range(levels):
        found = {"a": found}
    return found


def test_what_is_nested_too_deep_is_said() -> None:
    look = {"at": 1.0, "wall": "w", "services": [{"ID": "a", "Spec": deep(5000)}], "tasks": []}
    with pytest.raises(EngineError, match="nested too deep"):
        observation.observation(look)
    service = {**recorded("services")[0], "Endpoint": deep(5000)}
    with pytest.raises(EngineError, match="nested too deep"):
        listings.check_services([service], "t")


@pytest.mark.parametrize("key", ["ID", "Version", "Spec"])
def test_a_service_without_what_the_engine_never_leaves_out_is_no_answer(key: str) -> None:
    services = recorded("services")
    del services[1][key]
    with pytest.raises(EngineError, match="cannot be whole"):
        listings.check_services(services, "t")


@pytest.mark.parametrize("key", ["ID", "Version", "Spec", "Status", "DesiredState", "ServiceID"])
def test_a_task_without_what_the_engine_never_leaves_out_is_no_answer(key: str) -> None:
    tasks = recorded("tasks")
    del tasks[1][key]
    with pytest.raises(EngineError, match="cannot be whole"):
        listings.check_tasks(tasks, recorded("services"))


def test_a_replicated_task_without_its_slot_is_no_answer() -> None:
    services = recorded("services")
    replicated = next(each for each in services if "Replicated" in each["Spec"]["Mode"])
    tasks = [each for each in recorded("tasks") if each["ServiceID"] == replicated["ID"]]
    listings.check_tasks(tasks, services)
    del tasks[0]["Slot"]
    with pytest.raises(EngineError, match="without its slot"):
        listings.check_tasks(tasks, services)


def test_what_is_listed_twice_is_no_answer() -> None:
    services = recorded("services")
    with pytest.raises(EngineError, match="twice"):
        listings.check_services([*services, services[0]], "t")


def test_a_service_of_another_stack_is_no_answer() -> None:
    with pytest.raises(EngineError, match="without its name or its label"):
        listings.check_services(recorded("services"), "other")


def test_an_event_is_read() -> None:
    attributes = {
        "com.docker.stack.namespace": "t",
        "com.docker.swarm.task.id": "x",
        "com.docker.swarm.task.name": "t_app.1.x",
        "com.docker.swarm.service.id": "s",
        "exitCode": "137",
    }
    raw = {"Type": "container", "Action": "die", "Actor": {"ID": "c", "Attributes": attributes}}
    assert decode_event(raw) == Event(
        "container", "die", "c", stack="t", task="x", slot="t_app.1", service="s", exit_code=137
    )
    node = {"Type": "node", "Action": "update", "Actor": {"ID": "n", "Attributes": {"name": "n"}}}
    found = decode_event(node)
    assert found is not None
    assert not found.told
