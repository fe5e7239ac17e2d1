"""What a service's slots say of the work that Swarm still has."""

from dataclasses import replace

from support.sandbox.rollouts import task

from ccci.swarm.judge.slots import Slots

NOTHING_TO_DO = Slots(2, (), (), (), (), (), missing=0, surplus=False, stopping=())


def test_a_task_to_replace_and_an_open_slot_are_due_and_a_dead_slot_is_not() -> None:
    dead = replace(NOTHING_TO_DO, missing=1, dead=(task("t1", "failed"),))
    assert not NOTHING_TO_DO.due
    assert replace(NOTHING_TO_DO, dirty=(task("t1"),)).due
    assert replace(NOTHING_TO_DO, missing=1).due
    assert not dead.due
    assert replace(dead, missing=2).due
