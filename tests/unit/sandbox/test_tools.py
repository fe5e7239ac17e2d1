"""What is missing is said at once, with the packages to install."""

import os
from pathlib import Path

import pytest

from ccci.errors import CcciError, ToolMissing
from ccci.sandbox import tools


def test_missing_tools_are_named_with_their_packages(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for tool in set(tools.PACKAGES) - {"dockerd", "iptables"}:
        (tmp_path / tool).touch(mode=0o755)
    monkeypatch.setattr(tools, "SYSTEM_FOLDERS", ())
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(ToolMissing) as raised:
        tools.require_tools()
    assert "dockerd, iptables" in raised.value.message
    assert raised.value.hint.endswith("apt-get install docker.io iptables")
    assert raised.value.exit_code == 3


@pytest.mark.parametrize(
    ("release", "package"),
    [
        ({"ID": "debian", "VERSION_ID": "12"}, "docker.io"),
        ({"ID": "debian", "VERSION_ID": "13"}, "docker-cli"),
        ({"ID": "debian", "VERSION_CODENAME": "sid"}, "docker-cli"),
        ({"ID": "ubuntu", "VERSION_ID": "24.04"}, "docker.io"),
        ({}, "docker.io"),
    ],
)
def test_the_docker_cli_is_where_this_release_has_it(release: dict[str, str], package: str) -> None:
    assert tools.package_of("docker", release) == package
    assert tools.package_of("dockerd", release) == "docker.io"


def test_make_installs_every_package_that_the_sandbox_needs() -> None:
    script = (Path(__file__).parents[2] / "system-packages.sh").read_text()
    given_by_others = {"containerd", "runc"}  # docker.io depends on them
    for package in set(tools.PACKAGES.values()) - given_by_others:
        assert f" {package}\n" in script


def test_the_folders_of_the_system_are_searched_after_the_users(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("PATH", "/home/me/bin")
    first, *others = tools.PATH().split(os.pathsep)
    assert first == "/home/me/bin"
    assert "/usr/sbin" in others


def test_who_is_not_root_is_told_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(CcciError, match="root") as raised:
        tools.require_root()
    assert raised.value.exit_code == 3
