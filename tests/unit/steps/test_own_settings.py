"""A recipe's own file says what is judged, and nothing else."""

from dataclasses import replace

import pytest

from ccci import settings
from ccci.errors import DeployRefused
from ccci.steps.follow import Options
from ccci.steps.own_settings import over, read
from ccci.steps.workspace import Choices


def test_what_is_judged_is_taken_for_the_verb_that_runs() -> None:
    text = 'health-path = "/status"\nsoak = 20\n[upgrade]\nsoak = "1m"\n[deploy]\ntimeout = "5m"\n'
    assert read(text, "upgrade") == {"health-path": "/status", "soak": "1m"}
    assert read(text, "deploy") == {"health-path": "/status", "soak": "20", "timeout": "5m"}
    choices, taken = over(Choices(), read(text, "upgrade"))
    assert (choices.health_path, choices.options.soak) == ("/status", 60.0)
    assert set(taken) == {"health-path", "soak"}


def test_what_the_user_said_stands() -> None:
    mine = replace(
        Choices(options=Options(timeout=60.0), health_path="/mine"),
        fixed=frozenset({"health-path", "timeout"}),
    )
    found = read('health-path = "/theirs"\ntimeout = "2h"\nhealth-status = "200"', "upgrade")
    choices, taken = over(mine, found)
    assert (choices.health_path, choices.options.timeout) == ("/mine", 60.0)
    assert (choices.health_status, taken) == ("200", ("health-status",))


@pytest.mark.parametrize(
    "text",
    [
        'domain = "x.example.com"',
        'server = "theirs"',
        'overlay = "/etc/passwd"',
        'secret = ["a=/etc/shadow"]',
        'allow-host-path = ["/"]',
        "refuse-host-paths = false",
        'env = ["A=1"]',
        "[upgrade]\nkeep = true",
        "[deploy]\nprune = true",
        "[converge]\nallow-untouched = true",
        '[sweep.rollback-policy]\nfail-on = "never"',
        "[upgrade.upgrade]\nsoak = 1",
        "soak = true",
        "soak = [1]",
        "soak = -1",
        'soak = "3h"',
        'timeout = "30d"',
        "timeout = 1e9",
        "timeout = nan",
        "timeout = inf",
        'health-path = "status"',
        'health-path = "/a b"',
        'health-status = "999"',
        'health-path = "/\\u0007"',
        "soak",
        "a = " + "[" * 3000,
        'upgrade = "no table"',
    ],
)
def test_what_it_may_not_say_is_refused_as_the_recipes_fault(text: str) -> None:
    with pytest.raises(DeployRefused, match=r"the recipe's \.ccci\.toml") as refused:
        read(text, "upgrade")
    assert all(name in refused.value.hint for name in settings.JUDGED)


def test_an_empty_file_sets_nothing() -> None:
    assert read("", "upgrade") == {}
    assert over(Choices(), {}) == (Choices(), ())
