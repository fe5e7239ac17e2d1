"""The only starter of git, in repositories that ccci itself made, such that nothing else can run.

What is fetched is a stranger's. Nothing of it may run: the repository is ours (bare, made empty,
without templates, where no container can write), so its configuration and its hooks are ours;
attributes of its own come before those of any tree, so that no filter and no conversion is asked
for; submodules are never followed; and transports are the few that are named here, which leaves
out `ext::` and every other helper.
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from ccci.errors import CheckoutFailed, ToolMissing
from ccci.host import clock
from ccci.host.files import PRIVATE_FOLDER
from ccci.host.gathering import gather
from ccci.host.process import OutOfTime, end
from ccci.recipe.login import git_options, git_variables, without_login
from ccci.recipe.refs import hide_password

FETCH_TIMEOUT = 600.0
_LOCAL_TIMEOUT = 120.0
# What curl, ssh and git's own protocol say of a host that is not there; never of a repository.
_UNREACHABLE = re.compile(
    r"Could not resolve (?:host(?:name)?|proxy):? ?[\w.-]*|Failed to connect to \S+ port \d+"
    r"|Connection (?:refused|timed out|reset by peer)|Network is unreachable|No route to host"
    r"|Temporary failure in name resolution|unable to look up \S+"
    r"|(?:Operation|Resolving) timed out after \d+",
    re.IGNORECASE,
)
LARGEST_FETCH = 2 * 2**30
"""Bytes of history that one fetch may bring."""

LARGEST = 64_000_000
"""No answer of git that is read here has more bytes."""

_CHUNK = 65536
_LAST_SECONDS = 10.0
_LONGEST_WORDS = 2000
_BLOCK = 512
"""Bytes, the unit of `ulimit -f` (sh(1p))."""

# The user's own means of reaching a private forge; every other GIT_* stays out.
_KEPT = ("GIT_ASKPASS", "GIT_SSH", "GIT_SSH_COMMAND", "GIT_SSL_CAINFO", "GIT_SSL_NO_VERIFY")

SSH = "ssh -o BatchMode=yes"
"""How git, ours and abra's, calls ssh: it asks nobody anything (ssh_config(5))."""

HARMLESS = {
    "core.hooksPath": "/dev/null",
    "core.fsmonitor": "false",
    "core.attributesFile": "/dev/null",
    "core.pager": "cat",
    "submodule.recurse": "false",
    "protocol.ext.allow": "never",
}
"""Settings by which git runs nothing that a tree names, whoever asks it."""
_OURS = {
    "core.excludesFile": "/dev/null",
    "core.autocrlf": "false",
    "core.protectHFS": "true",
    "core.protectNTFS": "true",
    "fetch.recurseSubmodules": "false",
    "gc.auto": "0",
    "core.bigFileThreshold": "16m",  # what is larger is never held in memory
    "fetch.unpackLimit": "1",  # one pack, whose size is bounded, and no loose objects
    "maintenance.auto": "false",
    "advice.detachedHead": "false",
}
_SAFE = tuple(
    word for key, text in {**HARMLESS, **_OURS}.items() for word in ("-c", f"{key}={text}")
)

# Above every .gitattributes of a tree (gitattributes(5)): files are what their objects say.
_ATTRIBUTES = "* -text -ident -filter -diff -merge !eol !working-tree-encoding\n"


def make_repository(repository: Path, source: str) -> None:
    """Make an empty bare repository, into which `source` is to be fetched. Raise CheckoutFailed."""
    repository.mkdir(parents=True, mode=PRIVATE_FOLDER)
    git(repository, source, "init", "--quiet", "--bare", "--template=", "--initial-branch=ccci")
    (repository / "info").mkdir(exist_ok=True)
    (repository / "info" / "attributes").write_text(_ATTRIBUTES, encoding="ascii")
    git(repository, source, "config", "remote.origin.url", hide_password(source))


def fetch(repository: Path, source: str, *refspecs: str) -> None:
    """Fetch from `source`, a path or a URL, whose user and password no argument list shows.

    Only this reads the user's own configuration, which may hold the way to a private forge. Raise
    CheckoutFailed.
    """
    address, login = without_login(source)
    local = Path(address).is_absolute() or address.startswith("file:")
    git(
        repository,
        source,
        "fetch",
        *("--quiet", "--no-tags", "--no-recurse-submodules", "--update-shallow"),
        *("--no-auto-maintenance", "--no-write-fetch-head", "--end-of-options", address, *refspecs),
        settings=git_options(login),
        env={
            **git_variables(login),
            "GIT_ALLOW_PROTOCOL": "file" if local else "git:http:https:ssh",
        },
        network=True,
    )


def indexed(scratch: Path, root: Path, path: Path) -> str:
    """Return what the index of somebody else's checkout at `root` lists at `path` or below it.

    Only the index is read there; the repository that git runs in is one of ours, made at `scratch`.
    Raise CheckoutFailed where it cannot be read.
    """
    inner = root / ".git"
    if inner.is_file():  # a worktree's or a submodule's: `gitdir: PATH`
        said = inner.read_text(encoding="utf-8", errors="replace")[:_CHUNK]
        inner = root / said.removeprefix("gitdir:").strip()
    make_repository(scratch, str(root))
    where = {"GIT_INDEX_FILE": str(inner / "index"), "GIT_LITERAL_PATHSPECS": "1"}
    return git(scratch, str(root), "ls-files", "--cached", "-z", "--", str(path), env=where)


