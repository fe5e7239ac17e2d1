import os
import stat
from pathlib import Path

import pytest

from ccci.host import files


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    folder = tmp_path / "checkout"
    (folder / ".git").mkdir(parents=True)
    (tmp_path / "outside").mkdir()
    (tmp_path / "outside" / "passwd").write_text("theirs")
    return folder


def outside(checkout: Path) -> dict[str, str]:
    every = (checkout.parent / "outside").iterdir()
    return {path.name: path.read_text() for path in every if path.name != ".git"}


def test_a_file_is_private_and_so_is_the_folder_made_for_it(tmp_path: Path) -> None:
    with files.opened(tmp_path / "a", create=True) as folder:
        files.write_in(folder, "b", "text")
    assert (tmp_path / "a" / "b").read_text() == "text"
    assert stat.S_IMODE((tmp_path / "a" / "b").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o700


@pytest.mark.parametrize(("umask", "mode"), [(True, 0o600), (False, 0o644)])
def test_the_mode_is_below_the_umask_unless_it_is_meant_exactly(
    tmp_path: Path, umask: bool, mode: int
) -> None:
    before = os.umask(0o077)
    try:
        files.write(tmp_path / "file", "x", mode=0o644, umask=umask)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "file").stat().st_mode) == mode


@pytest.mark.parametrize("target", ["../outside/passwd", "../outside/new", "nowhere", "here"])
def test_a_link_is_replaced_and_what_it_points_to_is_left_alone(
    checkout: Path, target: str
) -> None:
    (checkout / "here").symlink_to(target)
    files.write(checkout / "here", b"ours")
    assert not (checkout / "here").is_symlink()
    assert (checkout / "here").read_bytes() == b"ours"
    assert outside(checkout) == {"passwd": "theirs"}


@pytest.mark.parametrize("name", ["a/passwd", "a/b/passwd", "b/a/passwd", "b/a/b/passwd"])
@pytest.mark.parametrize("target", ["", ".git"])
def test_below_a_checkout_no_folder_on_the_way_may_be_a_link(
    checkout: Path, name: str, target: str
) -> None:
    (checkout.parent / "outside" / target).mkdir(exist_ok=True)  # it may be a checkout as well
    (checkout / "a").symlink_to("../outside")
    (checkout / "b").mkdir()
    (checkout / "b" / "a").symlink_to("../../outside")
    (checkout.parent / "outside" / "b").mkdir()
    with pytest.raises(OSError, match="a is no folder of its own"):
        files.write(checkout / name, "x")
    (checkout.parent / "outside" / "b").rmdir()
    assert outside(checkout) == {"passwd": "theirs"}


def test_elsewhere_a_link_to_a_folder_is_the_users_own(tmp_path: Path) -> None:
    (tmp_path / "real").mkdir()
    (tmp_path / "link").symlink_to("real")
    files.write(tmp_path / "link" / "file", "x")
    assert (tmp_path / "real" / "file").read_text() == "x"


def test_a_hard_link_and_an_open_file_keep_what_they_had(tmp_path: Path) -> None:
    (tmp_path / "theirs").write_text("theirs")
    os.link(tmp_path / "theirs", tmp_path / "name")
    files.write(tmp_path / "name", "ours")
    assert (tmp_path / "theirs").read_text() == "theirs"


def test_what_cannot_be_written_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").write_text("before")

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        files.write(tmp_path / "file", "after")
    assert [path.name for path in tmp_path.iterdir()] == ["file"]
    assert (tmp_path / "file").read_text() == "before"


def test_a_folder_in_the_place_of_the_file_is_an_error(tmp_path: Path) -> None:
    (tmp_path / "name").mkdir()
    with pytest.raises(OSError, match="directory"):
        files.write(tmp_path / "name", "x")
    assert [path.name for path in tmp_path.iterdir()] == ["name"]


def test_a_file_that_the_user_named_may_be_a_pipe_or_a_link_of_theirs(
    tmp_path: Path,
) -> None:
    files.write_chosen(Path("/dev/null"), "said")
    assert Path("/dev/null").is_char_device()
    (tmp_path / "real").write_text("before")
    (tmp_path / "link").symlink_to("real")
    files.write_chosen(tmp_path / "link", "after")
    assert (tmp_path / "real").read_text() == "after"
    assert (tmp_path / "link").is_symlink()


@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("/dev/stdout", 1),
        ("/dev/stderr", 2),
        ("/dev/stdin", 0),
        ("/dev/../dev/stdout", 1),
        ("/dev/fd/7", 7),
        ("/dev/fd/0", 0),
        ("/proc/self/fd/12", 12),
        ("/dev/null", None),
        ("/dev/fd/7/x", None),
        ("/home/dev/stdout", None),
        ("stdout", None),
    ],
)
def test_the_kernels_names_of_open_files_are_known(name: str, number: int | None) -> None:
    assert files.own_descriptor(Path(name)) == number


def test_an_open_file_is_written_on_where_it_is_and_stays_the_one_that_it_was(
    tmp_path: Path,
) -> None:
    with (tmp_path / "log").open("w") as log:
        log.write("before\n")
        log.flush()
        files.write_chosen(Path(f"/dev/fd/{log.fileno()}"), "ours\n")
        log.write("after\n")
    assert (tmp_path / "log").read_text() == "before\nours\nafter\n"
    with pytest.raises(OSError, match="Bad file descriptor"):
        files.write_chosen(Path("/dev/fd/999999"), "ours")


def test_a_file_that_the_user_named_below_a_checkout_is_no_link_of_theirs(checkout: Path) -> None:
    (checkout / "baseline.json").symlink_to("../outside/passwd")
    files.write_chosen(checkout / "baseline.json", "ours")
    assert outside(checkout) == {"passwd": "theirs"}
