"""What COMMAND did itself is COMMAND's doing, and nobody else's."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import (
    RUNNING_COMMAND,
    baseline,
    fold,
    look,
    service,
    task,
    verdict,
)

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.report.notes import notes
from ccci.swarm.judge.command import asks_for_rollback, leaves_old_services, refused_service
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import CauseCode, Command, Observation, UpdatePolicy

HEAD = service("head", task("a1", since=99.0), previous=service("base").spec)
BACK = service("base", task("a1", up_to_date=False), version=2, previous=HEAD.spec)
ASKS = Command(("docker", "service", "rollback", "--detach", "stack_app"))


def by_hand(at: float, state: str, *names: str, **changes: object) -> Observation:
    """Return a look at a rollback that somebody asked for, with these tasks of the old spec."""
    seen = service(
        "base",
        *(task(name) for name in names or ("b1",)),
        version=2,
        previous=HEAD.spec,
        update=state,
        message="manually requested rollback" if state == "rollback_started" else "",
    )
    return replace(look(at, seen), **changes)  # type: ignore[arg-type]


def rolled_back_by(command: Command) -> Rollout:
    ended = replace(command, code=0)
    looks = [
        look(1, HEAD, command=command),
        by_hand(2, "rollback_started", "b1", command=ended),
        by_hand(6, "rollback_completed", "b1", command=ended),
        by_hand(11, "rollback_completed", "b1", command=ended),
    ]
    return fold(baseline(HEAD), looks)


def test_a_rollback_that_command_asked_for_passes_once_what_came_back_has_soaked() -> None:
    rollout = rolled_back_by(ASKS)
    assert rollout.verdict is Verdict.CONVERGED
    (report,) = account.services(rollout, {})
    assert report.rolled_back is None
    assert any("COMMAND itself asked for the rollback" in note for note in notes(rollout))


def test_it_is_not_decided_before_that() -> None:
    looks = [look(1, HEAD, command=ASKS), by_hand(2, "rollback_started", command=ASKS)]
    ended = replace(ASKS, code=0)
    assert verdict(baseline(HEAD), looks) is None
    looks += [by_hand(6, "rollback_completed", command=ended)]
    assert verdict(baseline(HEAD), looks) is None


def test_a_rollback_during_a_plain_deploy_is_none_that_command_asked_for() -> None:
    rollout = rolled_back_by(RUNNING_COMMAND)
    assert rollout.verdict is Verdict.ROLLED_BACK


def test_a_rollback_of_swarms_own_is_none_that_command_asked_for() -> None:
    own = [replace(each, previous=None) for each in by_hand(2, "rollback_completed").services]
    looks = [
        look(1, replace(HEAD, version=2, update=None), command=ASKS),
        look(2, *own, command=replace(ASKS, code=0)),
    ]
    before = baseline(replace(HEAD, update=None))
    assert verdict(before, looks) is Verdict.ROLLED_BACK


def test_a_rollback_after_command_has_ended_is_somebody_elses() -> None:
    ended = replace(ASKS, code=0)
    looks = [look(1, replace(HEAD, version=2, tasks=(task("a2"),)), command=ended)]
    looks += [by_hand(3, "rollback_started", command=ended)]
    looks += [by_hand(9, "rollback_completed", command=ended)]
    rollout = fold(baseline(HEAD), looks)
    assert rollout.verdict is Verdict.ROLLED_BACK
    (report,) = account.services(rollout, {})
    assert report.cause is not None


def test_a_rollback_of_commands_that_swarm_pauses_is_a_failure() -> None:
    looks = [look(1, HEAD, command=ASKS), by_hand(2, "rollback_paused", command=ASKS)]
    assert verdict(baseline(HEAD), looks) is Verdict.ROLLBACK_PAUSED


def test_a_rollback_of_commands_whose_tasks_die_is_unstable() -> None:
    ended = replace(ASKS, code=0)
    keep_on = UpdatePolicy(failure_action="continue")
    looks = [look(1, HEAD, command=ASKS)]
    for number in range(1, 7):
        dead = [task(f"b{each}", "failed", exit_code=1) for each in range(1, number + 1)]
        seen = service("base", *dead, version=2, previous=HEAD.spec, update="rollback_started")
        seen = replace(seen, spec=replace(seen.spec, rollback=keep_on))
        looks.append(look(1.0 + number, seen, command=ended))
    assert verdict(baseline(HEAD), looks) is Verdict.UNSTABLE


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("docker service rollback s_web", True),
        ("docker -H tcp://x service rollback -d s_web", True),
        ("docker service update --rollback s_web", True),
        ("sh -c docker service rollback s_web", True),
        ("docker stack deploy -c rollback.yml s", False),
        ("docker service update --rollback-order start-first s_web", False),
        ("docker service update --update-failure-action rollback s_web", False),
        ("./rollback.sh", False),
    ],
)
def test_command_asks_for_a_rollback_only_in_so_many_words(words: str, expected: bool) -> None:
    assert asks_for_rollback(words.split()) is expected


@pytest.mark.parametrize(
    ("words", "expected"),
    [
        ("docker stack deploy -c x.yml s", True),
        ("docker stack up -c x.yml s", True),
        ("docker stack deploy --prune -c x.yml s", False),
        ("docker stack deploy --prune=false -c x.yml s", True),
        ("docker service update --image x s_web", False),
        ("docker service rm s_old", False),
        ("abra app deploy x", False),
    ],
)
def test_only_a_stack_deploy_without_prune_leaves_old_services(words: str, expected: bool) -> None:
    assert leaves_old_services(words.split()) is expected


def test_the_service_at_which_a_deploy_failed_is_read_from_dockers_own_words() -> None:
    said = "Updating service s_db (id: x)\nfailed to update service s_web: Error response: port"
    assert refused_service(said) == "s_web"
    assert refused_service("failed to create service s_web: Error response: x") == "s_web"
    assert refused_service("failed to read s_web: no") == ""


OLD = service("base", task("a1", since=99.0))
OTHER = service("one", task("c1", since=99.0), name="other")
REMOVES = Command(("sh", "-c", "docker stack rm stack; docker stack deploy -c x stack"))


@pytest.mark.parametrize("code", [0, 1])
def test_what_command_removed_is_told_as_its_doing(code: int) -> None:
    looks = [look(1, command=REMOVES), look(2, command=replace(REMOVES, code=code))]
    for seen in (looks, [look(0.5, OLD, OTHER, command=REMOVES), *looks]):
        rollout = fold(baseline(OLD, OTHER), seen)
        assert rollout.verdict is Verdict.REMOVED
        assert rollout.removed_by_command == ("app", "other")
        for report in account.services(rollout, {}):
            assert report.detail == "COMMAND removed it"
            assert report.cause is None


def test_a_removal_seen_only_once_command_had_ended_is_commands_too() -> None:
    looks = [look(1, OLD, command=REMOVES), look(2, command=replace(REMOVES, code=1))]
    assert fold(baseline(OLD), looks).removed_by_command == ("app",)


def test_what_is_removed_after_command_is_somebody_elses_doing_and_not_said_to_run() -> None:
    looks = [look(1, replace(OLD, version=2, tasks=(task("a1"),))), look(2)]
    rollout = fold(baseline(OLD), looks)
    assert rollout.verdict is Verdict.REMOVED
    assert rollout.removed_by_command == ()
    (report,) = account.services(rollout, {})
    assert report.runs == "nothing: it is gone"
    assert report.cause is not None
    assert "see who removed it" in report.cause.hint


def test_a_service_that_command_updated_and_then_removed_is_dropped() -> None:
    looks = [
        look(1, replace(OLD, version=2), OTHER, command=RUNNING_COMMAND),
        look(2, replace(OTHER, version=2), command=RUNNING_COMMAND),
        look(3, replace(OTHER, version=2)),
    ]
    rollout = fold(baseline(OLD, OTHER), looks)
    assert rollout.verdict is Verdict.UNCHANGED
    assert rollout.dropped == ("app",)


ANEW = replace(OLD, version=2)
FAILED = replace(RUNNING_COMMAND, code=1)


def told(command: Command, complaint: str = "") -> tuple[str, ...]:
    return notes(fold(baseline(OLD, OTHER), [look(1, ANEW, OTHER, command=command)]), complaint)


def test_prune_is_offered_only_where_it_is_the_remedy() -> None:
    (left,) = told(replace(RUNNING_COMMAND, code=0))
    assert "--prune" in left
    updates = Command(("docker", "service", "update", "--image", "x", "stack_app"), 0)
    pruned = Command(("docker", "stack", "deploy", "--prune", "stack"), 0)
    for command in (FAILED, updates, pruned):
        (left,) = told(command)
        assert left == "not touched by the deploy: other (judged as they are)"


def test_the_service_at_which_command_failed_is_named() -> None:
    found = told(FAILED, "failed to update service stack_other: Error response from daemon: port")
    assert found == ("COMMAND failed at other, which stays as it was",)


def test_what_was_failing_before_command_is_told_as_such() -> None:
    failed = [task(f"c{number}", "failed", exit_code=1) for number in range(1, 4)]
    bad = service("one", *failed, task("c4", "ready"), name="other")
    looks = [look(1, ANEW, bad)]
    for number in range(5, 11):
        dead = [task(f"c{each}", "failed", exit_code=1) for each in range(1, number)]
        looks.append(look(float(number), ANEW, replace(bad, tasks=(*dead, task("c99", "ready")))))
    rollout = fold(baseline(OLD, bad), looks)
    assert rollout.verdict is Verdict.UNSTABLE
    said = account.summary(rollout, account.services(rollout, {}))
    assert "failed before COMMAND, which did not touch it" in said
    assert any("other: tasks of it had failed before COMMAND" in each for each in notes(rollout))
    well = fold(baseline(OLD, OTHER), looks)
    assert "before COMMAND" not in account.summary(well, account.services(well, {}))


def test_a_rollback_by_hand_is_no_interference_where_command_asked_for_it() -> None:
    (report,) = account.services(rolled_back_by(ASKS), {})
    assert report.cause is None or report.cause.code is not CauseCode.INTERFERENCE


def test_a_rollback_that_may_be_a_scripts_own_is_not_laid_to_others_alone() -> None:
    script = Command(("./deploy.sh",))
    rollout = rolled_back_by(script)
    assert rollout.verdict is Verdict.ROLLED_BACK
    (report,) = account.services(rollout, {})
    assert report.cause is not None
    assert "COMMAND, or somebody while it ran, asked for the rollback" in report.cause.detail