def git(
    repository: Path,
    source: str,
    verb: str,
    *words: str,
    settings: tuple[str, ...] = (),
    env: Mapping[str, str] | None = None,
    network: bool = False,
) -> str:
    """Run git on a repository of ours and return what it printed.

    `env` goes on top of what keeps it safe; `source` is for the message. Raise CheckoutFailed when
    it fails, runs out of time, or says more than anybody would read.
    """
    variables = {**_variables(repository, network=network), **(env or {})}
    timeout = FETCH_TIMEOUT if network else _LOCAL_TIMEOUT
    try:
        code, stdout, stderr = _run(
            repository,
            (*(_limited() if network else ()), "git", *_SAFE, *settings, verb, *words),
            variables,
            timeout,
        )
    except (TimeoutError, OutOfTime):
        raise CheckoutFailed(f"git {verb} did not end within {timeout:g} s") from None
    except OverflowError:
        raise CheckoutFailed(
            f"git {verb} of {hide_password(source)} says more than {LARGEST} bytes",
            "a recipe is a few files: is this one?",
        ) from None
    if code != 0:
        room = os.statvfs(repository)
        if room.f_bavail * room.f_frsize < _CHUNK:
            raise CheckoutFailed(
                f"git {verb} of {hide_password(source)} failed: No space left on device",
                f"make room on the disk of {repository}, or set CCCI_RUNS_DIR",
            )
        if _is_full(repository):
            raise CheckoutFailed(
                f"{hide_password(source)} has more than {LARGEST_FETCH} bytes of history",
                "a recipe is a few small files: is it this one?",
            )
        raise _failure(source, verb, stderr.decode(errors="replace").strip())
    return stdout.decode(errors="surrogateescape")


def _run(
    repository: Path, words: tuple[str, ...], variables: Mapping[str, str], timeout: float
) -> tuple[int, bytes, bytes]:
    try:
        from git import Git  # noqa: PLC0415 -- as long as all else; runs git itself
    except ImportError as error:  # GitPython refuses to be imported where git is missing
        raise ToolMissing("git is not installed", "install git and retry") from error
    # GitPython hands our whole environment on: what a surrounding git command set (a hook's
    # GIT_DIR) is taken out by env(1), which becomes git.
    theirs = [name for name in os.environ if name.startswith("GIT_") and name not in variables]
    without = (word for name in theirs for word in ("-u", name))
    git_ = Git(repository)
    with git_.custom_environment(**variables):
        running = git_.execute(["env", *without, *words], as_process=True, start_new_session=True)
    process = running.proc
    if process is None:  # pragma: no cover -- it was just started
        raise CheckoutFailed("git cannot be started")
    try:
        stdout, stderr = gather(process, until=clock.monotonic() + timeout, most=LARGEST)
        return process.wait(_LAST_SECONDS), stdout, stderr
    finally:
        if process.poll() is None:
            end(process)


def _limited() -> tuple[str, ...]:
    """Return what keeps each file that a command writes below the size of a fetch."""
    return ("sh", "-c", f'ulimit -S -f {LARGEST_FETCH // _BLOCK} 2>/dev/null; exec "$0" "$@"')


def _is_full(repository: Path) -> bool:
    """Say whether a fetch stopped at the size that a file may have; what it left is removed."""
    left = [each for each in (repository / "objects" / "pack").glob("tmp_pack_*") if each.is_file()]
    full = any(each.stat().st_size >= LARGEST_FETCH // _BLOCK * _BLOCK for each in left)
    for each in left:
        each.unlink()
    return full


def _variables(repository: Path, *, network: bool) -> dict[str, str]:
    ours = {
        "GIT_DIR": str(repository),
        "GIT_ATTR_NOSYSTEM": "1",
        "GIT_NO_LAZY_FETCH": "1",
        "GIT_NO_REPLACE_OBJECTS": "1",
        "GIT_TERMINAL_PROMPT": "0",
        "GIT_LFS_SKIP_SMUDGE": "1",
        "GIT_ALLOW_PROTOCOL": "",
        "SSH_ASKPASS_REQUIRE": "never",
    }
    if network:
        ours["GIT_SSH_COMMAND"] = SSH
        return ours | {name: os.environ[name] for name in _KEPT if name in os.environ}
    return ours | {"GIT_CONFIG_GLOBAL": "/dev/null", "GIT_CONFIG_NOSYSTEM": "1"}


def _failure(source: str, verb: str, said: str) -> CheckoutFailed:
    said = hide_password(said)[-_LONGEST_WORDS:]
    shown = hide_password(source)
    what = f"git {verb} of {shown} failed: {said or 'no output'}"
    if "dubious ownership" in said:
        return CheckoutFailed(
            f"{shown} belongs to another user, and git will not read it",
            f"if you trust it: git config --global --add safe.directory {shown}",
        )
    unreachable = _UNREACHABLE.search(said)
    if verb == "fetch" and unreachable:
        return CheckoutFailed(
            f"{shown} cannot be reached: {unreachable[0]}",
            "see whether this machine's network, DNS and proxy let it there, and try again",
        )
    if verb == "fetch":
        return CheckoutFailed(what, "check the path or URL, and that you may read it")
    return CheckoutFailed(what)
