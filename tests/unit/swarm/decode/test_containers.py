from typing import Any

from ccci.swarm.decode import containers


def test_a_probe_that_was_killed_with_its_container_tells_nothing() -> None:
    def probes(status: str, *log: dict[str, Any]) -> tuple[str, ...]:
        return containers.of_container("t", {"Status": status, "Health": {"Log": list(log)}}).health

    bad, killed = {"ExitCode": 1, "Output": "bad"}, {"ExitCode": 137, "Output": ""}
    assert probes("exited", bad, killed) == ("exit 1: bad",)
    assert probes("exited", bad, {**killed, "Output": "OOM"}) == ("exit 1: bad", "exit 137: OOM")
    assert probes("running", bad, killed) == ("exit 1: bad", "exit 137")
    assert probes("exited", killed) == ("exit 137",)


def test_times_that_make_no_sense_are_no_duration() -> None:
    never = "0001-01-01T00:00:00Z"
    early = {"StartedAt": "2026-11-23T21:31:40.2Z", "FinishedAt": "2026-11-23T21:31:40.1Z"}
    assert containers.of_container("t", {"Status": "exited", **early}).ran_for == 0.0
    for started, finished in (
        (None, None),
        (never, "2026-11-23T21:31:40Z"),
        ("2026-11-23T21:31:40Z", never),
        ("soon", "later"),
    ):
        state = {"Status": "exited", "StartedAt": started, "FinishedAt": finished}
        assert containers.of_container("t", state).ran_for is None


def test_a_container_that_ended_is_unhealthy_only_by_its_failed_probes() -> None:
    def unhealthy(status: str, streak: int) -> bool:
        state = {"Status": status, "Health": {"Status": "unhealthy", "FailingStreak": streak}}
        return containers.of_container("t", state, {"Retries": 2}).unhealthy

    assert unhealthy("running", 2)
    assert unhealthy("exited", 2)
    assert not unhealthy("exited", 1)
    assert not unhealthy("exited", 0)
