"""`ccci sweep` from its command line: what it prints, and with which exit code it ends."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

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
        f"CCCI{number:03}" for number in range(20)
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
