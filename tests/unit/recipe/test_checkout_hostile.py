"""Repositories that try to have something run: a file named `caught` must never appear."""

import shutil
from pathlib import Path

import pytest
from support.recipes.repositories import commit, git, make_repository

from ccci.errors import CheckoutFailed, DeployRefused
from ccci.recipe import checkouts
from ccci.recipe.checkouts import Checkout

pytestmark = pytest.mark.slow


@pytest.fixture
def trap(tmp_path: Path) -> Path:
    """Give a program that leaves a trace when it is run, and passes its input on."""
    program = tmp_path / "trap"
    program.write_text(f"#!/bin/sh\ntouch {tmp_path}/caught\ncat\n")
    program.chmod(0o755)
    return program


def upgrade_checkout(source: Path, tmp_path: Path) -> Checkout:
    """Do all that a run does with a repository."""
    ours = checkouts.clone(str(source), tmp_path / "ours", tmp_path / "journal")
    commit_ = checkouts.resolve(ours, "main")
    checkouts.switch(ours, commit_, "head")
    checkouts.dirty_paths(ours, commit_)
    checkouts.releases(ours)
    return ours


def test_hooks_of_the_source_and_of_its_tree_never_run(trap: Path, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    for hook in ("post-checkout", "pre-commit", "reference-transaction", "post-index-change"):
        shutil.copy(trap, source / hook)
    commit(source, {"compose.yml": "x"})
    hooks = source / ".git" / "hooks"
    hooks.mkdir()
    for hook in ("post-checkout", "pre-upload", "reference-transaction", "post-update"):
        shutil.copy(trap, hooks / hook)
    upgrade_checkout(source, tmp_path)
    assert not (tmp_path / "caught").exists()


def test_the_users_hooks_path_and_templates_are_not_used(
    trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    hooks = tmp_path / "template" / "hooks"
    hooks.mkdir(parents=True)
    shutil.copy(trap, hooks / "post-checkout")
    shutil.copy(trap, hooks / "reference-transaction")
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f"[core]\n\thooksPath = {hooks}\n\tfsmonitor = {trap}\n"
        f"[init]\n\ttemplateDir = {tmp_path}/template\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x"})
    upgrade_checkout(source, tmp_path)
    assert not (tmp_path / "caught").exists()


def test_filters_that_a_tree_asks_for_never_run(
    trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "home").mkdir()
    (tmp_path / "home" / ".gitconfig").write_text(
        f'[filter "lfs"]\n\tsmudge = {trap}\n\tclean = {trap}\n\tprocess = {trap}\n\trequired\n'
        f'[diff "x"]\n\ttextconv = {trap}\n\tcommand = {trap}\n'
    )
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x", ".gitattributes": "* filter=lfs diff=x\n"})
    ours = upgrade_checkout(source, tmp_path)
    assert (ours.path / "compose.yml").read_text() == "x"
    assert not (tmp_path / "caught").exists()


