from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from ccci.errors import CcciError, DeployRefused
from ccci.host import clock
from ccci.steps.before import images
from ccci.swarm.engine.client import Engine
from ccci.terminal.output import Output
from ccci.terminal.waiting import Waiting

ABSENT = "Error response from daemon: manifest for nginx:9 not found: manifest unknown"
DENIED = "Error response from daemon: pull access denied for x, repository does not exist"
LIMITED = "Error response from daemon: toomanyrequests: You have reached your pull rate limit"
FULL = "failed to register layer: write /var/lib/x: no space left on device"
NO_ROUTE = "Error response from daemon: Get https://r.example/v2/: dial tcp: no route to host"


class Here:
    """An Engine that has some images and a folder for more, as far as this step asks one."""

    def __init__(self, *names: str, host: str = "unix:///x.sock", root: str = "/") -> None:
        self.names = names
        self.host = host
        self.root = root

    def environment(self) -> Mapping[str, str]:
        return {}

    def info(self) -> Mapping[str, str]:
        return {"DockerRootDir": self.root}

    def image(self, name: str) -> Mapping[str, str] | None:
        return {"Id": name} if name in self.names else None


def fetch(
    tmp_path: Path, answers: Mapping[str, str], *, pull: bool = True, local: bool = False
) -> str:
    """Fetch nginx:1, which is there, and what `answers` has docker say of (empty: it has it)."""
    cases = "".join(
        f"{name}) {f'echo {text!r} >&2; exit 1' if text else 'exit 0'};;\n"
        for name, text in answers.items()
    )
    docker = tmp_path / "docker"
    docker.write_text(
        f'#!/bin/sh\ntest "$1" = pull || exit 99\ncase "$3" in\n{cases}esac\nexit 98\n'
    )
    docker.chmod(0o755)
    engine = cast("Engine", Here("nginx:1"))
    waiting = Waiting(Output())
    wanted = ["nginx:1", *answers]
    with waiting:
        return images.fetch(engine, wanted, (), pull=pull, local=local, waiting=waiting)


@pytest.fixture(autouse=True)
def _fake_docker(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    leave(monkeypatch, 10**11)


def leave(monkeypatch: pytest.MonkeyPatch, free: int) -> None:
    """Let so many bytes be free on every disk."""
    monkeypatch.setattr("shutil.disk_usage", lambda _: SimpleNamespace(free=free))


def test_what_is_there_is_not_pulled(tmp_path: Path) -> None:
    assert fetch(tmp_path, {}) == "1 there already"


@pytest.mark.slow
def test_what_is_missing_is_pulled(tmp_path: Path) -> None:
    assert fetch(tmp_path, {"redis:7": ""}) == "1 pulled, 1 there already"


@pytest.mark.slow
def test_every_absent_image_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeployRefused) as refused:
        fetch(tmp_path, {"nginx:9": ABSENT, "redis:7": "", "x": DENIED})
    assert "nginx:9" in refused.value.message
    assert "x (" in refused.value.message
    assert "redis" not in refused.value.message


@pytest.mark.slow
@pytest.mark.parametrize("answer", [LIMITED, NO_ROUTE])
def test_a_registry_that_cannot_be_asked_says_nothing_of_the_recipe(
    answer: str, tmp_path: Path
) -> None:
    with pytest.raises(CcciError, match="image not obtainable: r:1") as stopped:
        fetch(tmp_path, {"r:1": answer})
    assert stopped.value.exit_code == 3


def test_without_a_pull_it_is_left_to_swarm(tmp_path: Path) -> None:
    assert fetch(tmp_path, {"r:1": "x"}, pull=False) == "not pulled, not on this node: r:1"


def test_where_only_local_images_count_nothing_is_pulled(tmp_path: Path) -> None:
    with pytest.raises(DeployRefused, match="absent image: r:1"):
        fetch(tmp_path, {"r:1": ""}, local=True)


def test_nothing_is_pulled_onto_a_disk_that_is_full(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    leave(monkeypatch, 10**8)
    with pytest.raises(CcciError, match=r"no image can be pulled: 0\.1 GB free at /") as stopped:
        fetch(tmp_path, {"redis:7": ""})
    assert (stopped.value.exit_code, "make room" in stopped.value.hint) == (3, True)
    assert fetch(tmp_path, {}) == "1 there already"


@pytest.mark.slow
def test_a_disk_that_fills_up_in_a_pull_is_not_the_recipes_fault(tmp_path: Path) -> None:
    with pytest.raises(CcciError, match="no space left on device") as stopped:
        fetch(tmp_path, {"redis:7": FULL})
    assert (stopped.value.exit_code, "make room" in stopped.value.hint) == (3, True)


def test_a_disk_that_is_nearly_full_is_a_note_where_it_is_this_machines(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    leave(monkeypatch, 10**9)
    (note,) = images.scarce(cast("Engine", Here()))
    assert note == "the Engine's disk is nearly full: 1.0 GB free at /"
    assert images.scarce(cast("Engine", Here(host="tcp://elsewhere:2375"))) == ()
    assert images.scarce(cast("Engine", Here(root="/nowhere/of/ours"))) == ()
    leave(monkeypatch, 10**10)
    assert images.scarce(cast("Engine", Here())) == ()


def test_a_pull_says_how_many_layers_are_here(capsys: pytest.CaptureFixture[str]) -> None:
    waiting = Waiting(Output(), "head images")
    layers = images._Layers("redis:7", waiting)
    for line in (
        "7: Pulling from library/redis",
        "3f1b0b8a2c4d: Pulling fs layer",
        "a1b2c3d4e5f6: Already exists",
        "3f1b0b8a2c4d: Download complete",
        "Digest: sha256:0000",
    ):
        layers.heard(line)
    waiting.speak(clock.monotonic() + 3)
    layers.heard("3f1b0b8a2c4d: Pull complete")
    waiting.speak(clock.monotonic() + 90)
    said = capsys.readouterr().err.splitlines()
    waiting.__exit__()
    told = (
        "head images: waiting up to 30m for the registry to send redis:7 (1 of 2 layers are here)"
    )
    assert said[0].replace("29m57s", "30m") == told
    assert said[1].endswith("(2 of 2 layers are here)")
