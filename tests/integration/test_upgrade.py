"""`ccci upgrade` on a real Swarm: each outcome, and nothing left behind by any of them."""

import json
import re
from pathlib import Path

import pytest
from support.recipes import upgrades
from support.recipes.repositories import commit
from support.recipes.upgrades import (
    BASE,
    CRASH,
    EACH,
    INT,
    NEW,
    OWN_NETWORK,
    TERM,
    Ccci,
    Ended,
    crashing,
    files,
    make_recipe,
)

from ccci.exits import Verdict
from ccci.swarm.watching import recording

pytestmark = pytest.mark.timeout(300)


def upgrade(ccci: Ccci, shop: Path, head: str, *words: str) -> Ended:
    ended = ccci("upgrade", str(shop), "--head", head, *words)
    assert ended.code == ended.report["exit_code"]
    assert ccci.left(ended.report["stack"]) == []
    return ended


@EACH
def test_a_head_that_runs_is_proven_on_the_running_tasks(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    ended = upgrade(ccci, shop, head[:10])
    assert (ended.code, ended.report["verdict"]) == (0, "converged")
    assert ended.report["identity"]["expected"] == head
    running = {each["service"]: each["commit"] for each in ended.report["identity"]["running"]}
    assert running["app"].removesuffix("+U") == head[:8]
    assert ended.report["base"]["version"] == BASE
    assert ended.report["deployer"] == ccci.deployer
    assert set(ended.steps.values()) == {"passed"}
    kept = Path(ended.report["folder"])
    names = {"report.json", "run.json", "trace.jsonl", "deployer.log", "compose.merged.yml"}
    assert names <= {path.name for path in kept.iterdir()}
    for name in ("base.trace.jsonl", "trace.jsonl"):  # a trace alone gives the verdict again
        end = recording.ending(kept / name)
        *_, (_, rollout) = recording.replay(kept / name)
        assert end is not None
        assert rollout.verdict is end.judged is end.verdict is Verdict.CONVERGED
    if ccci.deployer == "stack":
        # YAML where the docker CLI merges, from 23.0; else the labels' own file, which is JSON.
        merged = (kept / "compose.merged.yml").read_text()
        assert re.search(rf'chaos-version"?: "?{head[:8]}', merged)


@EACH
def test_a_head_that_crashes_is_told_as_rolled_back(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, crashing())
    ended = upgrade(ccci, shop, head)
    assert (ended.code, ended.report["verdict"]) == (10, "rolled-back")
    app = ended.service("app")
    assert app["rolled_back"]["from"]["commit"] == head[:8]
    base = ended.report["base"]["commit"]
    assert app["rolled_back"]["to"]["version"] == BASE
    assert app["rolled_back"]["to"]["commit"] == base[:8]
    assert app["cause"]["code"] == "exit-nonzero"
    assert app["cause"]["exit_code"] == 3
    assert "about to crash" in app["cause"]["logs"]
    assert ended.report["identity"]["reason"] == "rolled-back"
    assert ended.steps["teardown"] == "passed"


@pytest.mark.parametrize(
    ("head", "complaint"),
    [
        (files(image="ccci-test/nowhere:1"), "absent image: ccci-test/nowhere:1"),
        (files(entry="echo two"), "config-immutable: entry.sh changed"),
        ({**files(), "compose.yml": "services: [a"}, "compose.yml line 1"),
        ({**files(), "compose.yml": "version: '3.8'"}, "there is no service"),
        ({**files(), "compose.yml": "services: {app: {imagine: x}}"}, "app"),
        ({**files(), "abra.sh": ""}, "no value for ENTRY_VERSION"),
    ],
    ids=["image", "config", "yaml", "empty", "schema", "variable"],
)
@EACH
def test_what_is_wrong_with_a_head_is_named_before_anything_is_deployed(
    head: dict[str, str], complaint: str, ccci: Ccci, shop: Path
) -> None:
    ended = upgrade(ccci, shop, make_recipe(shop, head))
    assert (ended.code, ended.report["verdict"]) == (4, "deploy-failed")
    assert complaint in ended.report["summary"]
    assert not {"base deploy", "head deploy"} & ended.steps.keys()
    assert ended.steps["teardown"] == "passed"


def test_a_base_that_does_not_come_up_is_never_the_heads_fault(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(), base=files(CRASH, version=BASE))
    ended = upgrade(ccci, shop, head)
    assert (ended.code, ended.report["verdict"]) == (17, "base-broken")
    assert "the head" in ended.report["summary"]
    assert "head deploy" not in ended.steps
    assert ended.report["base_verdict"] == "unstable"


def test_a_base_that_is_refused_is_broken_too(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(), base=files(image="ccci-test/nowhere:1", version=BASE))
    assert upgrade(ccci, shop, head).code == 17


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (("--head", "nowhere"), 3),
        (("--head=-x",), 2),
        (("--head", "main", "--base", "main"), 2),
        (("--head", "main", "--domain", "No Domain"), 2),
        (("--head", "main", "--deployer", "kubernetes"), 2),
        (("--head", "main", "--env", "novalue"), 2),
        (("--head", "main", "--timeout", "soon"), 2),
        (("--head", "main", "--source", "/nowhere"), 3),
        (("--head", "main", "--upstream", "/nowhere"), 3),
    ],
)
def test_a_wrong_command_line_is_said_so(
    words: tuple[str, ...], code: int, ccci: Ccci, shop: Path
) -> None:
    make_recipe(shop, files())
    ended = ccci("upgrade", str(shop), *words)
    assert ended.code == code, ended.report["summary"]
    assert ccci.left(ended.report["stack"]) == []


