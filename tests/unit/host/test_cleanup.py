import pytest

from ccci.errors import CcciError, Interrupted
from ccci.host.cleanup import ensured


def test_it_is_done_once_at_the_end() -> None:
    done: list[str] = []
    with ensured(lambda: done.append("end")):
        done.append("block")
    assert done == ["block", "end"]


def test_it_is_done_when_the_block_fails() -> None:
    done: list[str] = []
    with pytest.raises(ValueError, match="block"), ensured(lambda: done.append("end")):
        raise ValueError("block")
    assert done == ["end"]


def test_an_interrupt_of_it_begins_it_again_and_is_passed_on() -> None:
    done: list[str] = []

    def action() -> None:
        done.append("begun")
        if len(done) == 1:
            raise Interrupted(15)
        done.append("ended")

    with pytest.raises(Interrupted), ensured(action):
        pass
    assert done == ["begun", "begun", "ended"]


def test_a_failure_of_it_is_final() -> None:
    done: list[str] = []

    def action() -> None:
        done.append("begun")
        raise CcciError("no")

    with pytest.raises(CcciError), ensured(action):
        pass
    assert done == ["begun"]
