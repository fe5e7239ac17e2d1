"""What somebody may have meant who named a stack that is not there."""

import pytest

from ccci.swarm.decode.listed import Listed, every
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.nearby import changed, instead, listed, stacks


def service(stack: str, name: str, version: int = 1) -> Listed:
    full = f"{stack}_{name}" if stack else name
    return Listed(full, full, {STACK_LABEL: stack} if stack else {}, version)


THERE = [service("hello", "app"), service("hello", "db"), service("shop", "web"), service("", "x")]


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("hello_app", "the stack is hello, and app a service of it"),
        ("web", "web is a service of the stack shop: name that"),
        ("helo", "did you mean hello?"),
        ("shpo", "did you mean shop?"),
        ("hello_none", "did you mean hello?"),
        ("quite-another", "the stacks there are: hello, shop"),
    ],
)
def test_a_stack_that_is_not_there_may_be_another(name: str, said: str) -> None:
    assert instead(name, THERE) == said


def test_where_nothing_is_near_nothing_is_said() -> None:
    many = [service(f"stack-{letter * 4}", "app") for letter in "abcdefg"]
    assert instead("zzz", many) == ""
    assert instead("zzz", []) == ""
    odd = [{}, {"Spec": None}, {"Spec": {"Labels": {STACK_LABEL: 7}}}]
    assert stacks(every(odd)) == {}


def test_names_that_are_near_come_first_and_few_are_told() -> None:
    assert listed(["ap"], ["worker", "db", "app"]) == "app, db, worker"
    told = listed(["zz"], [f"worker-{number}" for number in range(30)])
    assert told.endswith("worker-11, worker-12 and 25 more")


def test_what_changed_is_told_by_its_stack() -> None:
    after = [service("hello", "app", 2), service("hello", "db"), service("wiki", "app")]
    assert changed(THERE[:3], after) == ("hello", "shop", "wiki")
    assert changed(THERE, THERE) == ()
    assert changed([service("", "x")], [service("", "x", 2)]) == ()
