"""Slots, ages and the order of creation, where the Engine leaves things out."""

from ccci.swarm.decode import observation
from ccci.swarm.model import Task

SERVICE = {"ID": "s", "Spec": {"Name": "job", "Mode": {"ReplicatedJob": {}}}}
DATE = "Mon, 23 Nov 2026 21:00:10 GMT"


def listed(task: dict[str, object], **service: object) -> Task:
    raw = {"ID": "t", "ServiceID": "s", **task}
    of = {**SERVICE, **service}
    return observation.services([of], [raw], up_to_date=[], date=DATE)[0].tasks[0]


def test_the_first_slot_of_a_job_is_left_out_and_stays_the_same_on_any_node() -> None:
    assert listed({"NodeID": ""}).slot == "0"
    assert listed({"NodeID": "n1"}).slot == "0"
    assert listed({"NodeID": "n1", "Slot": 2}).slot == "2"


def test_the_slot_of_a_global_service_is_its_node() -> None:
    spec = {"Name": "everywhere", "Mode": {"Global": {}}}
    assert listed({"NodeID": "n1"}, Spec=spec).slot == "n1"


def test_times_of_creation_sort_as_times() -> None:
    earlier = listed({"CreatedAt": "2026-11-23T21:00:00.12Z"}).created_at
    later = listed({"CreatedAt": "2026-11-23T21:00:00.123Z"}).created_at
    whole = listed({"CreatedAt": "2026-11-23T21:00:00Z"}).created_at
    assert whole < earlier < later


def test_an_update_status_knows_how_long_ago_it_ended() -> None:
    status = {
        "State": "completed",
        "StartedAt": "2026-11-23T21:00:00Z",
        "CompletedAt": "2026-11-23T21:00:04Z",
    }
    raw = {**SERVICE, "UpdateStatus": status}
    (service,) = observation.services([raw], [], up_to_date=[], date=DATE)
    assert service.update is not None
    assert service.update.age == 6.0
