"""What a command line says is what its action is asked for, word for word."""

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest
from support.command_line import invoke

from ccci.actions import converge, deploy, leftovers, teardown, upgrade
from ccci.exits import Verdict
from ccci.report.model import Report
from ccci.steps.follow import Options


@dataclass
class Heard:
    """What the actions were asked for; each is done at once."""

    asked: list[Any] = field(default_factory=list)
    named: list[dict[str, Any]] = field(default_factory=list)

    def does(self, command: str) -> Callable[..., Report]:
        def action(*given: Any, **named: Any) -> Report:
            self.asked.extend(given)
            self.named.append(named)
            return Report(command, Verdict.DONE, "done")

        return action


ACTIONS: tuple[tuple[ModuleType, str], ...] = (
    (converge, "converge"),
    (deploy, "deploy"),
    (leftovers, "sweep"),
    (teardown, "tear_down"),
    (upgrade, "repeated"),
)


@pytest.fixture
def heard(monkeypatch: pytest.MonkeyPatch) -> Heard:
    found = Heard()
    for module, name in ACTIONS:
        monkeypatch.setattr(module, name, found.does(name))
    return found


def of(heard: Heard, *words: str, **env: str) -> Any:
    """Return the request that these words make."""
    heard.asked.clear()
    result = invoke(*words, env=env)
    assert result.exit_code == 0, result.output
    return heard.asked[0] if heard.asked else None


def test_converge_is_asked_for_what_its_line_says(heard: Heard) -> None:
    words = "--timeout 20m --soak 9s --fail-fast --service app --service db --allow-untouched"
    files = "--baseline b.json --trace t.jsonl --plan p.json --no-sample"
    request = of(heard, "converge", "shop", *words.split(), *files.split(), "--", "make", "-j")
    assert request == converge.Request(
        "shop",
        ("make", "-j"),
        Options(
            1200.0,
            9.0,
            fail_fast=True,
            services=frozenset({"app", "db"}),
            allow_untouched=True,
            sample=False,
        ),
        baseline=Path("b.json"),
        trace=Path("t.jsonl"),
        plan=Path("p.json"),
    )
    assert of(heard, "converge", "shop") == converge.Request("shop")
    saving = of(heard, "converge", "shop", "--save-baseline", "s.json")
    assert saving.save_baseline == Path("s.json")


def test_a_teardown_is_asked_for_what_its_line_says(heard: Heard) -> None:
    words = "--force shop_test --timeout 7s --lock-timeout 3s"
    request = of(heard, "teardown", "shop.test", *words.split())
    assert request == teardown.Request("shop.test", "shop_test", 7.0, 3.0)
    assert of(heard, "teardown", "shop.test").force is None


@pytest.mark.parametrize("words", [(), ("--dry-run",)])
def test_a_sweep_of_leftovers_removes_unless_it_is_told_not_to(
    heard: Heard, words: tuple[str, ...]
) -> None:
    of(heard, "sweep", "leftovers", *words)
    assert [each["dry_run"] for each in heard.named] == [bool(words)]


def test_an_upgrade_is_asked_for_what_its_line_says(heard: Heard) -> None:
    bare = of(heard, "upgrade", "shop", "--head", "main")
    assert bare == upgrade.Request("shop", "main", bare.choices)
    assert heard.asked[1] == 1
    words = "--base 1.0.0 --allow-same --keep --rehearse-rollback --upgrade-env A=1 --repeat 3"
    request = of(heard, "upgrade", "shop", "--head", "main", *words.split())
    assert heard.asked[1] == 3
    assert request == upgrade.Request(
        "shop",
        "main",
        bare.choices,
        base="1.0.0",
        allow_same=True,
        keep=True,
        upgrade_env={"A": "1"},
        rehearse=True,
    )


def test_a_deploy_is_asked_for_what_its_line_says(heard: Heard) -> None:
    request = of(heard, "deploy", "shop", "--tag", "1.0.0", "--teardown")
    assert request == deploy.Request("shop", request.choices, tag="1.0.0", remove=True)
    bare = of(heard, "deploy", "shop", "--head", "main")
    assert bare == deploy.Request("shop", bare.choices, head="main")


def test_how_a_deploy_is_judged_is_what_its_line_says(heard: Heard) -> None:
    words = "--health-path /up --health-status 204 --health-service web --timeout 9m --soak 3s"
    more = "--lock-timeout 2s --no-pull --no-sample --output out"
    choices = of(heard, "deploy", "shop", *words.split(), *more.split()).choices
    assert choices.options == Options(540.0, 3.0, sample=False)
    asked = (choices.health_path, choices.health_status, choices.health_service)
    assert asked == ("/up", "204", "web")
    assert (choices.lock_timeout, choices.pull) == (2.0, False)
    assert choices.output_folder == Path("out")


def test_what_the_user_gave_by_a_word_or_a_variable_is_not_the_recipes_to_change(
    heard: Heard,
) -> None:
    assert of(heard, "deploy", "shop").choices.fixed == frozenset()
    by_word = of(heard, "deploy", "shop", "--soak", "3s").choices
    assert by_word.fixed == {"soak"}
    by_variable = of(heard, "deploy", "shop", CCCI_HEALTH_PATH="/up", CCCI_TIMEOUT="9m").choices
    assert by_variable.fixed == {"health-path", "timeout"}
