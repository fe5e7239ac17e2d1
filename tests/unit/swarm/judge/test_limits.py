"""Each limit holds on both of its sides: a wrong one turns one of these red."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import RUNNING_COMMAND, baseline, fold, look, service, task, verdict

from ccci.exits import Verdict
from ccci.report import of_rollout as account
from ccci.swarm.model import CauseCode, Evidence, Observation, Service

BASE = baseline(service("base", task("a1", template="base")))
TWICE = service(
    "head",
    task("a1", template="base", up_to_date=False),
    task("b1", "starting"),
    version=2,
    previous=service("head").spec,
)


@pytest.mark.parametrize(
    ("running", "before", "then"), [(False, 5.9, 6.0), (True, 20.9, 21.0)], ids=["after", "during"]
)
def test_a_disarmed_updater_is_given_five_seconds_and_twenty_while_command_may_send_again(
    running: bool, before: float, then: float
) -> None:
    def seen(at: float) -> Observation:
        each = look(at, TWICE)
        return replace(each, command=RUNNING_COMMAND) if running else each

    assert verdict(BASE, [seen(1), seen(before)]) is None
    assert verdict(BASE, [seen(1), seen(then)]) is Verdict.DISTURBED


@pytest.mark.parametrize("part", ["template", "endpoint"])
def test_an_update_of_tasks_or_of_ports_alone_was_not_sent_twice(part: str) -> None:
    before = replace(TWICE.spec, **{part: "another"})  # type: ignore[arg-type]
    once = replace(TWICE, previous=before)
    assert verdict(BASE, [look(1, once), look(30, once)]) is None
    assert verdict(BASE, [look(1, TWICE), look(30, TWICE)]) is Verdict.DISTURBED


def dying(name: str, count: int, **changes: object) -> Service:
    dead = [task(f"{name}{number:02}", "failed", exit_code=3) for number in range(1, count + 1)]
    last = task(f"{name}{count + 1:02}", "ready")
    made = service("one", *dead[-5:], last, name=name)
    return replace(made, **changes)  # type: ignore[arg-type]


@pytest.mark.parametrize(("failures", "expected"), [(2, None), (3, Verdict.UNSTABLE)])
def test_a_service_is_waited_for_until_it_has_failed_three_times_itself(
    failures: int, expected: Verdict | None
) -> None:
    def seen(at: int) -> Observation:
        return look(at * 2.0, dying("app", at), dying("db", min(at, failures)))

    assert fold(baseline(), [seen(at) for at in range(1, 6)]).judgements[0].verdict is expected


@pytest.mark.parametrize(("count", "expected"), [(4, None), (5, Verdict.UNSTABLE)])
def test_a_crash_loop_takes_five_failures(count: int, expected: Verdict | None) -> None:
    looks = [look(at * 2.0, dying("app", at)) for at in range(1, count + 1)]
    assert verdict(baseline(), looks) is expected


@pytest.mark.parametrize(
    ("local", "blamed"),
    [(("b2",), "b2"), (("b1", "b3"), "b3"), ((), "b3"), (("b1",), "b1")],
)
def test_the_task_is_told_whose_container_our_own_node_could_be_asked_about(
    local: tuple[str, ...], blamed: str
) -> None:
    dead = [task(f"b{number}", "failed", exit_code=3) for number in (1, 2, 3)]
    seen = service("head", *dead, version=2, update="paused")
    rollout = fold(BASE, [look(1, seen)])
    evidence = {each.id: Evidence(each.id, local=each.id in local) for each in dead}
    (report,) = account.services(rollout, evidence)
    assert report.cause is not None
    assert (report.cause.code, report.cause.task) == (CauseCode.EXIT_NONZERO, blamed)


def test_a_task_of_which_something_is_known_is_told_before_one_of_which_nothing_is() -> None:
    dead = [task(f"b{number}", "failed", exit_code=3) for number in (1, 2)]
    rollout = fold(BASE, [look(1, service("head", *dead, version=2, update="paused"))])
    (report,) = account.services(rollout, {"b1": Evidence("b1")})
    assert report.cause is not None
    assert report.cause.task == "b1"
