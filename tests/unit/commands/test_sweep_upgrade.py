"""`ccci sweep upgrade` from its command line, on a repository with releases."""

import json
from pathlib import Path

import pytest
from support.recipes.repositories import commit, git

from ccci import cli

pytestmark = pytest.mark.slow

COMPOSE = """\
version: "3.8"
services:
  app:
    image: shop:1.4.2
    configs: [entrypoint]
    deploy: {labels: ["coop-cloud.${STACK_NAME}.version=1.0.0+1.4.2"]}
configs:
  entrypoint: {name: "${STACK_NAME}_entrypoint_${ENTRYPOINT_VERSION}", file: entrypoint.sh}
"""


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "compose.yml").write_text(COMPOSE)
    (folder / "abra.sh").write_text("export ENTRYPOINT_VERSION=v1\n")
    (folder / "entrypoint.sh").write_text("#!/bin/sh\n")
    git(folder, "init", "-q")
    commit(folder, {}, "first", tag="1.0.0+1.4.2")
    commit(folder, {"entrypoint.sh": "#!/bin/sh\nset -e\n"}, "fail early")
    return folder


def upgrade(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    with pytest.raises(SystemExit) as ended:
        cli.run(["sweep", "upgrade", *arguments])
    printed = capsys.readouterr()
    assert isinstance(ended.value.code, int)
    return ended.value.code, printed.out, printed.err


def test_the_head_is_compared_with_the_newest_release(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    code, out, _ = upgrade(capsys, str(shop))
    assert code == 20
    lines = out.splitlines()
    assert lines[0].startswith("1.0.0+1.4.2 to ")
    assert "CCCI101" in lines[1]
    assert "abra.sh:1" in lines[2]


def test_the_document_names_both_commits(shop: Path, capsys: pytest.CaptureFixture[str]) -> None:
    first, second = git(shop, "rev-parse", "HEAD~1"), git(shop, "rev-parse", "HEAD")
    code, out, _ = upgrade(capsys, "--json", str(shop), "--from", first)
    found = json.loads(out)
    assert (code, found["exit_code"], found["verdict"]) == (20, 20, "findings")
    assert found["schema"] == "ccci.sweep/1"
    assert found["command"] == "sweep upgrade"
    assert (found["before"]["commit"], found["after"]["commit"]) == (first, second)
    assert [each["rule"] for each in found["findings"]] == ["CCCI101"]


def test_an_upgrade_that_forgets_nothing_ends_with_0(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "abra.sh").write_text("export ENTRYPOINT_VERSION=v2\n")
    commit(shop, {}, "raise the version")
    code, out, _ = upgrade(capsys, str(shop))
    assert code == 0
    assert "nothing that an existing app would stumble over" in out


def test_the_working_tree_is_never_looked_at(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "abra.sh").write_text("export ENTRYPOINT_VERSION=v2\n")
    assert upgrade(capsys, str(shop))[0] == 20


@pytest.mark.parametrize("output_format", ["markdown", "sarif", "table", "json"])
def test_each_format_has_the_rule_and_the_exit_code(
    shop: Path, capsys: pytest.CaptureFixture[str], output_format: str
) -> None:
    code, out, _ = upgrade(capsys, str(shop), "--format", output_format)
    assert (code, "CCCI101" in out) == (20, True)
    assert upgrade(capsys, str(shop), "--format", output_format, "--fail-on", "never")[0] == 0


def test_rules_are_chosen_and_exceptions_made(
    shop: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert upgrade(capsys, str(shop), "--ignore", "CCCI101")[0] == 0
    assert upgrade(capsys, str(shop), "--select", "CCCI102")[0] == 0
    accepted = tmp_path / "exceptions.toml"
    accepted.write_text(
        '[[exception]]\nrule = "CCCI101"\nuntil = 9999-12-31\nreason = "no app yet"\n'
    )
    assert upgrade(capsys, str(shop), "--exceptions", str(accepted))[0] == 0


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["--from", "nowhere"], 3),
        (["--to", "nowhere"], 3),
        (["--from", "1.0.0+1.4.2", "--to", "1.0.0+1.4.2"], 2),
        (["--to", "1.0.0+1.4.2"], 17),
        (["--format", "xml"], 2),
        (["--select", "CCCI9"], 2),
    ],
)
def test_what_cannot_be_compared_is_said(
    shop: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], code: int
) -> None:
    assert upgrade(capsys, str(shop), *arguments)[0] == code


@pytest.mark.parametrize(
    "arguments", [["--to", "1.0.0+1.4.2"], ["--from", "1.0.0+1.4.2", "--to", "1.0.0+1.4.2"]]
)
def test_the_next_step_names_this_verbs_own_option(
    shop: Path, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    _, _, said = upgrade(capsys, str(shop), *arguments)
    assert "--from" in said
    assert "--base" not in said


def test_a_lightweight_tag_is_told_from_an_annotated_one(
    shop: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (shop / "abra.sh").write_text("export ENTRYPOINT_VERSION=v2\n")
    (shop / "compose.yml").write_text(COMPOSE.replace("1.0.0+1.4.2", "1.1.0+1.4.2"))
    commit(shop, {}, "release")
    git(shop, "tag", "1.1.0+1.4.2")
    code, out, _ = upgrade(capsys, str(shop), "--to", "1.1.0+1.4.2")
    assert (code, "CCCI115" in out) == (20, True)
    git(shop, "tag", "-f", "-a", "-m", "release", "1.1.0+1.4.2")
    assert upgrade(capsys, str(shop), "--to", "1.1.0+1.4.2")[0] == 0
