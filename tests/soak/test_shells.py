"""The completion in zsh and fish, and the manual page under man; bash has a unit test."""

import shlex
from collections.abc import Iterator

import pytest
from support.debian.roots import Root, fresh

ZSH = """
import os, pty, re, select, sys
pid, shell = pty.fork()
if pid == 0:
    os.execvp("zsh", ["zsh", "-f", "-i"])
said = ""
def until(pattern):
    global said
    while not re.search(pattern, said):
        if not select.select([shell], [], [], 60)[0]:
            sys.exit(f"{pattern} never came: {said!r}")
        said += os.read(shell, 4096).decode(errors="replace")
def type(keys):
    global said
    said = ""
    os.write(shell, keys.encode())
type('PS1="> "; autoload -Uz compinit; compinit -u -D; eval "$(ccci completion zsh)"\\n')
type('echo LOA""DED\\n')
until("LOADED")
type(sys.argv[1] + "\\t")
until(re.escape(sys.argv[2]))
"""


@pytest.fixture(scope="module")
def debian() -> Iterator[Root]:
    """Give a Debian 12 with ccci, both shells, a recipe, and the tools that read a manual page."""
    tools = ("python3-venv", "ca-certificates", "zsh", "fish", "man-db", "groff", "git")
    with fresh("bookworm", *tools) as root:
        root.run(
            "sh",
            "-euc",
            "python3 -m venv /opt/own; /opt/own/bin/python -m pip install --quiet .\n"
            "ln -s /opt/own/bin/ccci /usr/local/bin/ccci\n"
            "mkdir /srv/shop; cd /srv/shop; touch compose.yml overlay.yml; git init -q -b main .\n"
            "git add .; git -c user.name=T -c user.email=t@example.com commit -q -m it\n"
            "git tag 0.7.0+3.3.1",
        )
        yield root


LINES = [
    ("ccci upg", "upgrade"),
    ("ccci upgrade . --head 0.", "0.7.0+3.3.1"),
    ("ccci upgrade --deployer=ab", "--deployer=abra"),
    ("ccci sweep rollback-policy -c over", "overlay.yml"),
    ("ccci upgrade . --overlay=over", "--overlay=overlay.yml"),
    ("ccci converge shop -- unam", "uname"),
]


@pytest.mark.parametrize(("line", "word"), LINES)
def test_fish_offers_what_fits(line: str, word: str, debian: Root) -> None:
    script = f"ccci completion fish | source; complete -C {shlex.quote(line)}"
    said = debian.run("fish", "-c", script, cwd="/srv/shop").stdout
    assert word in {each.split("\t")[0] for each in said.splitlines()}


@pytest.mark.parametrize(("line", "word"), LINES)
def test_zsh_completes_what_fits(line: str, word: str, debian: Root) -> None:
    debian.run("python3", "-c", ZSH, line, word, cwd="/srv/shop")


def test_man_finds_the_page_where_it_was_installed(debian: Root) -> None:
    told = debian.run("man", "-M", "/opt/own/share/man", "ccci", cwd="/").stdout
    assert "upgrade RECIPE --head REF" in told
    page = "/opt/own/share/man/man1/ccci.1"
    assert debian.run("groff", "-man", "-Tutf8", "-ww", "-z", page, cwd="/").stderr == ""
