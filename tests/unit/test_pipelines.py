"""The examples for CI, the action, the component and the hooks, as the pages show them."""

import http.server
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest
from ruamel.yaml import YAML
from support.pipelines import CONVERGES, EXAMPLES, UPGRADES, job_of
from support.recipes.repositories import commit, make_repository

from ccci.commandline.reading import asked, taken_apart
from ccci.commands.verbs import ALONE, EVERYWHERE, PROGRAM
from ccci.plugin import words

ROOT = Path(__file__).parents[2]
CIS = ("drone", "forgejo", "github", "gitlab", "woodpecker")
FILES = sorted(path.name for path in EXAMPLES.glob("*.yml"))
BIN = Path(sys.executable).parent


def load(path: Path) -> Any:
    return YAML(typ="safe").load(path)


def declared(variable: str) -> bool:
    every = [each for command in PROGRAM.load() for each in command.parameters]
    known = {name for each in (*every, *EVERYWHERE) for name in each.variables}
    return variable in known


def accepted(argv: list[str]) -> None:
    """Read a command line as ccci would, without its variables."""
    found = taken_apart(PROGRAM, (*EVERYWHERE, *ALONE), argv)
    assert found.verb is not None
    asked(found.verb.parameters, found, {}, {})


@pytest.mark.parametrize("ci", CIS)
def test_each_ci_has_both_examples_and_a_page_that_shows_them(ci: str) -> None:
    assert f"{ci}-converge.yml" in CONVERGES
    assert f"{ci}-upgrade.yml" in UPGRADES
    page = (ROOT / "docs" / "how-to" / "ci" / f"{ci}.md").read_text(encoding="utf-8")
    shown = re.findall(r"```yaml\n(.*?)```", page, re.DOTALL)
    own = [(EXAMPLES / name).read_text(encoding="utf-8") for name in FILES if name.startswith(ci)]
    assert set(own) <= set(shown)
    assert page.index("-converge.yml") < page.index("-upgrade.yml")


@pytest.mark.parametrize("name", [name for name in FILES if name != "woodpecker-plugin.yml"])
def test_the_commands_and_variables_of_an_example_are_ccci_s(name: str) -> None:
    job = job_of(name)
    calls = re.findall(r"^(?:exec )?ccci (.*)$", job.script, re.MULTILINE)
    assert calls
    for call in calls:
        accepted(shlex.split(call))
    own = {name for name in job.environment if name.startswith("CCCI_")} - {"CCCI_RUNS_DIR"}
    assert {each for each in own if not declared(each)} == set()
    assert "junit=" in job.environment["CCCI_REPORT"]
    assert "markdown=" in job.environment["CCCI_REPORT"]
    if "upgrade" in name:
        assert job.environment["CCCI_REFUSE_HOST_PATHS"] == "true"
        assert not job.environment["CCCI_OUTPUT"].startswith("ccci")


def test_the_plugin_s_settings_are_options() -> None:
    (step,) = load(EXAMPLES / "woodpecker-plugin.yml")["steps"]
    settings = step["settings"]
    sent = {f"PLUGIN_{name.upper()}": str(value) for name, value in settings.items()}
    argv = words(sent, EXAMPLES)
    assert argv[:2] == ["converge", "shop"]
    accepted(argv)
    rest = set(settings) - {"command", "stack", "deploy"}
    assert {name for name in rest if not declared(f"PLUGIN_{name.upper()}")} == set()


def test_the_component_and_the_action_call_the_plugin_with_its_settings() -> None:
    spec, component = YAML(typ="safe").load_all(ROOT / "templates" / "ccci.yml")
    (job,) = component.values()
    assert job["script"][-1] == "exec ccci-plugin"
    inputs = set(spec["spec"]["inputs"])
    used = set(re.findall(r"\$\[\[ inputs\.([\w-]+) \]\]", json.dumps(component)))
    assert inputs == used
    action = load(ROOT / "action.yml")
    (step,) = action["runs"]["steps"]
    assert set(action["inputs"]) == set(re.findall(r"inputs\.([\w-]+)", json.dumps(step["env"])))
    assert "${{" not in step["run"]