def test_an_external_network_that_is_missing_says_nothing_of_the_recipe(
    ccci: Ccci, shop: Path
) -> None:
    head = files(networks="[gone]", network="  gone: {external: true, name: no-proxy}")
    ended = upgrade(ccci, shop, make_recipe(shop, head))
    assert (ended.code, ended.report["verdict"]) == (3, "unable")
    assert "no-proxy" in ended.report["summary"]
    assert "docker network create" in ended.report["hint"]


def test_services_that_the_head_drops_are_reported_and_pruned_when_asked(
    ccci: Ccci, shop: Path
) -> None:
    sidekiq = "  sidekiq: {image: 'ccci-test/busybox:latest', command: sleep 100000}"
    head = make_recipe(shop, files(), base=files(version=BASE, services=sidekiq))
    notes = upgrade(ccci, shop, head).report["notes"]
    assert any("sidekiq is not in this commit any more and still runs" in each for each in notes)
    notes = upgrade(ccci, shop, head, "--prune").report["notes"]
    assert any("sidekiq is not in this commit any more: removed" in each for each in notes)


def test_a_head_that_renames_the_app_is_told_by_its_own_services(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, files())
    renamed = files("echo cms; exec sleep 100000")
    compose = renamed["compose.yml"].replace("  app:\n", "  cms:\n", 1)
    head = commit(shop, {**renamed, "compose.yml": compose})
    ended = upgrade(ccci, shop, head)
    assert (ended.code, ended.report["verdict"]) == (0, "converged"), ended.said
    assert ended.report["identity"]["declared"]["commit"] == head[:8]
    assert any("app is not in this commit any more" in note for note in ended.report["notes"])


