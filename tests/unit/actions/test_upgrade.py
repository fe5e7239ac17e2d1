"""What an upgrade would deploy of a recipe whose files change between releases; git alone."""

from pathlib import Path

import pytest
from support.recipes.repositories import commit, make_repository

from ccci.actions import dry_run
from ccci.actions.upgrade import Request, parts
from ccci.errors import DeployRefused
from ccci.steps.workspace import Choices

pytestmark = pytest.mark.slow

COMPOSE = "version: '3.8'\nservices: {app: {image: 'app:1'}}\n"
PORTS = "version: '3.8'\nservices: {voice: {image: 'voice:1'}}\n"
BOTH = {"COMPOSE_FILE": "compose.yml:compose.host-ports.yml"}


def images(folder: Path, env: dict[str, str], upgrade_env: dict[str, str]) -> list[list[str]]:
    """Return the images of base and head."""
    request = Request(str(folder), "main", Choices(env=env), upgrade_env=upgrade_env)
    found = dry_run.planned("upgrade", request.recipe, request.choices, parts(request))
    return [sorted(part.images.values()) for part in found.dry_run or ()]


def make(tmp_path: Path, base: dict[str, str], head: dict[str, str]) -> Path:
    folder = make_repository(tmp_path / "mumble")
    commit(folder, {"compose.yml": COMPOSE, ".env.sample": "TYPE=mumble\n", **base}, tag="0.2.0+1")
    for name in base.keys() - head.keys() - {".env.sample"}:
        (folder / name).unlink()
    commit(folder, head)
    return folder


def test_a_compose_file_that_only_the_head_has_is_named_for_the_head_alone(tmp_path: Path) -> None:
    folder = make(tmp_path, {}, {"compose.host-ports.yml": PORTS})
    with pytest.raises(DeployRefused) as refused:
        images(folder, BOTH, {})
    assert refused.value.message == (
        "the base 0.2.0+1 would be refused: COMPOSE_FILE names compose.host-ports.yml, which this "
        "commit does not have"
    )
    assert "--env COMPOSE_FILE=compose.yml;" in refused.value.hint
    assert "--upgrade-env COMPOSE_FILE=" in refused.value.hint
    assert images(folder, {}, BOTH) == [["app:1"], ["app:1", "voice:1"]]


def test_a_compose_file_that_the_head_drops_is_left_out_for_the_head_alone(tmp_path: Path) -> None:
    sample = "TYPE=mumble\nCOMPOSE_FILE=compose.yml:compose.host-ports.yml\n"
    folder = make(tmp_path, {"compose.host-ports.yml": PORTS, ".env.sample": sample}, {})
    with pytest.raises(DeployRefused, match=r"names compose\.host-ports\.yml"):
        images(folder, {}, {})
    without = {"COMPOSE_FILE": "compose.yml"}
    assert images(folder, {}, without) == [["app:1", "voice:1"], ["app:1"]]
