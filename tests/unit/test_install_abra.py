"""The script behind `make abra`, against a forge that is a folder; the real one is not asked."""

import hashlib
import io
import os
import tarfile
from pathlib import Path

import pytest

from ccci.host.process import Finished, run

pytestmark = pytest.mark.slow

SCRIPT = Path(__file__).parents[2] / "scripts" / "install-abra.sh"
ABRA = b"#!/bin/sh\necho abra version 9.9.9-beta\n"


@pytest.fixture
def forge(tmp_path: Path) -> Path:
    folder = tmp_path / "forge" / "9.9.9-beta"
    folder.mkdir(parents=True)
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w:gz") as archive:
        for name, content in (("README.md", b"read"), ("abra", ABRA)):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    for machine in ("amd64", "arm64", "armv7"):
        (folder / f"abra_9.9.9-beta_linux_{machine}.tar.gz").write_bytes(packed.getvalue())
    return tmp_path / "forge"


def install(forge: Path, folder: Path, **env: str) -> Finished:
    environ = {**os.environ, "ABRA_VERSION": "9.9.9-beta", "ABRA_FORGE": f"file://{forge}", **env}
    return run((str(SCRIPT), str(folder)), env=environ, check=False)


def digest(forge: Path) -> str:
    (archive, *_) = (forge / "9.9.9-beta").glob("*_amd64.tar.gz")
    return hashlib.sha256(archive.read_bytes()).hexdigest()


def test_a_release_with_the_right_sum_is_installed(forge: Path, tmp_path: Path) -> None:
    done = install(forge, tmp_path / "bin", ABRA_SHA256=digest(forge))
    assert done.code == 0, done.stderr
    assert "abra version 9.9.9-beta" in done.stdout
    assert (tmp_path / "bin" / "abra").read_bytes() == ABRA


def test_a_release_with_another_sum_is_not(forge: Path, tmp_path: Path) -> None:
    done = install(forge, tmp_path / "bin", ABRA_SHA256="0" * 64)
    assert done.code == 3
    assert "checksum" in done.stderr
    assert not (tmp_path / "bin").exists()


def test_a_release_without_a_known_sum_is_not(forge: Path, tmp_path: Path) -> None:
    done = install(forge, tmp_path / "bin")
    assert done.code == 3
    assert "ABRA_SHA256" in done.stderr


def test_a_forge_that_cannot_be_reached_is_said(forge: Path, tmp_path: Path) -> None:
    done = install(forge / "nowhere", tmp_path / "bin", ABRA_SHA256=digest(forge))
    assert done.code == 3
    assert "nothing was installed" in done.stderr