@pytest.mark.slow
@pytest.mark.parametrize(("command", "code"), [("sweep upgrade", 0), ("plan", 3)])
def test_the_component_runs_every_command_that_it_offers(
    command: str, code: int, tmp_path: Path
) -> None:
    shop = make_repository(tmp_path / "shop")
    compose = "services: {app: {image: 'x:1.2.3', labels: ['coop-cloud.$STACK_NAME.version=0']}}"
    commit(shop, {"compose.yml": compose}, tag="1.0.0+1")
    commit(shop, {"README.md": "newer"})
    _, component = YAML(typ="safe").load_all(ROOT / "templates" / "ccci.yml")
    (job,) = component.values()
    project = {"CI_PROJECT_DIR": str(shop), "CI_JOB_ID": "7"}
    inputs = {"inputs.command": command, "inputs.stack": "", "inputs.deploy": ""}
    environ = {
        name: re.sub(
            r"\$\[\[ (.*?) \]\]|\$(\w+)", lambda it: (inputs | project)[it[1] or it[2]], text
        )
        for name, text in job["variables"].items()
    }
    environ |= {**project, "PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(tmp_path)}
    environ |= {"DOCKER_HOST": "unix:///nowhere.sock"}  # a plan that needs one says so
    done = subprocess.run(
        ("sh", "-e", "-c", "\n".join(job["script"])),
        cwd=shop, env=environ, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == code, done.stderr
    subprocess.run(
        ("sh", "-e", "-c", "\n".join(job["after_script"])), cwd=shop, env=environ, check=True
    )
    assert (shop / "ccci-report" / "comment.md").exists()


@pytest.mark.slow
def test_the_action_s_script_runs_ccci_with_its_options(tmp_path: Path) -> None:
    made = tmp_path / "place" / "bin"
    made.mkdir(parents=True)
    for tool, text in {
        "python": "exit 0",
        "ccci-plugin": 'echo "$PLUGIN_COMMAND $CCCI_TIMEOUT ${CCCI_OPTIONS-unset}"',
    }.items():
        (made / tool).write_text(f"#!/bin/sh\n{text}\n")
        (made / tool).chmod(0o755)
    (tmp_path / "python3").symlink_to("/bin/true")

    def run(options: str) -> "subprocess.CompletedProcess[str]":
        environ = {
            "PATH": f"{tmp_path}:{os.environ['PATH']}",
            "CCCI_ACTION": "/action",
            "CCCI_PLACE": str(tmp_path / "place"),
            "CCCI_OPTIONS": options,
            "PLUGIN_COMMAND": "runs",
        }
        argv = ["sh", str(ROOT / "scripts" / "run-action.sh")]
        return subprocess.run(argv, env=environ, capture_output=True, text=True, check=False)

    assert run("CCCI_TIMEOUT=$(id) x\n").stdout == "runs $(id) x unset\n"
    refused = run("PATH=/evil")
    assert (refused.returncode, refused.stdout) == (2, "")


def hooked(
    hook: dict[str, Any], repository: Path, changed: dict[str, str]
) -> "subprocess.CompletedProcess[str] | None":
    """Commit files and call a hook as pre-commit does (pre-commit.com, "Creating new hooks").

    At the repository's top, its `args` behind its `entry`, and behind these the changed files that
    its pattern finds, where it wants them; None where it finds none and does not always run.
    """
    commit(repository, changed)
    matching = [name for name in changed if re.search(hook.get("files", ""), name)]
    if not matching and not hook.get("always_run"):
        return None
    names = matching if hook.get("pass_filenames", True) else []
    argv = [*shlex.split(hook["entry"]), *hook.get("args", ()), *names]
    environ = {"PATH": f"{BIN}:{os.environ['PATH']}", "HOME": str(repository.parent)}
    return subprocess.run(
        argv, cwd=repository, env=environ, capture_output=True, text=True, check=False
    )


HOOKS = {each["id"]: each for each in load(ROOT / ".pre-commit-hooks.yaml")}
PIECES = {
    "compose.yml": "services: {app: {image: 'x:1.2.3', healthcheck: {test: 'true'}}}",
    "compose.smtp.yml": "services: {app: {environment: [SMTP]}}",
    "README.md": "a recipe",
}


@pytest.mark.slow
@pytest.mark.parametrize("changed", [["compose.yml", "compose.smtp.yml"], ["compose.smtp.yml"]])
def test_a_healthy_recipe_is_committed_whichever_of_its_files_change(
    changed: list[str], tmp_path: Path
) -> None:
    shop = make_repository(tmp_path / "shop")
    commit(shop, {"compose.yml": PIECES["compose.yml"]})
    newer = {name: f"# newer\n{PIECES[name]}" for name in changed}
    done = hooked(HOOKS["ccci-rollback-policy"], shop, newer)
    assert done is not None
    assert done.returncode == 0, done.stdout


@pytest.mark.slow
def test_a_commit_is_stopped_by_what_its_recipe_risks(tmp_path: Path) -> None:
    shop = make_repository(tmp_path / "shop")
    policy = "deploy: {update_config: {failure_action: rollback, order: start-first}}"
    compose = f"services: {{app: {{image: 'x:1.2.3', {policy}}}}}\n"
    done = hooked(HOOKS["ccci-rollback-policy"], shop, {"compose.yml": compose})
    assert done is not None
    assert done.returncode == 20, done.stderr
    assert "CCCI001" in done.stdout


@pytest.mark.slow
def test_only_compose_files_bring_the_policy_s_hook_to_run(tmp_path: Path) -> None:
    hook = HOOKS["ccci-rollback-policy"]
    names = ["compose.yml", "a/compose.prod.yaml", "docker-compose.yml", "compose.py", "x/y.yml"]
    taken = [name for name in names if re.search(hook["files"], name)]
    assert taken == ["compose.yml", "a/compose.prod.yaml", "docker-compose.yml"]
    assert hooked(hook, make_repository(tmp_path / "shop"), {"README.md": "newer"}) is None


@pytest.mark.slow
def test_the_hook_of_upgrades_says_what_a_commit_forgets(tmp_path: Path) -> None:
    shop = make_repository(tmp_path / "shop")
    commit(shop, {"compose.yml": PIECES["compose.yml"]}, tag="1.0.0+1")
    done = hooked(HOOKS["ccci-upgrade"], shop, {"README.md": "newer"})
    assert done is not None
    assert done.returncode == 0, done.stderr


class _Forge(http.server.BaseHTTPRequestHandler):
    """A forge that keeps what is posted."""

    posted: list[tuple[str, str, str]]

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"])).decode()
        who = self.headers["PRIVATE-TOKEN"] or self.headers["Authorization"] or ""
        self.posted.append((self.path, who, body))
        self.send_response(201)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def forge() -> Iterator[tuple[str, list[tuple[str, str, str]]]]:
    posted: list[tuple[str, str, str]] = []
    handler = type("Handler", (_Forge,), {"posted": posted})
    with http.server.HTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}", posted
        server.shutdown()


COMMENTING = [name for name in UPGRADES if job_of(name).after]


TOKEN = "t0ken-of-a-job"  # noqa: S105 -- nobody's


def commented(
    example: str, url: str, folder: Path, told: str | None
) -> "subprocess.CompletedProcess[bytes]":
    """Run what an example does after the step that left this story, or none."""
    clone = folder / "shop"
    place = folder / ("shop.ccci-7" if "gitlab" in example else "ccci-report")
    clone.mkdir()
    place.mkdir()
    if told is not None:
        (place / "comment.md").write_text(told)
    runner = {
        "runner.temp": str(folder),
        "github.token": TOKEN,
        "github.api_url": url,
        "github.repository": "me/shop",
        "github.event.number": "3",
        "github.event.pull_request.head.sha || github.sha": "abc",
        "github.event.repository.name": "shop",
        "comment_token": TOKEN,
        "DRONE_REPO": "me/shop",
        "DRONE_PULL_REQUEST": "3",
        "CI_FORGE_URL": url,
        "CI_REPO": "me/shop",
        "CI_COMMIT_PULL_REQUEST": "3",
    }
    gitlab = {
        "CI_PROJECT_DIR": str(clone),
        "CI_JOB_ID": "7",
        "CI_API_V4_URL": url,
        "CI_PROJECT_ID": "5",
        "CI_MERGE_REQUEST_IID": "3",
        "COMMENT_TOKEN": TOKEN,
    }
    job = job_of(example).filled(runner)
    own = {
        name: text.replace("https://git.coopcloud.tech", url)
        for name, text in job.after_environment.items()
    }
    environ = {"PATH": os.environ["PATH"], "no_proxy": "*", **gitlab, **own}
    (folder / "bin").mkdir()
    spy = folder / "bin" / "curl"
    spy.write_text(
        f'#!/bin/sh\nprintf "%s\\n" "$@" > {folder}/words\nexec {shutil.which("curl")} "$@"\n'
    )
    spy.chmod(0o755)
    environ["PATH"] = f"{folder}/bin:{environ['PATH']}"
    argv = ("sh", "-e", "-c", "\n".join(job.after))
    return subprocess.run(argv, cwd=clone, env=environ, check=False)


def test_every_ci_comments_on_a_pull_request() -> None:
    assert COMMENTING == UPGRADES


@pytest.mark.slow
@pytest.mark.parametrize("example", COMMENTING)
def test_the_comment_reaches_the_pull_request(
    example: str, forge: tuple[str, list[tuple[str, str, str]]], tmp_path: Path
) -> None:
    url, posted = forge
    told = '**rolled back** `app` & "db"\n'
    assert commented(example, url, tmp_path, told).returncode == 0
    ((path, who, body),) = posted
    assert TOKEN in who
    assert TOKEN not in (tmp_path / "words").read_text()
    if "gitlab" in example:
        assert path == "/projects/5/merge_requests/3/notes"
        assert parse_qs(body)["body"] == [told]
        assert (tmp_path / "shop" / "ccci-report" / "comment.md").exists()
    else:
        assert path.removeprefix("/api/v1") == "/repos/me/shop/issues/3/comments"
        assert json.loads(body) == {"body": told}


@pytest.mark.slow
@pytest.mark.parametrize("example", COMMENTING)
def test_a_step_that_left_no_story_is_not_commented_on(
    example: str, forge: tuple[str, list[tuple[str, str, str]]], tmp_path: Path
) -> None:
    url, posted = forge
    assert commented(example, url, tmp_path, None).returncode == 0
    assert posted == []


@pytest.mark.slow
@pytest.mark.parametrize("example", UPGRADES)
def test_a_machine_that_is_not_able_is_told_of_in_the_comment(example: str, tmp_path: Path) -> None:
    clone = tmp_path / "shop"
    clone.mkdir()
    runner = {
        "CI_PROJECT_DIR": str(clone),
        "CI_JOB_ID": "7",
        "runner.temp": str(tmp_path),
        "github.event.pull_request.head.sha || github.sha": "abc",
        "github.event.repository.name": "shop",
        "github.token": "",
        "github.api_url": "",
        "github.repository": "",
        "github.event.number": "",
    }
    job = job_of(example).filled(runner)
    own = {name: text for name, text in runner.items() if name.isidentifier()}
    environ = {
        **job.environment,
        **own,
        "PATH": f"{BIN}:{os.environ['PATH']}",
        "HOME": str(tmp_path),
        "XDG_STATE_HOME": str(tmp_path / "state"),
        "CCCI_RUNS_DIR": str(tmp_path / "runs"),
        "DOCKER_HOST": "unix:///nowhere.sock",
    }
    argv = ("sh", "-e", "-c", job.script)
    assert subprocess.run(argv, cwd=clone, env=environ, check=False).returncode == 3
    (comment,) = tmp_path.glob("*ccci-*/comment.md")
    assert "no Docker Engine" in comment.read_text()
    assert (comment.parent / "junit.xml").exists()


@pytest.mark.parametrize("example", [name for name in UPGRADES if name.startswith(("dr", "wood"))])
def test_the_step_that_comments_runs_however_the_other_ended_and_sees_its_files(
    example: str,
) -> None:
    document = load(EXAMPLES / example)
    comment = document["steps"][-1]
    (when,) = comment["when"] if isinstance(comment["when"], list) else [comment["when"]]
    assert when["status"] == ["success", "failure"]
    assert "pull_request" in when["event"]
    assert comment["failure"] == "ignore"
    if document.get("type") == "docker":
        # Drone's docker runner mounts the base into each step, and nothing above it
        # (drone-runner-docker, engine/compiler/workspace.go).
        workspace = document["workspace"]
        report = Path(workspace["base"], workspace["path"], "../ccci-report").resolve()
        assert report.is_relative_to(workspace["base"])


def test_the_image_has_the_plugin_as_its_entrypoint() -> None:
    text = (ROOT / "Dockerfile").read_text(encoding="utf-8")
    assert 'ENTRYPOINT ["ccci-plugin"]' in text
    left_out = (ROOT / ".dockerignore").read_text(encoding="utf-8").split()
    for needed in ("ccci", "docs", "pyproject.toml", "README.md", "LICENSE"):
        assert needed not in left_out
