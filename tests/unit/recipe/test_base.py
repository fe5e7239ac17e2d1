from pathlib import Path

import pytest
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import BaseBroken, CheckoutFailed, UsageError
from ccci.recipe import checkouts
from ccci.recipe.base import Base, choose_base
from ccci.recipe.checkouts import Checkout

pytestmark = pytest.mark.slow


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = make_repository(tmp_path / "source")
    commit(folder, {"compose.yml": "1"}, tag="0.6.0+3.2.5")
    commit(folder, {"compose.yml": "2"}, tag="0.7.0+3.3.1")
    commit(folder, {"compose.yml": "3"})
    return folder


def clone(source: Path, tmp_path: Path) -> Checkout:
    return checkouts.clone(str(source), tmp_path / "ours", tmp_path / "journal")


def choose(
    source: Path,
    tmp_path: Path,
    head: str = "main",
    asked: str = "auto",
    version: str | None = None,
    *,
    allow_same: bool = False,
) -> Base:
    ours = clone(source, tmp_path)
    full = checkouts.resolve(ours, head)
    return choose_base(ours, full, asked, version, allow_same=allow_same)


def test_auto_is_the_newest_release_before_the_head(source: Path, tmp_path: Path) -> None:
    found = choose(source, tmp_path)
    assert found == Base(git(source, "rev-parse", "0.7.0+3.3.1^{commit}"), "0.7.0+3.3.1")


def test_auto_steps_back_from_the_heads_own_version(source: Path, tmp_path: Path) -> None:
    assert choose(source, tmp_path, version="0.7.0+3.3.1").version == "0.6.0+3.2.5"


def test_a_release_that_was_passed_over_for_its_version_is_known(
    source: Path, tmp_path: Path
) -> None:
    assert choose(source, tmp_path, version="0.7.0+3.3.1").skipped == "0.7.0+3.3.1"
    assert choose(source, tmp_path / "raised", version="0.8.0+3.3.1").skipped is None
    assert choose(source, tmp_path / "itself", "0.7.0+3.3.1").skipped is None


def test_auto_steps_back_from_the_head_itself(source: Path, tmp_path: Path) -> None:
    assert choose(source, tmp_path, "0.7.0+3.3.1").version == "0.6.0+3.2.5"
    same = choose(source, tmp_path / "again", "0.7.0+3.3.1", allow_same=True)
    assert same.version == "0.7.0+3.3.1"


def test_a_newer_release_on_another_branch_is_no_base(source: Path, tmp_path: Path) -> None:
    git(source, "checkout", "--quiet", "-b", "other")
    commit(source, {"compose.yml": "other"}, tag="0.8.0+3.4.0")
    git(source, "checkout", "--quiet", "main")
    assert choose(source, tmp_path).version == "0.7.0+3.3.1"


@pytest.mark.parametrize("version", ["0.6.0+3.2.5", None])
def test_no_base_is_never_a_pass(version: str | None, source: Path, tmp_path: Path) -> None:
    with pytest.raises(BaseBroken, match="there is no base: the only release"):
        choose(source, tmp_path, "0.6.0+3.2.5", version=version)


def test_a_repository_without_releases_has_no_base(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "source")
    commit(folder, {"compose.yml": "1"})
    git(folder, "tag", "v1")
    with pytest.raises(BaseBroken, match="has no release tag"):
        choose(folder, tmp_path)


def test_a_base_that_is_asked_for_may_be_any_commit(source: Path, tmp_path: Path) -> None:
    first = git(source, "rev-parse", "0.6.0+3.2.5^{commit}")
    assert choose(source, tmp_path, asked="0.6.0+3.2.5") == Base(first, "0.6.0+3.2.5")
    assert choose(source, tmp_path / "b", asked=first) == Base(first, None)
    with pytest.raises(CheckoutFailed, match="the base: 'nowhere'"):
        choose(source, tmp_path / "c", asked="nowhere")


def test_base_and_head_are_never_one_commit(source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="the same commit"):
        choose(source, tmp_path, asked="main")
    assert choose(source, tmp_path / "b", asked="main", allow_same=True).version is None


def test_a_shallow_clone_is_no_history(source: Path, tmp_path: Path) -> None:
    cut = tmp_path / "cut"
    git(tmp_path, "clone", "--quiet", "--depth", "1", f"file://{source}", str(cut))
    with pytest.raises(BaseBroken, match="is shallow") as refused:
        choose(cut, tmp_path)
    assert "--unshallow" in refused.value.hint


def test_tags_that_are_no_releases_are_named(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "tagged")
    commit(folder, {"compose.yml": "1"}, tag="v1.0.0")
    commit(folder, {"compose.yml": "2"})
    with pytest.raises(BaseBroken, match=r"and passed over v1\.0\.0"):
        choose(folder, tmp_path)
