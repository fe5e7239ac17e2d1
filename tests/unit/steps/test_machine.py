from ccci.errors import EngineUnavailable
from ccci.exits import Verdict
from ccci.host.json_values import to_json
from ccci.report.parts import Check, Health
from ccci.steps import machine as doctor
from ccci.swarm.decode.info import Info, Version

VERSION = Version("20.10.24", "1.41")
MANAGER = Info(
    {
        "Name": "alpha",
        "Swarm": {"LocalNodeState": "active", "ControlAvailable": True, "Managers": 1, "Nodes": 3},
    }
)


def test_an_engine_tells_its_version_its_api_and_its_host() -> None:
    assert doctor.engine(VERSION, MANAGER) == Check(
        "engine", Health.OK, "20.10.24 (API 1.41) on alpha"
    )


def test_an_engine_older_than_any_tested_is_a_warning() -> None:
    old = doctor.engine(Version("19.03.1", "1.40"), MANAGER)
    assert old.health is Health.WARNING
    assert doctor.engine(Version("", ""), Info({})).health is Health.WARNING


def test_a_manager_is_fine_and_says_how_many_there_are() -> None:
    assert doctor.swarm(MANAGER) == Check("swarm", Health.OK, "manager (1 of 3 nodes manage)")


def test_two_managers_are_a_warning() -> None:
    state = {"LocalNodeState": "active", "ControlAvailable": True, "Managers": 2, "Nodes": 2}
    assert doctor.swarm(Info({"Swarm": state})).health is Health.WARNING


def test_no_swarm_a_worker_and_a_locked_swarm_are_told_apart() -> None:
    outside = doctor.swarm(Info({"Swarm": {"LocalNodeState": "inactive"}}))
    worker = doctor.swarm(Info({"Swarm": {"LocalNodeState": "active", "ControlAvailable": False}}))
    locked = doctor.swarm(Info({"Swarm": {"LocalNodeState": "locked"}}))
    assert [each.health for each in (outside, worker, locked)] == [Health.MISSING] * 3
    assert "docker swarm init" in outside.hint
    assert "manager" in worker.hint
    assert "unlock" in locked.hint
    assert doctor.swarm(Info({})).health is Health.MISSING


def test_the_clock_may_differ_by_as_long_as_asking_took() -> None:
    before, after = "2026-01-01T00:00:00.000Z", "2026-01-01T00:00:09.000Z"
    assert doctor.clock("2026-01-01T00:00:10.5Z", before, after).health is Health.OK
    ahead = doctor.clock("2026-01-01T00:01:09.123456789Z", before, after)
    behind = doctor.clock("2025-12-31T23:59:00Z", before, after)
    assert ahead.found == "the Engine is 60 s ahead of this machine"
    assert behind.found == "the Engine is 60 s behind this machine"
    assert ahead.health is behind.health is Health.WARNING
    assert doctor.clock("noon", before, after).health is Health.WARNING


def test_a_full_disk_is_missing_and_a_nearly_full_one_a_warning() -> None:
    found = [doctor.disk("disk", "/d", free).health for free in (10**11, 10**9, 10**8)]
    assert found == [Health.OK, Health.WARNING, Health.MISSING]


def test_an_old_docker_cli_is_named_with_what_it_lacks() -> None:
    old = doctor.docker_cli("Docker version 20.10.24+dfsg1, build 297e128", "--prune", "  deploy  ")
    assert old.health is Health.WARNING
    assert old.found == "20.10.24+dfsg1, without `stack deploy --detach` and `stack config`"
    new = doctor.docker_cli("Docker version 28.2.2, build x", "-d, --detach", "\n  config   Out")
    assert new == Check("docker CLI", Health.OK, "28.2.2")


def test_abra_without_a_flag_is_a_warning_that_names_the_other_deployer() -> None:
    assert doctor.abra("0.13.0-beta").health is Health.OK
    lacking = doctor.abra("0.4.1-alpha", ["--chaos"])
    assert lacking.health is Health.WARNING
    assert "--deployer stack" in lacking.hint


def test_what_there_is_another_way_for_is_only_a_warning() -> None:
    gone = doctor.unreachable("abra", EngineUnavailable("abra is not installed", "get it"))
    assert gone.health is Health.MISSING
    assert doctor.optional(gone, "use the other") == Check(
        "abra", Health.WARNING, "abra is not installed", "use the other"
    )
    fine = Check("abra", Health.OK, "1")
    assert doctor.optional(fine, "use the other") == fine


def test_only_something_missing_makes_the_machine_unable() -> None:
    fine, warned = Check("git", Health.OK, "2.39"), Check("abra", Health.WARNING, "none", "get it")
    gone = Check("swarm", Health.MISSING, "none", "init")
    assert doctor.verdict([fine, warned]) is Verdict.DONE
    assert doctor.verdict([fine, gone]) is Verdict.UNABLE
    assert doctor.summary([fine]) == "this machine is able"
    assert doctor.summary([fine, warned]) == "this machine is able; worth a look: abra"
    assert doctor.summary([fine, warned, gone]) == "this machine is not able: swarm"


def test_each_line_says_how_it_is_and_the_next_step() -> None:
    lines = doctor.tell(
        [Check("git", Health.OK, "2.39"), Check("swarm", Health.MISSING, "no", "do")]
    )
    assert lines == [
        "ok       git    2.39",
        "missing  swarm  no",
        "                next: do",
    ]
    assert doctor.tell([]) == []
    assert to_json([Check("git", Health.OK, "2.39")]) == [
        {"name": "git", "status": "ok", "found": "2.39", "hint": ""}
    ]


def test_what_killed_runs_left_is_a_warning_with_its_remedy() -> None:
    assert doctor.leftovers([], 3) == Check("leftovers", Health.OK, "none, of 3 recorded runs")
    found = doctor.leftovers(["disc_a", "disc_b"], 3)
    assert found.health is Health.WARNING
    assert found.found == "killed runs left disc_a, disc_b"
    assert "sweep leftovers" in found.hint
