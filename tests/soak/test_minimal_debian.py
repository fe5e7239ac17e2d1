"""The two commands of the README, from the bare minimum of each Debian on."""

import pytest
from support.debian.roots import RELEASES, fresh

from ccci.host.process import Finished

GIT = """
[commit]
gpgSign = true
[tag]
gpgSign = true
[gpg]
program = /bin/false
[core]
hooksPath = /bin
autocrlf = true
[init]
defaultBranch = elsewhere
"""
HOSTILE = {
    "TZ": "Asia/Kathmandu",
    "LC_ALL": "C",
    "TERM": "dumb",
    "COLUMNS": "40",
    "FORCE_COLOR": "1",
    "GITHUB_ACTIONS": "true",
    "CI": "true",
}


def made(release: str, target: str, timeout: float) -> Finished:
    """Run a target of the Makefile in a fresh system, under a user's strictest settings."""
    with fresh(release) as root:
        root.write("/root/.gitconfig", GIT)
        argv = ("sh", "-c", f"umask 077; exec make {target}")
        return root.run(*argv, env=HOSTILE, check=False, timeout=timeout)


@pytest.mark.parametrize("release", RELEASES)
def test_the_demo_runs(release: str) -> None:
    done = made(release, "demo", 1800)
    assert done.code == 0, done.tail(60)
    assert "The demo ended as it should" in done.stdout


@pytest.mark.parametrize("release", ["bookworm", "trixie"])
def test_all_tests_pass(release: str) -> None:
    done = made(release, "test", 5400)
    assert done.code == 0, done.tail(200)
    assert " failed" not in done.stdout.splitlines()[-1]
