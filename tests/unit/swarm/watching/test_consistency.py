import copy
from typing import Any

import pytest
from support.engine.server import recorded

from ccci.errors import EngineError
from ccci.swarm.watching.consistency import Consistency


@pytest.fixture
def believed() -> Consistency:
    found = Consistency()
    found.believe(recorded("services"), recorded("tasks"))
    return found


def services(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = recorded("services")
    return [{**first, **changes}, *rest]


def tasks(**changes: Any) -> list[dict[str, Any]]:
    first, *rest = recorded("tasks")
    return [{**first, **changes}, *rest]


def older(raw: dict[str, Any], by: int = 1) -> dict[str, int]:
    return {"Index": raw["Version"]["Index"] - by}


def test_what_was_said_before_may_be_said_again(believed: Consistency) -> None:
    believed.check(recorded("services"), recorded("tasks"))


def test_a_version_that_went_back_is_not_believed(believed: Consistency) -> None:
    with pytest.raises(EngineError, match="it is older than one before"):
        believed.check(services(Version=older(recorded("services")[0])), [])
    with pytest.raises(EngineError, match="it is older than one before"):
        believed.check([], tasks(Version=older(recorded("tasks")[0])))


def test_two_specs_at_one_version_are_not_believed(believed: Consistency) -> None:
    other = copy.deepcopy(recorded("services")[0]["Spec"])
    del other["TaskTemplate"]["ContainerSpec"]["Image"]
    with pytest.raises(EngineError, match="two different things"):
        believed.check(services(Spec=other), [])
    newer = older(recorded("services")[0], by=-1)
    believed.check(services(Spec=other, Version=newer), [])
    with pytest.raises(EngineError, match="two different things"):
        believed.same(services(Spec=other, Version=newer), services(Version=newer))


def test_two_states_at_one_version_are_not_believed(believed: Consistency) -> None:
    with pytest.raises(EngineError, match="two different things"):
        believed.check([], tasks(Status={"State": "failed"}))


def test_a_change_of_version_is_a_change(believed: Consistency) -> None:
    assert not believed.changed(recorded("services"))
    assert believed.changed(services(Version=older(recorded("services")[0], by=-1)))
    assert not Consistency().changed(recorded("services"))  # nothing is known yet


def test_what_comes_back_is_doubted_once_and_refused_when_it_is_older(
    believed: Consistency,
) -> None:
    first, *rest = recorded("services")
    believed.believe(rest, recorded("tasks"))
    with pytest.raises(EngineError, match="there again after it was gone"):
        believed.check([first, *rest], [])
    believed.check([first, *rest], [])
    with pytest.raises(EngineError, match="older version than when it went"):
        believed.check([{**first, "Version": older(first)}], [])


def test_a_wanted_task_is_missed_unless_another_took_its_place(believed: Consistency) -> None:
    first, *rest = recorded("tasks")
    assert believed.missing_tasks(recorded("services"), rest) == [first["ID"]]
    successor = {**first, "ID": "successor"}
    assert believed.missing_tasks(recorded("services"), [successor, *rest]) == []
    left = [each for each in recorded("services") if each["ID"] != first["ServiceID"]]
    assert believed.missing_tasks(left, rest) == []  # it went with its service


def test_a_task_that_has_ended_may_be_forgotten() -> None:
    first, *rest = tasks(Status={"State": "failed"}, DesiredState="shutdown")
    believed = Consistency()
    believed.believe(recorded("services"), [first, *rest])
    assert believed.missing_tasks(recorded("services"), rest) == []


def test_a_service_that_is_not_listed_is_missed(believed: Consistency) -> None:
    first, *rest = recorded("services")
    assert believed.missing_services(rest) == [first["ID"]]
    assert believed.missing_services([first, *rest]) == []
