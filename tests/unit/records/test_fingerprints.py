"""What a kept app's later runs know of its secrets."""

from pathlib import Path

from ccci.host.masking import masked
from ccci.records import fingerprints
from ccci.records.runs import begin, forget_app

SECRET = "wY8kP2vQx9Lr4TzN"  # noqa: S105 -- made up


def test_a_secret_of_an_earlier_run_is_hidden_and_kept_nowhere(tmp_path: Path) -> None:
    first = begin(tmp_path, "deploy", "shop", stack="shop_test")
    fingerprints.remember(first, [SECRET, "aB3dE"])
    second = begin(tmp_path, "upgrade", "shop", stack="shop_test")
    known = fingerprints.known(tmp_path, "shop_test", second.id)
    assert masked(f"db said {SECRET} and aB3dE.", known) == "db said *** and ***."
    for path in tmp_path.rglob("*"):
        assert path.is_dir() or SECRET.encode() not in path.read_bytes()
    assert (first.folder / fingerprints.FILE).stat().st_mode & 0o777 == 0o600


def test_runs_of_other_apps_and_apps_that_are_gone_are_not_asked(tmp_path: Path) -> None:
    first = begin(tmp_path, "deploy", "shop", stack="shop_test")
    fingerprints.remember(first, [SECRET])
    assert not fingerprints.known(tmp_path, "other_test", "")
    forget_app(tmp_path, first.record)
    assert not fingerprints.known(tmp_path, "shop_test", "")


def test_fingerprints_that_cannot_be_read_are_passed_over(tmp_path: Path) -> None:
    first = begin(tmp_path, "deploy", "shop", stack="shop_test")
    (first.folder / fingerprints.FILE).write_text('[{"odd": 1}]')
    assert not fingerprints.known(tmp_path, "shop_test", "")


def test_fingerprints_that_cannot_be_written_are_a_note(tmp_path: Path) -> None:
    first = begin(tmp_path, "deploy", "shop", stack="shop_test")
    first.folder = tmp_path / "away"
    fingerprints.remember(first, [SECRET])
    assert "could not be kept" in first.trouble[-1]
