import hashlib
from pathlib import Path
from typing import Any

import pytest
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import CheckoutFailed, UsageError
from ccci.recipe import checkouts, git_process
from ccci.recipe.checkouts import Checkout

pytestmark = pytest.mark.slow


@pytest.fixture
def source(tmp_path: Path) -> Path:
    folder = make_repository(tmp_path / "source")
    commit(folder, {"compose.yml": "one"}, tag="0.1.0+1.0")
    commit(folder, {"compose.yml": "two"}, tag="0.2.0+1.1")
    commit(folder, {"compose.yml": "three"})
    return folder


def clone(source: Path, tmp_path: Path, upstream: str | None = None) -> Checkout:
    return checkouts.clone(str(source), tmp_path / "ours", tmp_path / "journal", upstream)


def test_tags_branches_and_commits_resolve_to_full_commits(source: Path, tmp_path: Path) -> None:
    ours = clone(source, tmp_path)
    main = git(source, "rev-parse", "main")
    assert checkouts.resolve(ours, "main") == main
    assert checkouts.resolve(ours, "refs/heads/main") == main
    assert checkouts.resolve(ours, "origin/main") == main
    assert checkouts.resolve(ours, "HEAD") == main
    assert checkouts.resolve(ours, main[:8]) == main
    assert checkouts.resolve(ours, main.upper()) == main
    tagged = git(source, "rev-parse", "0.1.0+1.0^{commit}")
    assert checkouts.resolve(ours, "0.1.0+1.0") == tagged
    assert checkouts.resolve(ours, "refs/tags/0.1.0+1.0") == tagged


