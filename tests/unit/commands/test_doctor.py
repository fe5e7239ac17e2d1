import json
import re
import socketserver
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import ClassVar
from xml.etree import ElementTree as ET

import pytest
from support.command_line import invoke

from ccci.actions import doctor as command
from ccci.errors import EngineUnavailable
from ccci.report.formats import FORMATS
from ccci.report.parts import Check, Health
from ccci.swarm.engine.client import Engine

pytestmark = pytest.mark.slow

VERSION = {"Version": "20.10.24", "ApiVersion": "1.41", "MinAPIVersion": "1.12"}


ABRA = """case "$*" in
--version) echo 'abra version 0.13.0-beta' ;;
*) for flag in no-input offline chaos domain server all force no-converge-checks no-domain-checks
   do echo "      --$flag   text"; done ;;
esac"""


class Answers(BaseHTTPRequestHandler):
    """An Engine that knows two pages, and has none of anything else."""

    protocol_version = "HTTP/1.1"
    info: ClassVar[dict[str, object]]

    def do_GET(self) -> None:
        page = self.path.partition("?")[0].rpartition("/")[2]
        body = json.dumps({"version": VERSION, "info": self.info}.get(page, [])).encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def address_string(self) -> str:
        return "test"

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002
        """Stay silent."""


class Server(socketserver.ThreadingMixIn, socketserver.UnixStreamServer):
    daemon_threads = True
    block_on_close = False


