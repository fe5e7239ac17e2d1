import pytest

from ccci.swarm.judge.endings import Ending
from ccci.swarm.judge.phrases import message_of, swarm_says, what_runs
from ccci.swarm.judge.slots import read
from ccci.swarm.model import Service, Spec, Task, TaskState, UpdateState, UpdateStatus

SPEC = Spec("w", "t", "e", replicas=2)


def service(*tasks: Task, status: UpdateStatus | None = None) -> Service:
    return Service("id", "app", "s_app", 1, SPEC, update=status, tasks=tasks)


def task(
    name: str,
    state: TaskState,
    desired: TaskState = TaskState.RUNNING,
    *,
    slot: str = "1",
    fresh: bool = True,
    error: str = "",
) -> Task:
    return Task(name, slot, state, desired, up_to_date=fresh, error=error)


def runs(*tasks: Task) -> str:
    return what_runs(read(service(*tasks), (), Ending.EARLY))


@pytest.mark.parametrize(
    ("status", "word", "message"),
    [
        (None, "-", ""),
        (UpdateStatus(UpdateState.UPDATING, "update in progress"), "updating", ""),
        (UpdateStatus(UpdateState.COMPLETED, "update completed"), "completed", ""),
        (UpdateStatus(UpdateState.PAUSED, "task t1 failed"), "paused", "task t1 failed"),
        (UpdateStatus(UpdateState.ROLLBACK_STARTED, "why"), "rollback_started", "why"),
        (
            UpdateStatus(UpdateState.ROLLBACK_COMPLETED, "rollback completed"),
            "rollback_completed",
            "",
        ),
    ],
)
def test_swarms_own_word_with_its_message_where_it_stopped(
    status: UpdateStatus | None, word: str, message: str
) -> None:
    assert swarm_says(service(status=status)) == word
    assert message_of(service(status=status)) == message


def test_in_a_rollback_the_up_to_date_task_is_the_old_one() -> None:
    slots = read(
        service(
            task("a", TaskState.RUNNING),
            task("b", TaskState.RUNNING, slot="2", fresh=False),
        ),
        (),
        Ending.EARLY,
    )
    assert what_runs(slots, rolling_back=True) == "1/2 put back, 1 new"


def test_all_that_runs_is_new() -> None:
    both = (task("a", TaskState.RUNNING), task("b", TaskState.RUNNING, slot="2"))
    assert runs(*both) == "2/2 up to date"


def test_old_new_and_stopping_tasks_are_counted_apart() -> None:
    assert (
        runs(
            task("a", TaskState.PREPARING),
            task("b", TaskState.RUNNING, slot="2", fresh=False),
            task("c", TaskState.RUNNING, TaskState.SHUTDOWN, fresh=False),
        )
        == "0/2 up to date, 1 preparing, 1 old, 1 stopping"
    )


def test_what_keeps_a_task_from_starting_is_said() -> None:
    waiting = task("a", TaskState.PENDING, error="no suitable node (insufficient resources)")
    assert runs(waiting).endswith("1 waiting (no suitable node (insufficient resources))")


def test_a_slot_that_swarm_gave_up_is_said() -> None:
    given_up = task("a", TaskState.FAILED, TaskState.SHUTDOWN)
    assert "1 given up" in runs(given_up, task("b", TaskState.RUNNING, slot="2"))
