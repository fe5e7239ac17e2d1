"""Each outcome of `ccci upgrade` and `ccci deploy`, through each deployer, on a real Swarm.

Every case says what the head is, what happens meanwhile, and which code has to come of it.
"""

import os
import secrets
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from support.recipes.upgrades import (
    BASE,
    CRASH,
    EACH,
    FINE,
    NEW,
    OWN_NETWORK,
    ROUTED,
    TERM,
    WEB,
    Ccci,
    Ended,
    crashing,
    files,
    make_recipe,
    with_labels,
)
from support.sandbox.swarms import Swarm

from ccci.recipe.naming import domain_of, stack_of

pytestmark = [pytest.mark.timeout(300), EACH]

NOWHERE = "      placement: {constraints: [node.labels.nowhere == yes]}"
NEVER_HEALTHY = "    healthcheck: {test: ['CMD', 'false'], interval: 1s, start_period: 5m}"
NO_PROXY = {"networks": "[gone]", "network": "  gone: {external: true, name: no-proxy}"}
# What a rollback puts back does not start again on what the head left behind. One of two slots
# stays up, so that the rollback has something to replace, and fails at it.
SPOILT = "if test -e /data/spent; then sleep 2; exit 5; fi; exec sleep 100000"
SPOILS = "touch /data/spent; sleep 3; test $$SLOT = 1 && exit 3; exec sleep 100000"
TWO = """      replicas: 2
    environment: ["SLOT={{.Task.Slot}}"]
    volumes: ["data:/data"]"""
LONG = ("--soak", "10s")


@dataclass(frozen=True)
class Case:
    """A head (and a base that matters), words for the command, and what is done meanwhile."""

    code: int
    verdict: str
    head: dict[str, str]
    base: dict[str, str] = field(default_factory=lambda: files(version=BASE))
    words: tuple[str, ...] = ()
    meanwhile: Callable[[Swarm, str], object] | None = None
    said: str = ""
    """What the summary has to say of it."""

    def __str__(self) -> str:
        return f"{self.code}-{self.verdict}"


def somebody_changes_it(swarm: Swarm, stack: str) -> None:
    swarm.docker("service", "update", "--detach", "--env-add", "WHO=else", f"{stack}_app")


def somebody_removes_it(swarm: Swarm, stack: str) -> None:
    swarm.docker("service", "rm", f"{stack}_app")


def both(base: str, head: str, **more: str) -> tuple[dict[str, str], dict[str, str]]:
    return files(base, version=BASE, **more), files(head, **more)


WEB_THEN_NOT = both(WEB, NEW, **OWN_NETWORK)
ONTO_BROKEN = both(SPOILT, SPOILS, order="stop-first", monitor="15s", back="15s", more=TWO)

ROLLS = [
    Case(10, "rolled-back", crashing(), said="Swarm rolled app back from"),
    Case(11, "paused", crashing(action="pause")),
    Case(11, "rollback-paused", ONTO_BROKEN[1], ONTO_BROKEN[0]),
]
"""What only becomes of a service that ran before."""

ANY = [
    Case(3, "unable", files(**NO_PROXY), said="no-proxy"),
    Case(4, "deploy-failed", files(image="ccci-test/nowhere:1"), said="ccci-test/nowhere:1"),
    Case(12, "timed-out", files(more=NEVER_HEALTHY), words=("--timeout", "12s")),
    Case(14, "unstable", files(CRASH, action="continue")),
    Case(15, "disturbed", files(NEW), words=LONG, meanwhile=somebody_changes_it),
    Case(16, "stalled", files(more=NOWHERE)),
    Case(18, "removed", files(NEW), words=LONG, meanwhile=somebody_removes_it),
]
"""What becomes of a first deploy as well."""

UPGRADES = [
    *ROLLS,
    *ANY,
    Case(
        1,
        "failed",
        with_labels(WEB_THEN_NOT[1], ROUTED),
        with_labels(WEB_THEN_NOT[0], ROUTED),
        words=("--health-path", "/srv/status"),
        said="/srv/status answers nothing",
    ),
    Case(2, "usage", files(NEW), words=("--base", "main"), said="same commit"),
    Case(17, "base-broken", files(NEW), files(CRASH, version=BASE), said="was not tested"),
    Case(143, "interrupted", files(NEW), words=LONG, meanwhile=lambda *_: None),
]
DEPLOYS = [
    *ANY,
    Case(
        1,
        "failed",
        with_labels(files(NEW), ROUTED),
        words=("--health-path", "/srv/status"),
        said="/srv/status answers nothing",
    ),
    Case(2, "usage", files(NEW), words=("--tag", BASE)),
    Case(143, "interrupted", files(NEW), words=LONG, meanwhile=lambda *_: None),
]


UPDATED = "app: Swarm says completed"
CREATED = "app: Swarm says -; runs 1/1"


def run(ccci: Ccci, case: Case, head: str, *words: str, marker: str) -> Ended:
    """Run a command to its end, and do what the case says once the head's task runs."""
    if case.meanwhile is None:
        return ccci(*words, *case.words)
    stack = stack_of(domain_of("shop", head))

    def act(pid: int) -> None:
        if case.code == 128 + TERM:
            os.kill(pid, TERM)
        elif case.meanwhile is not None:
            case.meanwhile(ccci.swarm, stack)

    return ccci.meanwhile(("head deploy …", marker), act, *words, *case.words)


def check(case: Case, ended: Ended) -> None:
    found = (ended.code, ended.report["verdict"])
    assert found == (case.code, case.verdict), f"{ended.report['summary']}\n{ended.said}"
    assert ended.report["exit_code"] == case.code
    assert case.said in ended.report["summary"]
    causes = [each["cause"] for each in ended.report["services"]]
    steps = [ended.report["hint"], *(cause["hint"] for cause in causes if cause)]
    assert any(steps), "it says no next step"


