"""What hurt others who drive abra in CI, staged whole: docs/explanation/pitfalls.md names each."""

import secrets
from collections.abc import Mapping
from pathlib import Path

import pytest
from images import BUSYBOX
from repositories import commit
from swarms import Swarm, compose
from upgrades import BASE, Ccci, Ended, files, make_recipe

from ccci.naming import stack_of

pytestmark = pytest.mark.timeout(300)

EACH = pytest.mark.parametrize("deployer", ["stack", "abra"])
ABRA = pytest.mark.parametrize("deployer", ["abra"])
NEW = "echo new; exec sleep 100000"
MIDDLE = "0.8.0+3.4.0"
PORTS = f"version: '3.8'\nservices: {{voice: {{image: '{BUSYBOX}', command: sleep 100000}}}}\n"


@pytest.fixture
def deployer() -> str:
    return "stack"


@pytest.fixture
def ccci(swarm: Swarm, tmp_path: Path, deployer: str) -> Ccci:
    home = tmp_path / "home"
    home.mkdir()
    return Ccci(swarm, home, deployer)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    return tmp_path / "shop"


def upgrade(
    ccci: Ccci, shop: Path, head: str, *words: str, env: Mapping[str, str] | None = None
) -> Ended:
    """Upgrade to the head; nothing may be left of it."""
    ended = ccci("upgrade", str(shop), "--head", head, *words, env=env)
    assert ccci.left(ended.report["stack"]) == []
    return ended


def commits(ended: Ended) -> set[str]:
    """Return the commits of the running tasks of the app itself."""
    running = ended.report["identity"]["running"]
    return {each["commit"].removesuffix("+U") for each in running if each["service"] == "app"}


# A file that the head tracks under the overlay's own name collides with an untracked one.
THEIRS = {"compose.ccci.yml": "services: {}\n"}


@pytest.mark.parametrize(("deployer", "tracked"), [("stack", {}), ("abra", {}), ("abra", THEIRS)])
def test_an_overlay_stays_on_base_and_head_and_out_of_the_commits_way(
    ccci: Ccci, shop: Path, tmp_path: Path, tracked: dict[str, str]
) -> None:
    head = make_recipe(shop, {**files(NEW), **tracked})
    overlay = tmp_path / "overlay.yml"
    overlay.write_text(
        "# This runner is small.\nversion: '3.8'\n"
        "services: {app: {deploy: {update_config: {order: stop-first}}}}\n"
    )
    ended = upgrade(ccci, shop, head, "--overlay", str(overlay))
    assert (ended.code, ended.report["verdict"]) == (0, "converged"), ended.report["summary"]
    assert commits(ended) == {head[:8]}
    dirty = ended.report["identity"]["declared"]["dirty"]
    assert dirty == (ccci.deployer == "abra")
    notes = " ".join(ended.report["notes"])
    assert "This runner is small." in notes
    assert ("+U is explained by ccci's own compose.ccci.yml" in notes) == dirty


@ABRA
def test_a_tree_that_abra_moves_is_put_back_to_the_head(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    env = {"STAND_IN_ABRA_MODE": "new-moves"}
    ended = ccci("deploy", str(shop), "--head", "main", "--teardown", env=env)
    assert (ended.code, ended.report["verdict"]) == (0, "converged"), ended.report["summary"]
    assert commits(ended) == {head[:8]}
    journal = (Path(ended.report["folder"]) / "checkouts.log").read_text()
    assert "abra moved it" in journal


@ABRA
def test_another_release_than_the_pinned_one_is_no_base(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, None)
    commit(shop, files(version=MIDDLE), tag=MIDDLE)
    head = commit(shop, files(NEW))
    env = {"STAND_IN_ABRA_MODE": "ignores-pin"}
    ended = upgrade(ccci, shop, head, "--base", BASE, env=env)
    assert (ended.code, ended.report["verdict"]) == (17, "base-broken")
    assert ended.report["base_verdict"] == "wrong-identity"
    assert f"declares {MIDDLE}, not {BASE}" in ended.report["summary"]
    assert "head deploy" not in ended.steps


@EACH
def test_a_compose_file_that_the_base_lacks_is_named_with_what_to_do(
    ccci: Ccci, shop: Path
) -> None:
    head = make_recipe(shop, {**files(NEW), "compose.host-ports.yml": PORTS})
    both = "COMPOSE_FILE=compose.yml:compose.host-ports.yml"
    ended = upgrade(ccci, shop, head, "--env", both)
    assert (ended.code, ended.report["verdict"]) == (17, "base-broken")
    assert "COMPOSE_FILE names compose.host-ports.yml" in ended.report["summary"]
    assert "--upgrade-env COMPOSE_FILE=" in ended.report["hint"]
    ended = upgrade(ccci, shop, head, "--upgrade-env", both)
    assert ended.code == 0, ended.report["summary"]
    assert ended.service("voice")["verdict"] == "converged"


def test_a_stack_that_is_being_removed_is_waited_for(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    domain = f"gone-{secrets.token_hex(3)}.ccci.test"
    deaf = {"command": ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]}
    ccci.swarm.deploy(stack_of(domain), compose({"app": {**deaf, "stop_grace_period": "8s"}}))
    ccci.swarm.wait_running(f"{stack_of(domain)}_app")
    ccci.swarm.docker("stack", "rm", stack_of(domain))
    ended = upgrade(ccci, shop, head, "--domain", domain)
    assert ended.code == 0, ended.said
    assert ended.steps["removal"] == "passed"