@pytest.mark.parametrize(
    "ref", ["--upload-pack=id", "-x", "", "a..b", "a b", "HEAD~1", "a^{}", "a:b", "@{u}", "x.lock"]
)
def test_what_cannot_be_a_ref_is_a_usage_error(ref: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        checkouts.resolve(clone(source, tmp_path), ref)


@pytest.mark.parametrize("ref", ["nowhere", "deadbeef", "0" * 40, "refs/pull/7/head"])
def test_a_ref_that_is_not_there_is_said_so(ref: str, source: Path, tmp_path: Path) -> None:
    with pytest.raises(CheckoutFailed, match="is no tag, branch or commit"):
        checkouts.resolve(clone(source, tmp_path), ref)


@pytest.mark.parametrize(("ref", "meant"), [("mian", "main"), ("0.1.0+1.1", "0.1.0+1.0")])
def test_a_ref_that_is_much_like_one_is_asked_after(
    ref: str, meant: str, source: Path, tmp_path: Path
) -> None:
    with pytest.raises(CheckoutFailed) as refused:
        checkouts.resolve(clone(source, tmp_path), ref)
    assert meant in refused.value.hint.partition(" meant?")[0]


def test_a_branch_named_like_a_tag_is_ambiguous(source: Path, tmp_path: Path) -> None:
    git(source, "branch", "0.1.0+1.0", "main")
    ours = clone(source, tmp_path)
    with pytest.raises(CheckoutFailed, match=r"ambiguous: refs/tags/.* refs/heads/"):
        checkouts.resolve(ours, "0.1.0+1.0")
    assert checkouts.resolve(ours, "refs/tags/0.1.0+1.0") != checkouts.resolve(
        ours, "refs/heads/0.1.0+1.0"
    )


def test_a_branch_that_looks_like_another_commit_is_ambiguous(source: Path, tmp_path: Path) -> None:
    first = git(source, "rev-parse", "0.1.0+1.0^{commit}")
    git(source, "branch", first[:8], "main")
    with pytest.raises(CheckoutFailed, match="ambiguous"):
        checkouts.resolve(clone(source, tmp_path), first[:8])


def test_a_short_commit_that_fits_two_is_ambiguous(tmp_path: Path) -> None:
    folder = make_repository(tmp_path / "source")
    tree = git(folder, "write-tree")
    seen: dict[str, bytes] = {}
    # Four digits leave 65536 choices: by the birthday rule a few hundred commits do.
    for number in range(3000):
        who = "a <a@example.com> 0 +0000"
        one = f"tree {tree}\nauthor {who}\ncommitter {who}\n\n{number}\n".encode()
        short = hashlib.sha1(b"commit %d\0" % len(one) + one).hexdigest()[:4]  # noqa: S324 -- git's
        if short in seen:
            break
        seen[short] = one
    for name, content in {"one": one, "other": seen[short]}.items():
        (tmp_path / name).write_bytes(content)
        made = git(folder, "hash-object", "-w", "-t", "commit", str(tmp_path / name))
        assert made.startswith(short)
        git(folder, "update-ref", f"refs/heads/{name}", made)
    with pytest.raises(CheckoutFailed, match="ambiguous"):
        checkouts.resolve(clone(folder, tmp_path), short)


def test_the_id_of_a_tag_object_is_refused_with_its_commit(source: Path, tmp_path: Path) -> None:
    tag = git(source, "rev-parse", "0.1.0+1.0")
    with pytest.raises(CheckoutFailed, match="is a tag object") as refused:
        checkouts.resolve(clone(source, tmp_path), tag)
    assert git(source, "rev-parse", "0.1.0+1.0^{commit}") in refused.value.hint


def test_a_tag_of_a_file_is_refused(source: Path, tmp_path: Path) -> None:
    git(source, "tag", "blob", "main:compose.yml")
    with pytest.raises(CheckoutFailed, match="does not name a commit"):
        checkouts.resolve(clone(source, tmp_path), "blob")


def test_a_commit_that_no_branch_reaches_is_fetched(source: Path, tmp_path: Path) -> None:
    main = git(source, "rev-parse", "main")
    git(source, "checkout", "--quiet", "--detach")
    lost = commit(source, {"compose.yml": "lost"})
    git(source, "checkout", "--quiet", "main")
    git(source, "update-ref", "refs/pull/7/head", lost)
    ours = clone(source, tmp_path)
    assert checkouts.resolve(ours, lost) == lost != main
    assert checkouts.resolve(ours, "refs/pull/7/head") == lost


def test_a_detached_and_shallow_source_can_be_read(source: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--depth=1", source.as_uri(), "shallow")
    git(tmp_path / "shallow", "checkout", "--quiet", "--detach")
    ours = clone(tmp_path / "shallow", tmp_path)
    assert checkouts.resolve(ours, "HEAD") == git(source, "rev-parse", "main")


def test_a_switch_leaves_nothing_of_the_tree_before(source: Path, tmp_path: Path) -> None:
    ours = clone(source, tmp_path)
    first = checkouts.resolve(ours, "0.1.0+1.0")
    later = commit(source, {"compose.ccci.yml": "tracked at head"})
    ours = checkouts.clone(str(source), tmp_path / "again", tmp_path / "journal")
    checkouts.switch(ours, first, "base")
    (ours.path / "compose.ccci.yml").write_text("ours, and in the way")
    (ours.path / "compose.yml").write_text("changed")
    assert checkouts.dirty_paths(ours, first) == ("compose.yml", "compose.ccci.yml")
    checkouts.switch(ours, later, "head")
    assert (ours.path / "compose.ccci.yml").read_text() == "tracked at head"
    assert checkouts.dirty_paths(ours, later) == ()


def test_what_a_commit_has_is_asked_of_git_once(
    source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ours = clone(source, tmp_path)
    asked: list[str] = []
    real = git_process.git

    def counted(repository: Path, place: str, *words: str, env: Any = None) -> str:
        asked.append(words[0])
        return real(repository, place, *words, env=env)

    monkeypatch.setattr(checkouts, "git", counted)
    base, head = (git(source, "rev-parse", ref) for ref in ("0.1.0+1.0^{commit}", "main"))
    for each in (base, head, base, head):
        checkouts.switch(ours, each, "to test it")
        assert checkouts.dirty_paths(ours, each) == ()
    assert (asked.count("ls-tree"), asked.count("read-tree")) == (2, 4)
    (ours.path / "compose.yml").write_text("else")
    assert checkouts.dirty_paths(ours, head) == ("compose.yml",)


def test_the_users_own_tree_is_never_touched(source: Path, tmp_path: Path) -> None:
    git(source, "checkout", "--quiet", "-b", "work", "0.1.0+1.0")
    (source / "compose.yml").write_text("half done")
    (source / "untracked").write_text("mine")
    before = git(source, "status", "--porcelain=v2", "--branch")
    ours = clone(source, tmp_path)
    other = checkouts.clone(str(source), tmp_path / "other", tmp_path / "journal")
    checkouts.switch(ours, checkouts.resolve(ours, "main"), "head")
    checkouts.switch(other, checkouts.resolve(other, "0.2.0+1.1"), "head of another run")
    assert (ours.path / "compose.yml").read_text() == "three"
    assert (other.path / "compose.yml").read_text() == "two"
    assert git(source, "status", "--porcelain=v2", "--branch") == before
    assert (source / "compose.yml").read_text() == "half done"


def test_the_journal_tells_every_checkout(source: Path, tmp_path: Path) -> None:
    ours = clone(source, tmp_path)
    first = checkouts.resolve(ours, "0.1.0+1.0")
    checkouts.switch(ours, first, "base 0.1.0+1.0")
    lines = (tmp_path / "journal").read_text().splitlines()
    assert f"fetched {source}" in lines[0]
    assert lines[1].endswith(f"checked out {first} (base 0.1.0+1.0)")


def test_releases_are_those_within_the_head_newest_first(source: Path, tmp_path: Path) -> None:
    head = git(source, "rev-parse", "main")
    git(source, "tag", "not-a-release", "main")
    commit(source, {"compose.yml": "four"}, tag="0.10.0+1.2")
    git(source, "tag", "0.9.0+1.2", "main~2")  # lightweight
    ours = clone(source, tmp_path)
    everything = [release.tag for release in checkouts.releases(ours)]
    assert everything == ["0.10.0+1.2", "0.9.0+1.2", "0.2.0+1.1", "0.1.0+1.0"]
    within = checkouts.releases(ours, within=head)
    assert [release.tag for release in within] == ["0.9.0+1.2", "0.2.0+1.1", "0.1.0+1.0"]
    assert within == {
        release: git(source, "rev-parse", f"{release.tag}^{{commit}}") for release in within
    }


def test_tags_with_odd_digits_and_white_space_are_no_releases(source: Path, tmp_path: Path) -> None:
    for name in ("1.0.0+²", "1.0.0+1", "1.0.0+5\u2028x", "1.0.0+9\xa0", "1.0.0+9\x85y"):
        git(source, "tag", name, "main")
    ours = clone(source, tmp_path)
    assert [release.tag for release in checkouts.releases(ours)] == [
        *("1.0.0+1", "0.2.0+1.1", "0.1.0+1.0")
    ]
    assert {"1.0.0+9\xa0", "1.0.0+5\u2028x"} <= set(checkouts.tags(ours))


def test_a_fork_takes_its_release_tags_from_the_upstream(source: Path, tmp_path: Path) -> None:
    fork = tmp_path / "fork"
    git(tmp_path, "clone", "--quiet", "--no-tags", source.as_uri(), "fork")
    assert checkouts.releases(clone(fork, tmp_path)) == {}
    ours = checkouts.clone(str(fork), tmp_path / "two", tmp_path / "journal", str(source))
    assert [release.tag for release in checkouts.releases(ours)] == ["0.2.0+1.1", "0.1.0+1.0"]
    assert checkouts.tag_of(ours, "0.2.0+1.1") == "0.2.0+1.1"
    assert checkouts.tag_of(ours, "main") is None


def test_a_source_that_cannot_be_read_says_why_without_its_password(tmp_path: Path) -> None:
    with pytest.raises(CheckoutFailed, match=r"git fetch of .*nowhere failed"):
        clone(tmp_path / "nowhere", tmp_path)
    with pytest.raises(CheckoutFailed) as refused:
        checkouts.clone(
            "http://ann:hunter2@127.0.0.1:1/x.git", tmp_path / "b", tmp_path / "journal"
        )
    assert "hunter2" not in refused.value.message + (tmp_path / "b.repository/config").read_text()
    assert "cannot be reached: Failed to connect to 127.0.0.1 port 1" in refused.value.message
    assert "network" in refused.value.hint