@pytest.mark.parametrize("case", UPGRADES, ids=str)
def test_an_upgrade_ends_as_it_should_and_leaves_nothing(
    case: Case, ccci: Ccci, shop: Path
) -> None:
    head = make_recipe(shop, case.head, base=case.base)
    ended = run(ccci, case, head, "upgrade", str(shop), "--head", "main", marker=UPDATED)
    check(case, ended)
    assert ccci.left(ended.report["stack"]) == []


@pytest.mark.parametrize("case", DEPLOYS, ids=str)
def test_a_deploy_ends_as_it_should(case: Case, ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, case.head, base=case.base)
    words = ("deploy", str(shop), "--head", "main", "--teardown")
    ended = run(ccci, case, head, *words, marker=CREATED)
    check(case, ended)
    assert ccci.left(ended.report["stack"]) == []


@pytest.mark.parametrize("case", ROLLS, ids=str)
def test_a_deploy_onto_an_app_that_runs_is_judged_as_an_upgrade(
    case: Case, ccci: Ccci, shop: Path
) -> None:
    make_recipe(shop, case.head, base=case.base)
    there = ("--domain", f"shop-{secrets.token_hex(4)}.ccci.test")
    first = ccci("deploy", str(shop), "--tag", BASE, *there)
    assert first.code == 0, first.report["summary"]
    ended = ccci("deploy", str(shop), "--head", "main", "--teardown", *there)
    check(case, ended)
    assert ccci.left(ended.report["stack"]) == []


def make_docker_that_deploys_another_commit(folder: Path) -> None:
    """Put a docker there that deploys, and then labels a chaos deploy otherwise.

    As where somebody's own deploy of another commit is the last word while ours still runs.
    """
    folder.mkdir()
    real = shutil.which("docker")
    label = "coop-cloud.$stack.chaos-version"
    (folder / "docker").write_text(f"""#!/bin/sh
{real} "$@" || exit
case "$*" in "stack deploy --help"|"stack config"*) exit 0;; "stack deploy"*) ;; *) exit 0;; esac
for stack in "$@"; do :; done
labels=$({real} service inspect --format '{{{{json .Spec.Labels}}}}' "$stack"_app)
case "$labels" in *{label}*)
  {real} service update --quiet --detach --label-add "{label}=deadbeef" "$stack"_app;;
esac
""")
    (folder / "docker").chmod(0o755)


@pytest.mark.parametrize("command", ["upgrade", "deploy"])
def test_another_commit_that_runs_well_is_not_a_pass(
    command: str, ccci: Ccci, shop: Path, tmp_path: Path
) -> None:
    make_recipe(shop, files(NEW))
    make_docker_that_deploys_another_commit(tmp_path / "bin")
    env = {"PATH": f"{tmp_path / 'bin'}:{ccci.environment()['PATH']}"}
    remove = ("--teardown",) if command == "deploy" else ()
    ended = ccci(command, str(shop), "--head", "main", *remove, env=env)
    check(Case(13, "wrong-identity", {}, said="deadbeef"), ended)
    assert ended.report["identity"]["declared"]["commit"] == "deadbeef"
    assert ccci.left(ended.report["stack"]) == []


def test_the_same_deployed_again_is_unchanged(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files(FINE))
    first = ccci("deploy", str(shop), "--head", "main")
    again = ccci("deploy", str(shop), "--head", "main", "--teardown")
    assert (first.report["verdict"], again.report["verdict"]) == ("converged", "unchanged")
    assert (first.code, again.code) == (0, 0)
    assert ccci.left(again.report["stack"]) == []


STOP_FIRST = """\
# This machine has room for one copy at a time.
version: "3.8"
services: {app: {deploy: {update_config: {order: stop-first}}}}
"""


def with_room_for_one(recipe: dict[str, str]) -> dict[str, str]:
    """Return the recipe with 8 MB of memory for all of its copies together."""
    shared = (
        'volumes:\n  shared: {driver_opts: {type: tmpfs, device: tmpfs, o: "size=8m"}}\n  data:\n'
    )
    compose = recipe["compose.yml"].replace("volumes:\n  data:\n", shared)
    return {**recipe, "compose.yml": compose}


def test_a_head_that_only_lacks_room_for_two_passes_with_the_overlay(
    ccci: Ccci, shop: Path, tmp_path: Path
) -> None:
    fills = "f=/shared/$$(hostname); dd if=/dev/zero of=$$f bs=1M count={} || {{ rm $$f; exit 4; }}"
    serves = f"{fills}; exec sleep 100000"
    # The old one fits beside itself, or the rollback would lack room as well.
    base, new = both(serves.format(2), serves.format(7), more='    volumes: ["shared:/shared"]')
    head = make_recipe(shop, with_room_for_one(new), base=with_room_for_one(base))
    without = ccci("upgrade", str(shop), "--head", head)
    assert (without.code, without.report["verdict"]) == (10, "rolled-back"), without.said
    assert "No space left on device" in "".join(without.service("app")["cause"]["logs"])
    (tmp_path / "overlays" / "shop").mkdir(parents=True)
    (tmp_path / "overlays" / "shop" / "compose.ccci.yml").write_text(STOP_FIRST)
    ended = ccci("upgrade", str(shop), "--head", head, "--overlays", str(tmp_path / "overlays"))
    assert (ended.code, ended.report["verdict"]) == (0, "converged"), ended.said
    running = {each["service"]: each["commit"] for each in ended.report["identity"]["running"]}
    assert running["app"].removesuffix("+U") == head[:8]
    assert ccci.left(ended.report["stack"]) == []
