"""`ccci sweep` from its command line: what it prints, and with which exit code it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from support.recipes.repositories import commit, git

from ccci import cli

RISKY = """
services:
  app:
    image: nginx:1.25.3
    deploy:
      update_config:
        failure_action: rollback
        order: start-first
"""
SOUND = """
services:
  app:
    image: nginx:1.25.3
    healthcheck: {test: [CMD, "true"], interval: 5s, timeout: 1s, retries: 2}
    deploy:
      update_config: {failure_action: rollback, order: stop-first, monitor: 30s}
"""


@pytest.fixture(autouse=True)
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("ABRA_DIR", raising=False)


def sweep(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.run(["sweep", *arguments])
    printed = capsys.readouterr()
    code = ended.value.code
    assert isinstance(code, int)
    return code, printed.out, printed.err


def swept(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, dict[str, Any]]:
    code, out, _ = sweep(capsys, "rollback-policy", "--json", *arguments)
    return code, json.loads(out)


def recipe(root: Path, name: str, **files: str) -> Path:
    folder = root / name
    folder.mkdir(parents=True)
    for key, content in files.items():
        file = {"env": ".env.sample", "abra": "abra.sh"}.get(key, f"{key.replace('_', '.')}.yml")
        (folder / file).write_text(content, encoding="utf-8")
    return folder


def test_a_risk_ends_with_20_and_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    code, found = swept(capsys, str(folder))
    assert code == 20
    assert found["schema"] == "ccci.sweep/1"
    assert found["files"] == [
        {
            "file": f"{folder}/compose.yml",
            "recipe": "shop",
            "status": "ok",
            "line": None,
            "message": "",
        }
    ]
    first = found["findings"][0]
    assert (first["rule"], first["severity"], first["service"]) == ("CCCI001", "error", "app")
    assert (first["file"], first["line"]) == (f"{folder}/compose.yml", 7)


def test_the_keys_of_a_service_are_the_contracts(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=SOUND)
    _, found = swept(capsys, str(folder))
    service = found["services"][0]
    assert service["update"] == {
        "declared": True,
        "failure_action": "rollback",
        "order": "stop-first",
        "monitor": 30.0,
        "max_failure_ratio": 0.0,
        "parallelism": 1,
        "delay": 0.0,
    }
    assert service["mode"] == "replicated"
    assert service["replicas"] == 1
    assert service["healthcheck"] == "defined"
    assert service["start_period"] == 0.0
    assert service["volumes"] == []
    assert service["host_ports"] == []


def test_a_sound_recipe_ends_with_0(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, found = swept(capsys, str(recipe(tmp_path, "shop", compose=SOUND)))
    assert (code, found["findings"]) == (0, [])


@pytest.mark.parametrize(("fail_on", "code"), [("error", 20), ("warning", 20), ("never", 0)])
def test_fail_on_decides(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], fail_on: str, code: int
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    assert swept(capsys, str(folder), "--fail-on", fail_on)[0] == code


def test_an_empty_folder_is_unable(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, _, err = sweep(capsys, "rollback-policy", str(tmp_path))
    assert code == 3
    assert "nothing to sweep" in err


def test_a_file_without_services_is_unable_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.yml"
    path.write_text("services: {}\n")
    code, found = swept(capsys, str(path))
    assert code == 3
    assert found["files"][0]["status"] == "no-services"


def test_a_path_that_is_not_there_is_unable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, _, err = sweep(capsys, "rollback-policy", str(tmp_path / "none.yml"))
    assert code == 3
    assert "none.yml" in err


def test_without_a_path_the_users_recipes_are_swept(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe(tmp_path / "abra" / "recipes", "shop", compose=RISKY)
    recipe(tmp_path / "abra" / "recipes", "wiki", compose=SOUND)
    monkeypatch.setenv("ABRA_DIR", str(tmp_path / "abra"))
    _, found = swept(capsys)
    assert {row["recipe"] for row in found["files"]} == {"shop", "wiki"}
    _, by_name = swept(capsys, "wiki")
    assert {row["recipe"] for row in by_name["files"]} == {"wiki"}


def test_overlays_are_variants_and_compose_file_names_the_set(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    stop = "services: {app: {deploy: {update_config: {order: stop-first}}}}\n"
    folder = recipe(
        tmp_path,
        "shop",
        compose=RISKY,
        compose_stop=stop,
        compose_more="services: {db: {image: 'pg:16.1'}}\n",
        env='COMPOSE_FILE="compose.yml"\nCOMPOSE_FILE="$COMPOSE_FILE:compose.more.yml"\n',
    )
    _, found = swept(capsys, str(folder))
    base = f"{folder}/compose.yml+{folder}/compose.more.yml"
    assert [row["file"] for row in found["files"]] == [base, f"{base}+{folder}/compose.stop.yml"]
    orders = {
        row["file"]: row["update"]["order"] for row in found["services"] if row["service"] == "app"
    }
    assert list(orders.values()) == ["start-first", "stop-first"]


def test_files_given_with_c_are_one_set(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    one, two = tmp_path / "a.yml", tmp_path / "b.yml"
    one.write_text(RISKY)
    two.write_text("services: {app: {deploy: {update_config: {order: stop-first}}}}\n")
    code, found = swept(capsys, "-c", str(one), "-c", str(two))
    assert code == 0
    assert found["files"][0]["file"] == f"{one}+{two}"
    assert found["services"][0]["update"]["order"] == "stop-first"


def test_variables_come_in_their_order(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A", "environment")
    monkeypatch.setenv("B", "environment")
    content = "services: {app: {image: 'x:$A.$B.$C.$D'}}\n"
    folder = recipe(tmp_path, "shop", compose=content, env="B=own\nC=own\nD=own\n")
    more = tmp_path / "more.env"
    more.write_text("C=file\nD=file\n")
    _, found = swept(capsys, str(folder), "--env-file", str(more), "--env", "D=given")
    assert found["services"][0]["image"] == "x:environment.own.file.given"


def test_what_stays_unset_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "x.yml"
    path.write_text("services: {app: {image: 'x:1.2${NOT_THERE_AT_ALL}'}}\n")
    _, found = swept(capsys, str(path))
    assert found["files"][0]["status"] == "ok"
    assert "NOT_THERE_AT_ALL" in found["files"][0]["message"]


def test_a_refused_file_is_a_finding_at_its_line_and_the_sweep_goes_on(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "bad.yml").write_text("services:\n  app:\n    image: x:1.2\n    tty: yes\n")
    (tmp_path / "good.yml").write_text(SOUND)
    code, found = swept(capsys, str(tmp_path))
    assert code == 20
    assert [row["status"] for row in found["files"]] == ["refused", "ok"]
    assert found["files"][0]["line"] == 4
    assert "services.app.tty must be a boolean" in found["files"][0]["message"]
    assert found["findings"][0]["severity"] == "error"
    assert len(found["services"]) == 2


@pytest.mark.parametrize("comment", ["    # ccci: ignore CCCI001 one replica\n", "  # {}\n"])
def test_a_comment_answers_for_the_service_it_stands_in(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], comment: str
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(RISKY.replace("    deploy:\n", comment + "    deploy:\n"))
    _, found = swept(capsys, str(path))
    rules = {each["rule"] for each in found["findings"]}
    answered = [each["rule"] for each in found["ignored"]]
    assert ("CCCI001" in rules) == ("ignore" not in comment)
    assert answered == (["CCCI001"] if "ignore" in comment else [])


def test_rules_are_listed_and_told(capsys: pytest.CaptureFixture[str]) -> None:
    code, listed, _ = sweep(capsys, "--list-rules")
    assert code == 0
    assert [line.split()[0] for line in listed.splitlines()] == [
        f"CCCI{number:03}" for number in (*range(26), *range(101, 120))
    ]
    code, told, _ = sweep(capsys, "rules", "CCCI001")
    assert code == 0
    assert "rollback with start-first" in told


@pytest.mark.parametrize(
    "arguments",
    [
        ["rules", "CCCI999"],
        ["rollback-policy", "--format", "xml"],
        ["rollback-policy", "--fail-on", "always"],
        ["rollback-policy", "x.yml", "-c", "y.yml"],
        ["rollback-policy", "--node-memory", "much"],
        ["rollback-policy", "--env", "=x"],
    ],
)
def test_a_wrong_command_line_is_usage(
    capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert sweep(capsys, *arguments)[0] == 2


def keys(value: object) -> set[str]:
    if isinstance(value, dict):
        return set(value).union(*map(keys, value.values()))
    return set().union(*map(keys, value)) if isinstance(value, list) else set()


def test_every_key_of_the_document_is_on_its_page(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    (tmp_path / "runs").mkdir()
    _, found = swept(capsys, str(folder), "--runs", str(tmp_path / "runs"))
    page = Path(__file__).parents[3] / "docs" / "reference" / "sweep.md"
    text = page.read_text(encoding="utf-8")
    assert {key for key in keys(found) if f"`{key}`" not in text} == set()


def test_fix_writes_the_overlay_once_and_a_dry_run_writes_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    code, planned, _ = sweep(capsys, "rollback-policy", str(folder), "--fix", "--dry-run")
    assert code == 0
    assert "+        order: stop-first" in planned
    assert not (folder / "compose.ccci.yml").exists()
    _, written, said = sweep(capsys, "rollback-policy", str(folder), "--fix")
    assert written == planned
    assert "COMPOSE_FILE" in said
    assert (folder / "compose.ccci.yml").exists()
    assert "nothing to change" in sweep(capsys, "rollback-policy", str(folder), "--fix")[1]
    code, out, _ = sweep(capsys, "rollback-policy", "--json", str(folder), "--fix", "--in-place")
    assert (code, json.loads(out)["schema"]) == (0, "ccci.fix/1")
    assert "order: stop-first" in (folder / "compose.yml").read_text()


def test_fix_does_what_it_can_and_says_what_it_cannot(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shop = recipe(tmp_path, "shop", compose=RISKY)
    broken = recipe(tmp_path, "wiki", compose=RISKY + "    tty: yes\n")
    code, out, said = sweep(capsys, "rollback-policy", str(tmp_path), "--fix")
    assert code == 0
    assert out.count("+        order: stop-first") == 1
    assert f"{broken}/compose.yml is refused" in said
    assert (shop / "compose.ccci.yml").exists()
    assert sweep(capsys, "rollback-policy", str(broken), "--fix")[0] == 3


def test_recorded_runs_stand_beside_the_risks(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    report = {
        "schema": "ccci.report/1",
        "command": "upgrade",
        "target": "shop",
        "verdict": "rolled-back",
        "finished_at": "2026-01-01T00:00:00Z",
    }
    (tmp_path / "runs").mkdir()
    (tmp_path / "runs" / "report.json").write_text(json.dumps(report))
    _, told, _ = sweep(capsys, "rollback-policy", str(folder), "--runs", str(tmp_path / "runs"))
    assert "1 of 1 recorded upgrades were rolled back, last 2026-01-01" in told


@pytest.mark.parametrize("output_format", ["json", "sarif"])
def test_a_format_is_the_one_document(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], output_format: str
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    code, out, _ = sweep(capsys, "rollback-policy", str(folder), "--format", output_format)
    assert code == 20
    assert json.loads(out)


def test_what_cannot_be_read_is_no_pass_even_when_nothing_fails(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.yml").write_text("a: [\n")
    assert swept(capsys, str(tmp_path / "x.yml"))[0] == 20
    assert swept(capsys, str(tmp_path / "x.yml"), "--fail-on", "never")[0] == 3


def test_a_file_cannot_speak_to_the_terminal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.yml").write_text('services: {app: {image: x:1.2, "\\e[2Jbad": 1}}\n')
    for output_format in ("table", "markdown"):
        _, out, _ = sweep(
            capsys, "rollback-policy", str(tmp_path / "x.yml"), "--format", output_format
        )
        assert "\x1b" not in out
        assert "bad" in out


@pytest.mark.slow
def test_names_that_are_no_text_and_readers_that_go_away_are_no_bug(tmp_path: Path) -> None:
    folder = os.fsencode(tmp_path)
    for number in range(300):
        with open(folder + b"/\xff%d.yml" % number, "w") as file:  # noqa: PTH123 -- bytes
            file.write(RISKY)
    argv = [sys.executable, "-m", "ccci", "sweep", "rollback-policy", str(tmp_path)]
    done = subprocess.run(argv, capture_output=True, check=False)
    assert (done.returncode, done.stderr) == (20, b"")
    assert b"\\udcff" in done.stdout
    with subprocess.Popen(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.read(10)
        process.stdout.close()
        assert process.stderr.read() == b""


def test_what_only_an_overlay_makes_start_first_is_changed_there_or_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fast = "services:\n  app:\n    deploy: {update_config: {order: start-first}}\n"
    stop = RISKY.replace("        order: start-first\n", "")
    folder = recipe(tmp_path, "shop", compose=stop, compose_fast=fast)
    code, _, said = sweep(capsys, "rollback-policy", str(folder), "--fix")
    assert code == 3
    assert "compose.fast.yml" in said
    code, out, _ = sweep(capsys, "rollback-policy", str(folder), "--fix", "--in-place")
    assert (code, "order: stop-first" in out) == (0, True)
    assert "order: stop-first" in (folder / "compose.fast.yml").read_text()
    assert (folder / "compose.yml").read_text() == stop


def test_an_order_in_the_recipe_and_in_its_overlay_is_changed_in_both(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    fast = "services:\n  app:\n    deploy: {update_config: {order: start-first}}\n"
    folder = recipe(tmp_path, "shop", compose=RISKY, compose_fast=fast)
    sweep(capsys, "rollback-policy", str(folder), "--fix", "--in-place")
    _, found = swept(capsys, str(folder), "--select", "CCCI001")
    assert found["findings"] == []


NEEDY = """
services:
  app:
    image: nginx:1.25.3
    environment: ["A=${HASHED_PASSWORD?Variable not set}"]
    env_file: [app.env]