@pytest.fixture
def engine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[type[Answers]]:
    """Serve a made-up Engine that DOCKER_HOST names; its `info` is the test's to set."""

    class Ours(Answers):
        info: ClassVar[dict[str, object]] = {"Name": "alpha", "SystemTime": "2026-01-01T00:00:00Z"}

    path = tmp_path / "docker.sock"
    with Server(str(path), Ours) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        monkeypatch.setenv("DOCKER_HOST", f"unix://{path}")
        yield Ours
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def own_tools(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Put a folder of made-up tools in the place of PATH."""
    tools = tmp_path / "bin"
    tools.mkdir()
    monkeypatch.setenv("PATH", str(tools))
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.setenv("DOCKER_HOST", f"unix://{tmp_path}/absent.sock")
    return tools


def tool(folder: Path, name: str, script: str) -> None:
    path = folder / name
    path.write_text(f"#!/bin/sh\n{script}\n")
    path.chmod(0o755)


def by_name(checks: tuple[Check, ...]) -> dict[str, Check]:
    return {check.name: check for check in checks}


def test_without_anything_every_need_is_named_and_the_exit_code_is_3() -> None:
    result = invoke("doctor")
    assert result.exit_code == 3
    assert "this machine is not able: engine, docker CLI, git" in result.stdout
    assert "Traceback" not in result.output
    checks = by_name(command.examine())
    assert checks["abra"].health is Health.WARNING
    assert all(check.hint for check in checks.values() if check.health is not Health.OK)


def test_the_json_holds_each_check() -> None:
    result = invoke("--json", "doctor")
    document = json.loads(result.stdout)
    assert document["exit_code"] == result.exit_code == 3
    assert document["verdict"] == "unable"
    assert {check["name"] for check in document["checks"]} >= {"engine", "git", "abra"}
    assert {"name", "status", "found", "hint"} == set(document["checks"][0])


def test_every_form_of_the_report_says_what_is_missing(
    own_tools: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tool(own_tools, "git", "echo git version 2.39.5")
    monkeypatch.setenv("CCCI_REPORT", "\n".join(f"{form}={tmp_path}/{form}" for form in FORMATS))
    result = invoke("doctor")
    assert result.exit_code == 3
    for form in FORMATS:
        written = (tmp_path / form).read_text()
        assert "docker CLI" in written, form
    monkeypatch.delenv("CCCI_REPORT")
    told = json.loads((tmp_path / "json").read_text())
    assert told["checks"] == json.loads(invoke("--json", "doctor").stdout)["checks"]
    assert told["hint"] == next(each["hint"] for each in told["checks"] if each["hint"])
    cases = {
        case.get("name"): [each.tag for each in case]
        for case in ET.parse(tmp_path / "junit").getroot().iter("testcase")  # noqa: S314 -- ours
    }
    assert cases["git"] == cases["abra"] == []
    assert cases["engine"] == cases["docker CLI"] == ["error"]
    rows = [line for line in (tmp_path / "markdown").read_text().splitlines() if "| " in line]
    assert any(row.startswith("| ❌ | docker CLI") for row in rows)
    assert any(row.startswith("| ✅ | git") for row in rows)
    story = invoke("explain", str(tmp_path / "json")).stdout
    assert re.search(r"^  missing +docker CLI: ", story, re.MULTILINE)


def test_an_engine_outside_a_swarm_is_reached_but_missing_a_swarm(engine: type[Answers]) -> None:
    engine.info["Swarm"] = {"LocalNodeState": "inactive"}
    checks = by_name(command.examine())
    assert checks["engine"].found == "20.10.24 (API 1.41) on alpha"
    assert checks["swarm"].health is Health.MISSING
    assert "docker swarm init" in checks["swarm"].hint


def test_a_worker_is_told_to_ask_a_manager(engine: type[Answers]) -> None:
    engine.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": False}
    checks = by_name(command.examine())
    assert checks["swarm"].health is Health.MISSING
    assert "manager" in checks["swarm"].hint


def test_a_manager_whose_clock_is_off_is_able_but_warned(
    engine: type[Answers], own_tools: Path, tmp_path: Path
) -> None:
    engine.info["Swarm"] = {"LocalNodeState": "active", "ControlAvailable": True, "Nodes": 1}
    engine.info["DockerRootDir"] = str(tmp_path)
    tool(
        own_tools,
        "docker",
        "echo 'Docker version 28.2.2, build x'; echo '--detach'; echo ' config x'",
    )
    tool(own_tools, "git", "echo git version 2.39.5")
    tool(own_tools, "abra", ABRA)
    result = invoke("doctor")
    checks = by_name(command.examine())
    assert result.exit_code == 0
    assert checks["clock"].health is Health.WARNING
    assert checks["docker disk"].health is Health.OK
    assert checks["git"] == Check("git", Health.OK, "2.39.5")
    assert checks["abra"] == Check("abra", Health.OK, "0.13.0-beta")
    assert checks["leftovers"].health is Health.OK
    assert "worth a look: clock" in result.stdout


def test_with_abra_the_docker_cli_is_only_a_warning(own_tools: Path) -> None:
    tool(own_tools, "abra", ABRA)
    assert by_name(command.examine())["docker CLI"].health is Health.WARNING


def test_an_abra_without_a_flag_that_is_needed_is_only_a_warning(own_tools: Path) -> None:
    tool(own_tools, "abra", ABRA.replace(" no-input", ""))
    lacking = by_name(command.examine())["abra"]
    assert lacking.health is Health.WARNING
    assert "--no-input" in lacking.found


def test_an_abra_without_a_flag_that_is_only_liked_is_a_warning(own_tools: Path) -> None:
    tool(own_tools, "abra", ABRA.replace(" no-domain-checks", "").replace("0.13", "0.12"))
    lacking = by_name(command.examine())["abra"]
    assert lacking.health is Health.WARNING
    assert lacking.found == "0.12.0-beta, without --no-domain-checks"


def test_a_tool_that_fails_or_cannot_be_executed_is_missing(own_tools: Path) -> None:
    tool(own_tools, "git", "echo broken >&2; exit 7")
    (own_tools / "docker").write_text("no program")
    checks = by_name(command.examine())
    assert "exited with 7: broken" in checks["git"].found
    assert checks["docker CLI"].health is Health.MISSING


def test_no_permission_on_the_socket_is_said_with_its_next_step(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def refuse(**_: object) -> Engine:
        raise EngineUnavailable("no permission to use the Docker Engine", "join its group")

    monkeypatch.setattr(Engine, "connect", refuse)
    assert by_name(command.examine())["engine"] == Check(
        "engine", Health.MISSING, "no permission to use the Docker Engine", "join its group"
    )


def test_a_runs_folder_that_is_no_folder_is_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "file" / "runs"))
    assert by_name(command.examine())["runs folder"].health is Health.MISSING
