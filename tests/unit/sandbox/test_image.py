"""The image's file system."""

import tarfile
from pathlib import Path

import pytest

from ccci.errors import CcciError, ToolMissing
from ccci.sandbox import image


@pytest.mark.slow
def test_it_holds_busybox_its_applets_the_usual_folders_and_given_files(tmp_path: Path) -> None:
    archive = tmp_path / "image.tar"
    image.write_archive(archive, {"bin/start": "#!/bin/sh\n", "etc/my.conf": "x"})
    with tarfile.open(archive) as content:
        entries = {entry.name: entry for entry in content}
        passwd = content.extractfile("etc/passwd")
        assert passwd is not None
        assert passwd.read().startswith(b"root:x:0:0:")
    assert entries["bin/sh"].linkname == "busybox"
    assert entries["bin/busybox"].mode & 0o111
    assert entries["bin/start"].mode & 0o111
    assert not entries["etc/my.conf"].mode & 0o111
    assert entries["tmp"].mode == 0o1777
    assert {"data", "proc", "sys", "dev", "var", "root"} <= set(entries)


def test_a_busybox_that_needs_libraries_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "BUSYBOX", Path("/bin/sh"))
    with pytest.raises(ToolMissing, match="statically") as raised:
        image.write_archive(tmp_path / "image.tar")
    assert "busybox-static" in raised.value.hint


def test_a_missing_busybox_is_said_with_its_package(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(image, "BUSYBOX", tmp_path / "busybox")
    with pytest.raises(ToolMissing, match="not installed"):
        image.write_archive(tmp_path / "image.tar")


def test_a_script_in_place_of_busybox_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    script = tmp_path / "busybox"
    script.write_text("#!/bin/sh\n")
    monkeypatch.setattr(image, "BUSYBOX", script)
    with pytest.raises(CcciError, match="ELF"):
        image.write_archive(tmp_path / "image.tar")