"""


def test_what_only_a_deployment_has_is_no_fault_of_the_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=NEEDY)
    code, found = swept(capsys, str(folder), "--fail-on", "warning")
    assert code == 0
    assert found["files"][0]["status"] == "needs-input"
    assert found["inputs"][0]["needs"] == ["HASHED_PASSWORD", "app.env"]
    assert [row["service"] for row in found["services"]] == ["app"]
    _, told, _ = sweep(capsys, "rollback-policy", str(folder))
    assert "needs input: shop: HASHED_PASSWORD, app.env" in told


@pytest.mark.parametrize(
    "line",
    [
        "    deploy: {replicas: '${REPLICAS}'}\n",
        "    deploy: {update_config: {monitor: '${M}'}}\n",
        "    healthcheck: {test: a, interval: '${I}'}\n",
        "    ports: ['${P}:80:x']\n",
        "    image: '${IMAGE:?}'\n",
    ],
)
def test_a_fault_for_want_of_a_variable_is_an_input(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], line: str
) -> None:
    image = "" if "image" in line else "    image: x:1.2\n"
    (tmp_path / "x.yml").write_text(f"services:\n  app:\n{image}{line}")
    _, found = swept(capsys, str(tmp_path / "x.yml"))
    assert found["files"][0]["status"] == "needs-input"


def test_a_real_fault_beside_a_missing_input_is_a_refusal(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "x.yml").write_text(NEEDY.lstrip() + "    tty: yes\n")
    code, found = swept(capsys, str(tmp_path / "x.yml"))
    assert (code, found["files"][0]["status"]) == (20, "refused")
    assert "services.app.tty must be a boolean" in found["files"][0]["message"]
    assert "not set" not in found["files"][0]["message"]


@pytest.mark.parametrize(
    "text",
    [
        "    command: '# ccci: ignore CCCI001 r'\n",
        "    command: |\n      # ccci: ignore CCCI001 r\n",
        "    command: 'a\n      # ccci: ignore CCCI001 r'\n",
        "    command: a#ccci:ignore CCCI001\n",
    ],
)
def test_a_text_that_reads_like_a_comment_silences_nothing(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], text: str
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(RISKY.replace("    deploy:\n", text + "    deploy:\n"))
    assert "CCCI001" in {each["rule"] for each in swept(capsys, str(path))[1]["findings"]}


@pytest.mark.parametrize("name", ["ccci001", "CCCI001,", "CCCI015 CCCI001:"])
def test_a_rule_is_silenced_however_it_is_written(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(RISKY.replace("    deploy:\n", f"    # ccci: ignore {name} r\n    deploy:\n"))
    assert "CCCI001" not in {each["rule"] for each in swept(capsys, str(path))[1]["findings"]}


@pytest.mark.parametrize("name", ["CCCI999", "all", "", "CCCI01", "everything"])
def test_a_comment_that_names_no_rule_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    path = tmp_path / "x.yml"
    path.write_text(RISKY.replace("    deploy:\n", f"    # ccci: ignore {name}\n    deploy:\n"))
    _, found = swept(capsys, str(path))
    assert any("x.yml:5" in note and "ignore" in note for note in found["notes"])
    assert "CCCI001" in {each["rule"] for each in found["findings"]}


def test_the_counts_agree_with_what_is_listed(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = "services: {app: {environment: {A: b}}}\n"
    folder = recipe(tmp_path, "shop", compose=RISKY, compose_a=more, compose_b=more)
    _, told, _ = sweep(capsys, "rollback-policy", str(folder))
    lines = told.splitlines()
    errors = sum("    error " in line for line in lines)
    assert f"{errors} error" in lines[-1]
    assert "1 service," in lines[-1]
    _, counted, _ = sweep(capsys, "rollback-policy", str(folder), "--statistics")
    assert sum(int(line.split()[0]) for line in counted.splitlines()[:-1]) == sum(
        line.strip().startswith(("error ", "warning ", "note ")) for line in lines
    )


def test_counts_that_are_asked_for_stand_above_the_form_of_a_variable(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    _, counted, _ = sweep(capsys, "rollback-policy", str(folder), "--statistics")
    monkeypatch.setenv("CCCI_SWEEP_FORMAT", "markdown")
    assert sweep(capsys, "rollback-policy", str(folder), "--statistics")[1] == counted


def test_who_can_be_rolled_back_unseen_stands_first(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("a", "b", "c"):
        recipe(tmp_path, name, compose=RISKY if name != "b" else SOUND)
    recipe(tmp_path, "refused", compose=SOUND + "    tty: yes\n")
    _, told, _ = sweep(capsys, "rollback-policy", str(tmp_path))
    assert told.splitlines()[:3] == [
        "can be rolled back behind your back:",
        "  a  app  compose.yml:7",
        "  c  app  compose.yml:7",
    ]


def test_rules_are_chosen_and_left_out(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)

    def found(*arguments: str) -> set[str]:
        return {each["rule"] for each in swept(capsys, str(folder), *arguments)[1]["findings"]}

    assert found("--select", "CCCI001") == {"CCCI001"}
    assert "CCCI001" not in found("--ignore", "ccci001")
    assert found("--ignore", "CCCI0") == set()
    assert found("--ignore", "ALL") == set()
    assert found() <= found("--select", "ALL")
    assert sweep(capsys, "rollback-policy", str(folder), "--select", "XYZ")[0] == 2


@pytest.mark.slow
def test_a_file_is_swept_from_standard_input(tmp_path: Path) -> None:
    (tmp_path / "more.yml").write_text("services: {app: {deploy: {replicas: 2}}}\n")
    argv = [sys.executable, "-m", "ccci", "--json", "sweep", "rollback-policy", "-c", "-"]
    done = subprocess.run(
        [*argv, "-c", str(tmp_path / "more.yml")],
        capture_output=True,
        check=False,
        input=RISKY.encode(),
    )
    found = json.loads(done.stdout)
    assert done.returncode == 20
    assert found["services"][0]["replicas"] == 2
    assert found["findings"][0]["source"] == "-"


def test_stacks_one_level_down_are_swept_and_what_is_not_is_said(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for name in ("app1/docker-compose.yml", "app2/docker-stack.yml", "x/deep/er/stack.yml"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(SOUND)
    _, found = swept(capsys, str(tmp_path))
    assert [row["file"].removeprefix(f"{tmp_path}/") for row in found["files"]] == [
        "app1/docker-compose.yml",
        "app2/docker-stack.yml",
    ]
    assert any("x/deep/er/stack.yml" in note for note in found["notes"])


def test_loose_stack_files_beside_a_recipe_are_swept_too(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=SOUND)
    (tmp_path / "docker-stack.yml").write_text(RISKY)
    (folder / "docker-compose.dev.yml").write_text(RISKY)
    code, found = swept(capsys, str(tmp_path))
    assert code == 20
    assert {row["file"].removeprefix(f"{tmp_path}/") for row in found["files"]} == {
        "shop/compose.yml",
        "docker-stack.yml",
    }
    assert any("shop/docker-compose.dev.yml" in note for note in found["notes"])


@pytest.mark.slow
def test_only_what_a_commit_had_not_is_found(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = recipe(tmp_path, "shop", compose=RISKY)
    git(folder, "init", "-q")
    commit(folder, {}, "first")
    git(folder, "tag", "before")
    moved = RISKY.replace("services:", "x-more: 1\n\n\nservices:")
    (folder / "compose.yml").write_text(moved.replace("nginx:1.25.3", "nginx"))
    code, found = swept(capsys, str(folder), "--new-since", "before", "--fail-on", "warning")
    assert {each["rule"] for each in found["findings"]} == {"CCCI015"}
    assert code == 20
    assert swept(capsys, str(folder), "--new-since", "before")[0] == 0
    assert sweep(capsys, "rollback-policy", str(folder), "--new-since", "nowhere")[0] == 3


def test_a_finding_keeps_its_fingerprint_when_lines_move(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "x.yml"

    def prints() -> set[str]:
        _, out, _ = sweep(capsys, "rollback-policy", str(path), "--format", "sarif")
        results = json.loads(out)["runs"][0]["results"]
        return {each["partialFingerprints"]["ccci/v1"] for each in results}

    path.write_text(RISKY)
    before = prints()
    path.write_text("# a line\n\n" + RISKY)
    assert prints() == before
    path.write_text(RISKY.replace("app:", "web:"))
    assert prints().isdisjoint(before)


@pytest.mark.parametrize(
    ("line", "said"),
    [
        (". -c compose.yml", "PATH and -c exclude each other"),
        (". --live", "--live sweeps what runs"),
        ("-c compose.yml --live", "--live sweeps what runs"),
        ("--live --fix", "--live sweeps what runs"),
        ("--live --new-since HEAD", "--new-since compares files in git"),
        ("-c - --new-since HEAD", "--new-since compares files in git"),
        (". --stack shop", "--stack goes with --live"),
        (". --in-place", "--in-place and --dry-run go with --fix"),
        (". --dry-run", "--in-place and --dry-run go with --fix"),
    ],
)
def test_what_cannot_be_meant_together_is_refused(
    capsys: pytest.CaptureFixture[str], line: str, said: str
) -> None:
    code, out, err = sweep(capsys, "rollback-policy", *line.split())
    assert (code, out) == (2, "")
    assert said in err
