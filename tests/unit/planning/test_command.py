"""A COMMAND that names an Engine of its own would not be planned but done."""

import os
from pathlib import Path

import pytest
from support.recipes.repositories import commit, make_repository

from ccci.actions import plan
from ccci.actions.plan import Request
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.planning import file
from ccci.planning.model import Plan


@pytest.mark.parametrize(
    "command",
    [
        ("docker", "-H", "tcp://x", "stack", "deploy"),
        ("docker", "--host=tcp://x", "stack", "ls"),
        ("docker", "--context", "prod", "stack", "deploy"),
        ("docker", "-c", "prod", "stack", "deploy"),
        ("docker", "--debug", "--log-level", "info", "--context=prod", "stack", "deploy"),
        ("env", "DOCKER_HOST=tcp://x", "docker", "stack", "deploy"),
        ("sh", "-c", "DOCKER_CONTEXT=prod docker stack deploy -c f s"),
        ("sh", "-c", "cd x && docker -H ssh://y stack deploy -c f s"),
        ("docker", "-Htcp://x", "stack", "deploy"),
        ("docker", "-DHtcp://x", "stack", "deploy"),
        ("docker", "-cprod", "stack", "deploy"),
        ("/usr/bin/docker", "--host=x", "stack", "ls"),
        ("sudo", "docker", "stack", "deploy"),
        ("env", "-i", "docker", "stack", "deploy"),
        ("env", "-u", "DOCKER_HOST", "docker", "stack", "deploy"),
        ("sh", "-c", "unset DOCKER_HOST; docker stack deploy -c f s"),
        ("sh", "-c", 'docker "-H" x stack ls'),
        ("sh", "-c", "docker \\\n -H x stack ls"),
        ("sh", "-c", "`docker -H x stack ls`"),
    ],
)
def test_an_engine_of_its_own_is_refused(command: tuple[str, ...]) -> None:
    with pytest.raises(UsageError, match="Engine of its own"):
        plan.refuse_own_engine(command)


@pytest.mark.parametrize(
    "command",
    [
        ("docker", "stack", "deploy", "-c", "compose.yml", "s"),
        ("docker", "service", "update", "--host-add", "a:1.2.3.4", "s_web"),
        ("sh", "-c", "docker stack config -c a.yml | docker stack deploy -c - s"),
        ("docker", "--log-level", "info", "stack", "deploy", "-c", "f", "s"),
        ("sudo", "-E", "docker", "stack", "deploy", "-c", "f", "s"),
    ],
)
def test_the_options_of_a_deploy_are_none(command: tuple[str, ...]) -> None:
    plan.refuse_own_engine(command)


def test_nothing_to_plan_is_a_usage_error() -> None:
    with pytest.raises(UsageError, match="no COMMAND"):
        plan.plan(Request("s", ()), lines=print)


def test_a_plan_that_cannot_be_read_or_is_of_another_stack_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    file.save(path, Plan("other", Verdict.DONE, "", planned_on={"other_web": 5}))
    with pytest.raises(UsageError, match="a plan of other"):
        file.moved_since(path, "s", {})
    path.write_text("[]")
    with pytest.raises(UsageError, match="is no plan"):
        file.moved_since(path, "s", {})
    path.write_text(f'{{"stack": "{"x" * 5000}", "planned_on": {{}}}}')
    with pytest.raises(UsageError, match=r"a plan of x{200}, not of s"):
        file.moved_since(path, "s", {})


@pytest.mark.parametrize("target", ["/dev/zero", "pipe"])
def test_a_plan_that_is_no_plain_file_is_not_waited_for(target: str, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "plan.json").symlink_to(target)
    with pytest.raises(UsageError, match="no plain file"):
        file.moved_since(tmp_path / "plan.json", "s", {})


def test_services_that_moved_since_a_plan_are_named(tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    file.save(path, Plan("s", Verdict.DONE, "", planned_on={"s_a": 5, "s_b": 6, "s_c": 7}))
    assert file.moved_since(path, "s", {"s_a": 5, "s_b": 7, "s_d": 1}) == ("s_b", "s_c", "s_d")


def test_a_kept_plan_holds_no_secret_and_replaces_a_link(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_text("untouched")
    path = tmp_path / "plan.json"
    path.symlink_to(other)
    file.save(path, Plan("s", Verdict.DONE, "says s3cret-value", planned_on={}), ["s3cret-value"])
    assert other.read_text() == "untouched"
    assert "s3cret-value" not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600


def test_a_plan_takes_the_place_of_no_device_and_no_pipe(tmp_path: Path) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)
    reader = os.open(pipe, os.O_RDONLY | os.O_NONBLOCK)
    file.save(pipe, Plan("s", Verdict.DONE, "told", planned_on={}))
    assert pipe.is_fifo()
    assert b"told" in os.read(reader, 65536)
    os.close(reader)


@pytest.mark.slow
def test_a_plan_replaces_no_file_of_a_repository(tmp_path: Path) -> None:
    path = make_repository(tmp_path / "shop") / "plan.json"
    commit(path.parent, {"plan.json": "theirs"})
    with pytest.raises(UsageError, match=r"--save .* is tracked"):
        file.save(path, Plan("s", Verdict.DONE, "", planned_on={}))
    assert path.read_text() == "theirs"
    file.save(path.with_name("mine.json"), Plan("s", Verdict.DONE, "", planned_on={}))


@pytest.mark.parametrize("planned_on", ["null", "[]", '"x"'])
def test_a_plan_of_odd_versions_is_refused(planned_on: str, tmp_path: Path) -> None:
    path = tmp_path / "plan.json"
    path.write_text(f'{{"stack": "s", "planned_on": {planned_on}}}')
    with pytest.raises(UsageError, match="is no plan"):
        file.moved_since(path, "s", {})
