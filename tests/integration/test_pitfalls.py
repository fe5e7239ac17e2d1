"""What hurt others who drive abra in CI, staged whole: docs/explanation/pitfalls.md names each."""

import secrets
import threading
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest
from support.recipes.abra_stand_in import deployer as abra_deployer
from support.recipes.abra_stand_in import git as git_of
from support.recipes.abra_stand_in import make_app
from support.recipes.repositories import commit
from support.recipes.upgrades import BASE, EACH, NEW, Ccci, Ended, files, make_recipe
from support.sandbox.images import BUSYBOX
from support.sandbox.stagings import Stage, app
from support.sandbox.swarms import Swarm, compose, wait_for

from ccci.deployers import Revision
from ccci.exits import Verdict
from ccci.host.process import run
from ccci.locks.swarm_lock import lock_name
from ccci.recipe.naming import domain_of, stack_of

pytestmark = pytest.mark.timeout(300)

ABRA = pytest.mark.parametrize("deployer", ["abra"])
MIDDLE = "0.8.0+3.4.0"
PORTS = f"version: '3.8'\nservices: {{voice: {{image: '{BUSYBOX}', command: sleep 100000}}}}\n"


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


@EACH
def test_an_overlay_brings_files_of_its_own_folder(ccci: Ccci, shop: Path, tmp_path: Path) -> None:
    head = make_recipe(shop, files(NEW))
    (tmp_path / "place.conf").write_text("here\n")
    (tmp_path / "place.env").write_text("PLACE=here\n")
    overlay = tmp_path / "overlay.yml"
    overlay.write_text(
        "# This runner has settings of its own.\nversion: '3.8'\n"
        "services:\n  app:\n    env_file: place.env\n"
        "    command: [sh, -c, 'test \"$$PLACE\" = here && grep here /place && exec sleep 9999']\n"
        "    configs: [{source: place, target: /place}]\n"
        "configs: {place: {file: ./place.conf}}\n"
    )
    ended = upgrade(ccci, shop, head, "--overlay", str(overlay))
    assert ended.code == 0, ended.report["summary"]


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
def test_an_image_is_looked_for_although_a_dependency_is_unknown(ccci: Ccci, shop: Path) -> None:
    head = files(image="ccci-test/nowhere:1", more="    depends_on: [nobody]")
    ended = upgrade(ccci, shop, make_recipe(shop, head))
    assert (ended.code, ended.report["verdict"]) == (4, "deploy-failed")
    assert "absent image: ccci-test/nowhere:1" in ended.report["summary"]
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


@ABRA
def test_a_duration_that_abra_refuses_is_told_in_its_own_words(ccci: Ccci, shop: Path) -> None:
    check = "    healthcheck: {test: ['CMD', 'true'],\n      start_period: '${LONG:-5m}'}"
    ended = upgrade(ccci, shop, make_recipe(shop, files(NEW, more=check)))
    assert (ended.code, ended.report["verdict"]) == (4, "deploy-failed")
    assert "format 'duration'" in ended.report["summary"]