def test_fsmonitor_of_the_source_never_runs(trap: Path, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x"})
    git(source, "config", "core.fsmonitor", str(trap))
    git(source, "config", "core.sshCommand", str(trap))
    git(source, "config", "uploadpack.packObjectsHook", str(trap))
    upgrade_checkout(source, tmp_path)
    assert not (tmp_path / "caught").exists()


def test_submodules_are_never_followed(trap: Path, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    inner = make_repository(tmp_path / "inner")
    inner_commit = commit(inner, {"file": "x"})
    modules = (
        f'[submodule "a"]\n\tpath = a\n\turl = ext::{trap}\n'
        '[submodule "b"]\n\tpath = b\n\turl = ./../trap\n'
    )
    commit(source, {"compose.yml": "x", ".gitmodules": modules})
    for name in ("a", "b"):
        git(source, "update-index", "--add", "--cacheinfo", f"160000,{inner_commit},{name}")
    git(source, "commit", "--quiet", "-m", "submodules")
    ours = upgrade_checkout(source, tmp_path)
    assert list((ours.path / "a").iterdir()) == []
    assert not (tmp_path / "caught").exists()


@pytest.mark.parametrize(
    "transport", ["ext::{trap} %S", "fd::7", "trap::x", "--upload-pack={trap}"]
)
def test_transports_that_run_a_program_are_refused(
    transport: str, trap: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copy(trap, tmp_path / "git-remote-trap")
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    with pytest.raises(CheckoutFailed):
        checkouts.clone(transport.format(trap=trap), tmp_path / "ours", tmp_path / "journal")
    assert not (tmp_path / "caught").exists()


def test_the_variables_of_a_surrounding_git_command_do_not_reach_ours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = make_repository(tmp_path / "other")
    before = commit(other, {"mine": "x"})
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x"})
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    monkeypatch.setenv("GIT_INDEX_FILE", str(other / ".git" / "index"))
    monkeypatch.setenv("GIT_CONFIG_PARAMETERS", "'core.hooksPath=/nowhere'")
    ours = upgrade_checkout(source, tmp_path)
    assert (ours.path / "compose.yml").read_text() == "x"
    assert git(other, "rev-parse", "HEAD") == before
    assert git(other, "status", "--porcelain") == ""


def test_a_tree_that_would_write_into_our_git_folder_is_refused(tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x"})
    blob = git(source, "hash-object", "-w", "compose.yml")
    listing = tmp_path / "listing"
    listing.write_bytes(b"40000 .git\0" + bytes.fromhex(_tree(source, blob)))
    tree = git(source, "hash-object", "-t", "tree", "--literally", "-w", str(listing))
    wrong = git(source, "commit-tree", tree, "-m", "into .git")
    git(source, "update-ref", "refs/heads/main", wrong)
    with pytest.raises(DeployRefused, match="invalid path"):
        upgrade_checkout(source, tmp_path)


def _tree(source: Path, blob: str) -> str:
    git(source, "update-index", "--add", "--cacheinfo", f"100755,{blob},hooks-post-checkout")
    return git(source, "write-tree")


def poison(folder: Path, trap: Path) -> None:
    """Write into a tree all by which git could be made to run something there."""
    inner = folder / ".git"
    if not inner.is_dir():
        git(folder, "init", "--quiet", ".")
    hooks = inner / "hooks"
    hooks.mkdir(exist_ok=True)
    for hook in (
        "post-checkout",
        "post-index-change",
        "reference-transaction",
        "fsmonitor-watchman",
    ):
        shutil.copy(trap, hooks / hook)
    (inner / "more").write_text(
        f'[filter "x"]\n\tclean = {trap}\n\tsmudge = {trap}\n\tprocess = {trap}\n\trequired\n'
        f'[diff "x"]\n\ttextconv = {trap}\n\tcommand = {trap}\n[diff]\n\texternal = {trap}\n'
    )
    with (inner / "config").open("a") as config:
        config.write(
            f"[core]\n\tfsmonitor = {trap}\n\thooksPath = {hooks}\n\tpager = {trap}\n"
            f"\tsshCommand = {trap}\n\taskPass = {trap}\n\teditor = {trap}\n\tworktree = /\n"
            f"\talternateRefsCommand = {trap}\n\tgitProxy = {trap}\n"
            '[include]\n\tpath = more\n[includeIf "gitdir:**"]\n\tpath = more\n'
            f"[gpg]\n\tprogram = {trap}\n[credential]\n\thelper = !{trap}\n"
            f"[alias]\n\tstatus = !{trap}\n\tls-tree = !{trap}\n\tread-tree = !{trap}\n"
            f'[remote "origin"]\n\turl = ext::{trap}\n\tuploadpack = {trap}\n\tpromisor = true\n'
        )
    (inner / "info").mkdir(exist_ok=True)
    (inner / "info" / "attributes").write_text("* filter=x diff=x\n")
    (folder / ".gitattributes").write_text("* filter=x diff=x\n")
    (folder / "compose.yml").write_text("touched")


@pytest.mark.parametrize("git_in_tree", [False, True])
def test_what_a_container_writes_into_the_tree_never_runs(
    trap: Path, tmp_path: Path, git_in_tree: bool
) -> None:
    source = make_repository(tmp_path / "source")
    first = commit(source, {"compose.yml": "x"}, tag="0.1.0+1.0")
    commit(source, {"compose.yml": "y"})
    ours = checkouts.clone(
        str(source), tmp_path / "ours", tmp_path / "journal", git_in_tree=git_in_tree
    )
    checkouts.switch(ours, first, "base")
    poison(ours.path, trap)
    (tmp_path / "caught").unlink(missing_ok=True)
    assert "compose.yml" in checkouts.dirty_paths(ours, first)
    head = checkouts.resolve(ours, "main")
    assert checkouts.moved(ours, head) == git_in_tree
    checkouts.releases(ours, within=head)
    checkouts.abbreviated_by(ours, head[:8])
    checkouts.commits(ours)
    checkouts.switch(ours, head, "head")
    assert checkouts.dirty_paths(ours, head) == ()
    assert not (tmp_path / "caught").exists()


def test_what_the_source_says_to_run_never_runs(trap: Path, tmp_path: Path) -> None:
    source = make_repository(tmp_path / "source")
    commit(source, {"compose.yml": "x"})
    poison(source, trap)
    git(source, "config", "--unset", "core.worktree")
    git(source, "config", "uploadpack.packObjectsHook", str(trap))
    git(source, "config", "extensions.partialClone", "origin")
    (tmp_path / "caught").unlink(missing_ok=True)
    upgrade_checkout(source, tmp_path)
    assert not (tmp_path / "caught").exists()
