"""Examples that the model of Swarm has found, each as short as it can be told."""

from dataclasses import replace

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
from ccci.swarm.model import Observation, Task, UpdateState, UpdateStatus

BASE = baseline(service("old", task("a0")))


def test_two_running_tasks_in_one_slot_are_not_what_was_asked() -> None:
    # The old task died while its start-first successor was starting: its restart is of the new
    # spec, too. Swarm takes the second one away only when it looks at the service again.
    def seen(at: float, *tasks: Task) -> Verdict | None:
        looks = [look(moment, service("new", *tasks, version=2)) for moment in (1.0, at)]
        return verdict(BASE, looks)

    assert seen(50, task("b1", since=40.0)) is Verdict.CONVERGED
    assert seen(50, task("b1", since=40.0), task("b2", since=40.0)) is None


def test_a_task_that_died_before_completed_is_not_held_against_it_when_seen_late() -> None:
    def at(now: float, *tasks: Task, update: str, age: float | None = None) -> Observation:
        made = service("new", *tasks, version=2, update=update, started="s2")
        done = UpdateStatus(UpdateState(update), "", "s2", None if age is None else "s3", age)
        return look(now, replace(made, update=done))

    looks = [
        at(1, task("b1", since=0.5), update="updating"),
        at(40, task("b1", "failed", since=35.0), task("b2", since=29), update="completed", age=20),
        at(100, task("b1", "failed", since=95.0), task("b2", since=89), update="completed", age=80),
    ]
    assert verdict(BASE, looks) is Verdict.CONVERGED


def test_a_task_that_was_listed_before_its_services_new_spec_is_evidence_all_the_same() -> None:
    # Services are listed first: the update may fall between the two listings of one look.
    old = task("a0", template="old")
    new = task("b1", "preparing", template="new", up_to_date=False)
    died = task("b1", "failed", exit_code=6, template="new", up_to_date=False)
    looks = [
        look(1, service("old", old, new), command=RUNNING_COMMAND),
        look(2, service("new", replace(old, up_to_date=False), new, version=2, update="updating")),
        look(4, service("old", old, died, version=3, update="rollback_completed")),
    ]
    before = baseline(service("old", old))
    rollout = fold(before, looks)
    assert rollout.verdict is Verdict.ROLLED_BACK
    assert rollout.judgements[0].tasks_at_fault == ("b1",)