@ABRA
def test_an_app_that_abra_deployed_before_is_upgraded_and_left(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    there = ("--domain", "abras.ccci.test")
    assert ccci("deploy", str(shop), "--tag", BASE, *there).code == 0
    try:
        ended = ccci("upgrade", str(shop), "--head", head, *there)
        assert (ended.code, ended.report["base"]["version"]) == (0, BASE)
        assert ended.steps["teardown"] == "skipped"
        assert commits(ended) == {head[:8]}
    finally:
        assert ccci("teardown", "abras.ccci.test").code == 0
    assert ccci.left("abras_ccci_test") == []


@ABRA
def test_two_heads_of_one_recipe_at_once_run_each_their_own_commit(ccci: Ccci, shop: Path) -> None:
    one = make_recipe(shop, files("echo one; exec sleep 100000"))
    two = commit(shop, files("echo two; exec sleep 100000"))
    ended: dict[str, Ended] = {}

    def run_it(head: str) -> None:
        ended[head] = ccci("upgrade", str(shop), "--head", head)

    threads = [threading.Thread(target=run_it, args=(head,)) for head in (one, two)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for head in (one, two):
        assert ended[head].code == 0, ended[head].said
        assert commits(ended[head]) == {head[:8]}
        assert ccci.left(ended[head].report["stack"]) == []


def test_a_second_host_waits_with_the_same_upgrade_and_then_does_it_whole(
    ccci: Ccci, shop: Path, tmp_path: Path
) -> None:
    head = make_recipe(shop, files(NEW))
    other = Ccci(ccci.swarm, tmp_path / "other")
    other.home.mkdir()
    first: list[Ended] = []
    thread = threading.Thread(
        target=lambda: first.append(ccci("upgrade", str(shop), "--head", head))
    )
    thread.start()
    name = lock_name(stack_of(domain_of("shop", head)))
    wait_for(lambda: name in ccci.swarm.docker("config", "ls").stdout, "the first one's lock")
    second = upgrade(other, shop, head)
    thread.join()
    for ended in (*first, second):
        assert ended.code == 0, ended.said
        assert ended.steps["base deploy"] == ended.steps["teardown"] == "passed"
    assert f"run {first[0].report['run']} of " in second.said
    assert f"works on {second.report['stack']}" in second.said


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


@pytest.fixture
def full_network(swarm: Swarm) -> Iterator[str]:
    """Give a network that other stacks share, without an address left."""
    name = f"proxy-{secrets.token_hex(3)}"
    swarm.docker("network", "create", "--driver", "overlay", "--subnet", "10.97.97.0/29", name)
    shared = {"proxy": {"external": True, "name": name}}
    # The node's own address first: where the tasks have them all none of them can start.
    for wanted, running in ((1, 1), (6, 4)):
        deploy = {"replicas": wanted, "endpoint_mode": "dnsrr"}
        crowd = {"networks": ["proxy"], "deploy": deploy}
        swarm.deploy(name, compose({"crowd": crowd}, networks=shared))
        swarm.wait_running(f"{name}_crowd", running)
    yield name
    swarm.remove(name)
    wait_for(
        lambda: swarm.docker("network", "rm", name, check=False).code == 0, "the network's end"
    )


def test_a_shared_network_without_addresses_stalls_who_comes_next(
    stage: Stage, full_network: str
) -> None:
    shared = {"proxy": {"external": True, "name": full_network}}
    late = {**app(), "networks": ["proxy"]}
    told = stage.roll(app=late, top={"networks": shared})
    stage.swarm.remove(stage.stack)
    told.as_expected(Verdict.STALLED, "network-unavailable")
    assert "docker network inspect" in told.service()["cause"]["hint"]


@pytest.mark.parametrize(("offline", "code"), [(True, 0), (False, 1)], ids=["offline", "online"])
def test_an_origin_that_wants_a_password_is_not_asked(
    offline: bool, code: int, swarm: Swarm, tmp_path: Path
) -> None:
    made = make_app(tmp_path / "abra", f"shop-{secrets.token_hex(3)}.test")
    abra = abra_deployer("any", env={"DOCKER_HOST": swarm.host})
    head = git_of(made.checkout, "rev-parse", "HEAD")
    release = Revision(head, version="0.1.0+1.0.0", chaos=False)
    abra.new_app(made, release)
    plan = abra.plan(made, release)
    abra.generate_secrets(plan)
    git_of(made.checkout, "remote", "add", "origin", "http://127.0.0.1:1/private.git")
    deployment = abra.prepare(plan)
    # Without the flag it fails, so with it the test means something.
    words = [word for word in deployment.argv if offline or word != "--offline"]
    try:
        ended = run(words, env=deployment.env, cwd=deployment.cwd, check=False)
        assert ended.code == code, ended.stdout
        assert ("authentication required" in ended.stdout) != offline
    finally:
        swarm.remove(made.stack)
        swarm.docker("secret", "rm", f"{made.stack}_db_password_v1")