def test_an_app_that_is_there_already_is_upgraded_and_left(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    there = ("--domain", "kept.ccci.test")
    first = ccci("deploy", str(shop), "--tag", BASE, *there)
    assert (first.code, first.report["verdict"]) == (0, "converged")
    try:
        ended = ccci("upgrade", str(shop), "--head", head, *there)
        assert ended.code == 0
        assert ended.steps["base deploy"] == ended.steps["teardown"] == "skipped"
        assert len(ccci.swarm.running("kept_ccci_test_app")) == 1
        assert ended.report["base"]["version"] == BASE
        again = ccci("upgrade", str(shop), "--head", head, *there)
        assert again.code == 2
        assert "the same commit" in again.report["summary"]
    finally:
        removed = ccci("teardown", "kept.ccci.test")
    assert removed.code == 0
    assert ccci.left("kept_ccci_test") == []


def test_keep_leaves_both_and_teardown_takes_them(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files())
    ended = ccci("upgrade", str(shop), "--head", head, "--keep")
    stack = ended.report["stack"]
    try:
        assert ended.steps["teardown"] == "skipped"
        assert len(ccci.swarm.running(f"{stack}_app")) == 1
    finally:
        assert ccci("teardown", ended.report["target"]).code == 0
    assert ccci.left(stack) == []


STEPS = [
    *("fetch", "base checkout", "base secrets", "base images", "base deploy", "base identity"),
    *("head checkout", "head check", "head deploy", "head identity"),
]


@pytest.mark.parametrize("step", STEPS)
def test_sigterm_at_any_step_leaves_nothing_behind(step: str, ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    ended = ccci.until(f"{step} …", TERM, "upgrade", str(shop), "--head", head)
    assert (ended.code, ended.report["verdict"]) == (143, "interrupted")
    assert ccci.left(ended.report["stack"]) == []


def test_ctrl_c_in_the_middle_of_a_roll_leaves_nothing_behind(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    ended = ccci.until("head deploy …", INT, "upgrade", str(shop), "--head", head)
    assert ended.code == 130
    assert ccci.left(ended.report["stack"]) == []


def test_secrets_are_never_told(ccci: Ccci, shop: Path) -> None:
    loud = files("echo the password is $$(cat /run/secrets/db_password) $$ADMIN_PASSWORD; exit 1")
    loud[".env.sample"] = upgrades.SAMPLE + "ADMIN_PASSWORD=correct-horse\n"
    loud["compose.yml"] = loud["compose.yml"].replace(
        "    networks:", '    environment: ["ADMIN_PASSWORD=${ADMIN_PASSWORD}"]\n    networks:', 1
    )
    head = make_recipe(shop, loud, base={**files(version=BASE), ".env.sample": loud[".env.sample"]})
    ended = upgrade(ccci, shop, head)
    assert ended.code == 10
    logs = ended.service("app")["cause"]["logs"]
    assert any("the password is" in line for line in logs)
    written = (path.read_bytes() for path in ccci.home.rglob("*") if path.is_file())
    told = [content.decode(errors="replace") for content in written]
    everything = "\n".join([*told, ended.said, str(ended.report)])
    assert "correct-horse" not in everything
    (line,) = (line for line in logs if "the password is" in line)
    assert "***" in line


def test_the_head_may_need_more_of_the_env(ccci: Ccci, shop: Path) -> None:
    head = files('test -n "$$NEEDED" || exit 1; exec sleep 100000')
    head[".env.sample"] = upgrades.SAMPLE + "NEEDED=\n"
    head["compose.yml"] = head["compose.yml"].replace(
        "    networks:", '    environment: ["NEEDED=${NEEDED}"]\n    networks:', 1
    )
    made = make_recipe(shop, head)
    without = upgrade(ccci, shop, made)
    assert without.code == 10
    assert any(
        "sets NEEDED, which the app's .env lacks" in each for each in without.report["notes"]
    )
    assert upgrade(ccci, shop, made, "--upgrade-env", "NEEDED=yes").code == 0


def test_a_label_only_head_rolls_nothing_and_is_right(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(version="0.9.0+3.5.0"))
    ended = upgrade(ccci, shop, head)
    assert ended.code == 0
    assert ended.report["identity"]["declared"]["commit"] == head[:8]


def test_the_base_steps_back_from_the_heads_own_version(ccci: Ccci, shop: Path) -> None:
    make_recipe(shop, None, base=files(version=BASE))
    commit(shop, files(version="0.8.0+3.4.0"), tag="0.8.0+3.4.0")
    head = commit(shop, files("echo more; exec sleep 100000", version="0.8.0+3.4.0"))
    assert upgrade(ccci, shop, head).report["base"]["version"] == BASE


def test_a_rollback_that_works_can_be_rehearsed(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW))
    ended = upgrade(ccci, shop, head, "--rehearse-rollback")
    assert ended.code == 0
    assert ended.steps["rollback rehearsal"] == "passed"


def test_a_policy_that_does_not_roll_back_fails_the_rehearsal(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, files(NEW, action="pause"))
    ended = upgrade(ccci, shop, head, "--rehearse-rollback")
    assert (ended.code, ended.report["verdict"]) == (1, "failed")
    assert "ended as paused, not rolled back" in ended.report["summary"]


def test_a_repeated_upgrade_tells_how_often_it_failed(ccci: Ccci, shop: Path) -> None:
    head = make_recipe(shop, crashing())
    ended = upgrade(ccci, shop, head, "--repeat", "2")
    assert ended.code == 10
    assert ended.report["summary"].startswith("2 of 2 runs failed (95 % confidence: 34% to 100%)")
    assert ended.report["repeat"]["causes"] == {"rolled-back (exit-nonzero)": 2}


def test_an_overlay_goes_on_top_and_is_told(ccci: Ccci, shop: Path, tmp_path: Path) -> None:
    head = make_recipe(shop, files(NEW))
    folder = tmp_path / "overlays" / "shop"
    folder.mkdir(parents=True)
    overlay = (
        "# This runner is slow.\nversion: '3.8'\n"
        "services: {app: {environment: {SLOW: '1'},\n"
        "  deploy: {update_config: {order: stop-first}}}}\n"
    )
    (folder / "compose.ccci.yml").write_text(overlay)
    ended = upgrade(ccci, shop, head, "--overlays", str(folder.parent))
    assert ended.code == 0
    assert any("This runner is slow." in note for note in ended.report["notes"])
    (folder / "compose.ccci.yml").write_text("services: {app: {image: 'old:1'}}\n")
    refused = ccci("upgrade", str(shop), "--head", head, "--overlays", str(folder.parent))
    assert refused.code == 2
    assert "pins the image old:1" in refused.report["summary"]


def test_a_head_that_asks_for_no_replica_does_not_run(ccci: Ccci, shop: Path) -> None:
    head = files("exec sleep 99999")
    compose = head["compose.yml"].replace("    deploy:\n", "    deploy:\n      replicas: 0\n", 1)
    ended = upgrade(ccci, shop, make_recipe(shop, {**head, "compose.yml": compose}))
    assert (ended.code, ended.report["identity"]["reason"]) == (14, "not-running"), ended.said
    assert "no replica" in ended.report["summary"]


@EACH
def test_the_secrets_of_a_kept_app_are_not_told_by_a_later_run(ccci: Ccci, shop: Path) -> None:
    loud = files("echo the password is $$(cat /run/secrets/db_password); exit 1")
    head = make_recipe(shop, loud, base=files(version=BASE))
    domain = f"secrets-{ccci.deployer}.ccci.test"
    where = ("--domain", domain)
    kept = ccci("deploy", str(shop), "--tag", BASE, *where)
    assert kept.code == 0, kept.said
    try:
        ended = ccci("upgrade", str(shop), "--head", head, *where)
        assert ended.code == 10, ended.said
        (line,) = (
            each for each in ended.service("app")["cause"]["logs"] if "the password is" in each
        )
        assert line.endswith("the password is ***")
    finally:
        assert ccci("teardown", domain).code == 0


MIGRATE = """  migrate:
    image: ccci-test/busybox:latest
    command: ["sh", "-c", {command}]
    networks: [internal]
    # Tried again where another test's network is in its way (Q41 of docs/explanation/swarm.md).
    deploy: {{mode: replicated-job, restart_policy: {{condition: on-failure, delay: 500ms}}}}
"""


def migrates(command: str) -> str:
    return MIGRATE.format(command=json.dumps(command))


@EACH
@pytest.mark.usefixtures("newer_docker")
def test_an_app_with_a_job_is_upgraded_and_leaves_nothing(ccci: Ccci, shop: Path) -> None:
    base = files(version=BASE, services=migrates("echo migrated"), **OWN_NETWORK)
    make_recipe(shop, files(NEW, services=migrates("sleep 1"), **OWN_NETWORK), base=base)
    ended = upgrade(ccci, shop, "main")
    assert (ended.code, ended.report["verdict"]) == (0, "converged"), ended.said
    assert ended.service("migrate")["verdict"] == "converged"


@EACH
@pytest.mark.usefixtures("newer_docker")
def test_a_job_that_is_at_work_ends_with_its_run(ccci: Ccci, shop: Path) -> None:
    head = files(NEW, services=migrates("exec sleep 100000"), **OWN_NETWORK)
    make_recipe(shop, head, base=files(version=BASE, **OWN_NETWORK))
    # The base has as long as the head, and a network's addresses may still be another's (Q41).
    ended = upgrade(ccci, shop, "main", "--timeout", "20s")
    assert (ended.code, ended.report["verdict"]) == (12, "timed-out"), ended.said
    assert ended.service("migrate")["verdict"] == "timed-out"
