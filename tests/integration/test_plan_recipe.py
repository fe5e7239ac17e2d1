"""`ccci plan RECIPE` on a real Swarm: the deployer's own deploy, of which nothing is written."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from support.recipes.repositories import commit, git
from support.recipes.upgrades import BASE, CRASH, EACH, NEW, Ccci, Ended, files, make_recipe
from support.sandbox.swarms import Swarm

pytestmark = pytest.mark.timeout(300)

KINDS = ("service", "secret", "config", "network", "volume")


def everything(swarm: Swarm) -> dict[str, str]:
    """Return every object of the swarm, with what would tell of a change."""
    found = {kind: swarm.docker(kind, "ls", "-q").stdout for kind in KINDS}
    # Others make and remove networks of their own node on this machine meanwhile.
    found["network"] = swarm.docker("network", "ls", "-q", "--filter", "driver=overlay").stdout
    services = found["service"].split()
    found["versions"] = (
        swarm.docker(
            "service", "inspect", "--format", "{{.ID}} {{.Version.Index}}", *services
        ).stdout
        if services
        else ""
    )
    return found


@pytest.fixture
def swarm(swarm_of_a_file: Swarm) -> Swarm:
    """Give a Swarm on which nobody else makes anything meanwhile."""
    return swarm_of_a_file


@pytest.fixture
def removals(swarm: Swarm) -> Callable[[str], object]:
    """Give what removes a stack at once, before another test looks at all there is."""
    return swarm.remove


@pytest.fixture
def plan(ccci: Ccci, swarm: Swarm) -> Callable[..., Ended]:
    """Give `ccci plan`, after which swarm and home are as they were."""

    def run(*words: str, env: dict[str, str] | None = None) -> Ended:
        before = everything(swarm), ccci.files()
        more = ("--deployer", ccci.deployer, "--resolve-image", "never")
        ended = ccci("plan", *words, *more, env=env)
        assert (everything(swarm), ccci.files()) == before
        return ended

    return run


def fates(found: dict[str, Any]) -> dict[str, str]:
    return {each["name"]: each["fate"] for each in found["services"]}


@EACH
def test_a_new_app_is_planned_as_created_and_nothing_is_made(
    plan: Callable[..., Ended], ccci: Ccci, shop: Path
) -> None:
    head = make_recipe(shop, files())
    ended = plan(str(shop), "--head", "main", "--domain", "new.example.com")
    assert (ended.code, ended.report["schema"]) == (0, "ccci.plan/1"), ended.said
    assert fates(ended.report) == {"app": "created", "db": "created"}
    assert ended.report["revision"] == {
        "recipe": "shop",
        "domain": "new.example.com",
        "commit": head,
        "version": None,
        "deployer": ccci.deployer,
    }
    made = {f"{each['kind']} {each['name']}" for each in ended.report["objects"]}
    assert {"config new_example_com_entry_v1", "secret new_example_com_db_password_v1"} <= made


@EACH
def test_an_app_that_a_run_left_is_planned_on(
    plan: Callable[..., Ended], ccci: Ccci, shop: Path
) -> None:
    make_recipe(shop, files(NEW))
    left = ccci("deploy", str(shop), "--tag", BASE, "--domain", "kept.example.com")
    assert left.code == 0, left.said
    env_file = next(ccci.home.glob("**/kept.example.com.env"))
    before = env_file.read_text()
    try:
        for words in ((str(shop),), (str(shop), "--domain", "kept.example.com")):
            ended = plan(*words, "--head", "main", "--env", "EXTRA=1")
            assert ended.code == 0, ended.said
            assert ended.report["stack"] == "kept_example_com"
            assert fates(ended.report) == {"app": "rolls", "db": "unchanged"}
            app = ended.report["services"][0]
            assert {"Args", "Image"} & {each["path"] for each in app["fields"]} == {"Args"}
            assert app["nodes"][0]["reason"] == ""
        named = plan("kept.example.com", "--source", str(shop), "--tag", BASE)
        assert set(fates(named.report).values()) <= {"unchanged", "labels-only"}, named.report
        assert env_file.read_text() == before
    finally:
        ccci("teardown", "shop")


@EACH
def test_a_head_is_planned_on_a_base_that_is_not_there(
    plan: Callable[..., Ended], shop: Path
) -> None:
    make_recipe(shop, files(CRASH))
    ended = plan(str(shop), "--head", "main", "--base", "auto")
    assert ended.code == 0, ended.said
    assert ended.report["base"]["revision"]["version"] == BASE
    assert fates(ended.report["base"]) == {"app": "created", "db": "created"}
    assert fates(ended.report) == {"app": "rolls", "db": "unchanged"}
    assert ended.report["planned_on"] == {}


def test_what_the_deployer_refuses_is_refused_by_the_plan(
    plan: Callable[..., Ended], shop: Path
) -> None:
    make_recipe(shop, files(entry="echo two"))
    ended = plan(str(shop), "--head", "main", "--base", BASE)
    assert (ended.code, ended.report["verdict"]) == (4, "deploy-failed"), ended.said
    assert "config-immutable: entry.sh changed" in ended.report["summary"]


def test_a_secret_that_a_person_provides_is_planned_with_it(
    plan: Callable[..., Ended], shop: Path, tmp_path: Path
) -> None:
    make_recipe(shop, files())
    sample = (shop / ".env.sample").read_text().replace("# length=24", "# generate=false")
    commit(shop, {".env.sample": sample})
    ended = plan(str(shop), "--head", "main")
    assert ended.code == 4
    assert "secret not inserted" in ended.report["summary"]
    secret = tmp_path / "secret"
    secret.write_text("correct-horse-battery")
    given = plan(str(shop), "--head", "main", "--secret", f"db_password={secret}")
    assert given.code == 0, given.said
    assert "correct-horse" not in json.dumps(given.report) + given.said


@pytest.mark.parametrize("deployer", ["abra"])
def test_a_server_that_abra_reaches_itself_is_refused(
    plan: Callable[..., Ended], shop: Path
) -> None:
    make_recipe(shop, files())
    ended = plan(str(shop), "--head", "main", "--server", "elsewhere.example.com")
    assert (ended.code, ended.report["verdict"]) == (2, "usage")
    assert "by an Engine of its own" in ended.report["summary"]


def test_a_dry_run_holds_the_plans_where_there_is_a_swarm(
    ccci: Ccci, swarm: Swarm, shop: Path
) -> None:
    head = make_recipe(shop, files(NEW))
    before = everything(swarm)
    ended = ccci("upgrade", str(shop), "--head", "main", "--dry-run")
    assert (ended.code, ended.report["verdict"]) == (0, "done"), ended.said
    base, after = ended.report["dry_run"]
    assert set(fates(base["plan"]).values()) == {"created"}
    assert fates(after["plan"]) == {"app": "rolls", "db": "unchanged"}
    assert after["plan"]["revision"]["commit"] == head
    assert everything(swarm) == before
    assert ccci.left(ended.report["stack"]) == []


def test_a_dry_run_ends_as_its_plan_does(ccci: Ccci, shop: Path) -> None:
    nowhere = "      placement: {constraints: [node.labels.no == where]}"
    make_recipe(shop, files(more=nowhere))
    ended = ccci("upgrade", str(shop), "--head", "main", "--dry-run")
    assert (ended.code, ended.report["verdict"]) == (16, "stalled"), ended.said
    assert "does not meet node.labels.no == where" in ended.report["summary"]


def test_options_of_recipes_go_with_no_command(ccci: Ccci) -> None:
    ended = ccci("plan", "s", "--head", "main", "--", "docker", "stack", "ls")
    assert (ended.code, ended.report["verdict"]) == (2, "usage")
    assert "--head: for a recipe" in ended.report["summary"]


def test_findings_decide_where_they_are_asked_to(plan: Callable[..., Ended], shop: Path) -> None:
    make_recipe(shop, files())
    assert git(shop, "tag") == BASE
    ended = plan(str(shop), "--head", "main", "--fail-on", "error")
    assert (ended.code, ended.report["verdict"]) == (20, "findings"), ended.report
    found = [each for each in ended.report["findings"] if each["severity"] == "error"]
    assert {each["service"] for each in found} == {"app"}
    assert found[0]["rule"] in ended.report["summary"]
