"""`ccci deploy` on a real Swarm: what is chosen, what stays, and what a health path says."""

import json
import re
import tarfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from support.recipes.repositories import commit, git
from support.recipes.upgrades import (
    BASE,
    CRASH,
    EACH,
    OWN_NETWORK,
    ROUTED,
    TERM,
    WEB,
    Ccci,
    Ended,
    files,
    make_recipe,
    with_labels,
)
from support.sandbox.swarms import Swarm

from ccci.sandbox.image import BUSYBOX

pytestmark = pytest.mark.timeout(300)


@pytest.fixture
def ccci(ccci: Ccci) -> Iterator[Ccci]:
    """Remove the app that a deploy leaves, and count what is left."""
    yield ccci
    removed = ccci("teardown", "shop")
    assert removed.code in {0, 2}, removed.report["summary"]
    assert ccci.left(removed.report["stack"]) == []


def running(ccci: Ccci, ended: Ended) -> int:
    return len(ccci.swarm.running(f"{ended.report['stack']}_app"))


@EACH
def test_the_newest_release_is_deployed_pinned_and_stays(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files(CRASH))
    ended = ccci("deploy", str(shop))
    assert (ended.code, ended.report["verdict"]) == (0, "converged"), ended.report["summary"]
    assert ended.report["identity"]["declared"]["version"] == BASE
    assert ended.report["version"] == BASE
    assert ended.steps["teardown"] == "skipped"
    assert running(ccci, ended) == 1


@EACH
def test_a_commit_is_deployed_as_chaos_and_removed_when_asked(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files())
    ended = ccci("deploy", str(shop), "--head", "main", "--teardown")
    assert ended.code == 0, ended.report["summary"]
    assert ended.report["identity"]["declared"]["commit"] == head[:8]
    assert ended.report["identity"]["expected"] == head
    assert ccci.left(ended.report["stack"]) == []


def test_without_a_release_the_head_of_the_repository_is_deployed(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files())
    git(shop, "tag", "-d", BASE)
    ended = ccci("deploy", str(shop))
    assert ended.report["identity"]["declared"]["commit"] == head[:8]


def test_a_tag_is_deployed_pinned_whatever_the_ci_builds(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files())
    newer = commit(shop, files(version="1.0.0+4.0.0"), tag="1.0.0+4.0.0")
    ended = ccci("deploy", str(shop), "--tag", BASE, env={"DRONE_COMMIT_SHA": newer})
    assert ended.report["identity"]["declared"]["version"] == BASE


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--tag", BASE, "--head", "main"), 2),
        (("--tag", "main"), 3),
        (("--tag", "9.9.9+9"), 3),
        (("--tag=-x",), 2),
        (("--health-path", "status"), 2),
        (("--health-path", "/x", "--health-status", "fine"), 2),
        (("--overlay", "/nowhere.yml"), 2),
        (("--overlays", "/nowhere"), 2),
    ],
)
def test_a_wrong_command_line_deploys_nothing(
    words: tuple[str, ...], code: int, ccci: Ccci, shop: Path
) -> None:
    make_recipe(shop, files())
    ended = ccci("deploy", str(shop), *words)
    assert ended.code == code, ended.report["summary"]
    assert ccci.left(ended.report["stack"]) == []


def test_what_was_refused_leaves_nothing_behind(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files(image="ccci-test/nowhere:1"))
    ended = ccci("deploy", str(shop), "--head", "main")
    assert (ended.code, ended.report["verdict"]) == (4, "deploy-failed")
    assert ccci.left(ended.report["stack"]) == []


def test_what_was_cut_short_leaves_nothing_behind(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files())
    ended = ccci.until("head deploy …", TERM, "deploy", str(shop))
    assert ended.code == 143
    assert ccci.left(ended.report["stack"]) == []


def test_a_deploy_that_fails_stays_to_be_looked_at(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files(CRASH))
    ended = ccci("deploy", str(shop), "--head", "main")
    assert (ended.code, ended.report["verdict"]) == (14, "unstable")
    assert ccci.swarm.left(ended.report["stack"], "service") != []


def test_a_deploy_again_finds_the_app_and_its_env(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files())
    first = ccci("deploy", str(shop), "--domain", "again.ccci.test")
    head = commit(shop, files("echo two; exec sleep 100000"))
    second = ccci("deploy", str(shop), "--head", head, "--domain", "again.ccci.test")
    assert (first.code, second.code) == (0, 0)
    assert second.report["identity"]["previous"]["version"] == BASE
    assert running(ccci, second) == 1


FRONT = f"""\
  web:
    image: ccci-test/busybox:latest
    command: ["sh", "-c", {json.dumps(WEB)}]
    stop_grace_period: 1s
    deploy: {{{{labels: ["{ROUTED}"], endpoint_mode: dnsrr}}}}
"""


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [("/srv/status", 0, "runs as"), ("/nowhere", 1, "/nowhere answers 404, not 200")],
)
def test_the_health_path_is_asked_inside_the_task(
    path: str, code: int, said: str, ccci: Ccci, shop: Path
) -> None:
    make_recipe(shop, with_labels(files(WEB, **OWN_NETWORK), ROUTED))
    words = ("--head", "main", "--health-path", path, "--health-status", "200")
    ended = ccci("deploy", str(shop), *words)
    assert ended.code == code
    assert said in ended.report["summary"]


BARE = """\
version: "3.8"
services:
  app:
    image: {image}
    command: ["/bin/httpd", "-f", "-p", "8000", "-h", "/"]
    stop_grace_period: 1s
    ports: [{{target: 8000, published: 0, mode: host}}]
    deploy: {{labels: ["coop-cloud.${{STACK_NAME}}.version=0.9.0+3.5.0"]}}
"""


def make_bare_image(swarm: Swarm, folder: Path) -> str:
    """Make an image that serves /status, and holds nothing to ask it with."""
    archive = folder / "bare.tar"
    (folder / "status").write_text("ok")
    with tarfile.open(archive, "w") as out:
        out.add(BUSYBOX, "bin/httpd")
        out.add(folder / "status", "status")
    swarm.docker("import", str(archive), "ccci-test/bare:latest")
    return "ccci-test/bare:latest"


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [("/status", 0, "runs as"), ("/nowhere", 1, "/nowhere answers 404")],
)
def test_the_health_path_is_asked_through_a_published_port(
    path: str, code: int, said: str, ccci: Ccci, shop: Path, tmp_path: Path
) -> None:
    compose = BARE.format(image=make_bare_image(ccci.swarm, tmp_path))
    make_recipe(shop, {**files(), "compose.yml": compose})
    near = replace(ccci, beside=True)
    ended = near("deploy", str(shop), "--head", "main", "--health-path", path)
    assert (ended.code, ended.report["exit_code"]) == (code, code), ended.said
    assert said in ended.report["summary"]


def test_a_recipes_own_label_turns_the_health_path_on(ccci: Ccci, shop: Path) -> None:
    make_recipe(
        shop, with_labels(files(WEB, **OWN_NETWORK), ROUTED, "ccci.health-path=/srv/status")
    )
    ended = ccci("deploy", str(shop), "--head", "main")
    assert ended.steps["head health"] == "passed"


def test_the_front_is_asked_that_is_not_the_service_named_app(ccci: Ccci, shop: Path) -> None:
    behind = files(**OWN_NETWORK)
    services = behind["compose.yml"].replace("services:\n", "services:\n" + FRONT.format(), 1)
    make_recipe(shop, {**behind, "compose.yml": services})
    ended = ccci("deploy", str(shop), "--head", "main", "--health-path", "/srv/status")
    assert (ended.code, ended.steps["head health"]) == (0, "passed"), ended.said
    reason = next(step["reason"] for step in ended.report["steps"] if step["name"] == "head health")
    assert reason == "web answers /srv/status"
    words = ("--head", "main", "--health-path", "/srv/status", "--health-service", "app")
    other = ccci("deploy", str(shop), *words)
    assert (other.code, other.report["verdict"]) == (3, "unable"), other.said
    assert "cannot be asked" in other.report["summary"]


def test_a_port_that_nothing_names_is_no_fault_of_the_recipe(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files(WEB, **OWN_NETWORK))
    ended = ccci("deploy", str(shop), "--head", "main", "--health-path", "/srv/status")
    assert (ended.code, ended.report["verdict"]) == (3, "unable"), ended.said


def test_a_dry_run_tells_everything_and_touches_nothing(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files())
    env = {"DOCKER_HOST": "unix:///nowhere.sock"}
    ended = ccci("upgrade", str(shop), "--head", "main", "--dry-run", env=env)
    assert (ended.code, ended.report["verdict"]) == (0, "done")
    base, after = ended.report["dry_run"]
    assert (base["version"], after["commit"]) == (BASE, head)
    stack = ended.report["stack"]
    assert base["labels"][f"coop-cloud.{stack}.version"] == BASE
    assert after["labels"][f"coop-cloud.{stack}.chaos-version"] == head[:8]
    assert base["secrets"] == {
        f"{stack}_db_password_v1": "generated: 24 characters, charset default"
    }
    assert base["images"]["app"] == "ccci-test/busybox:latest"
    # A docker CLI before 23.0 cannot merge: there the labels' own file, JSON, stands beside ours.
    assert re.search(rf'coop-cloud\.{stack}\.recipe"?: "?shop', base["compose"])
    assert ccci.left(stack) == []
