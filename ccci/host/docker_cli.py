"""The docker CLI: the one place that says what it is asked in, and what it may know.

It works for us, so it gets what it needs of our environment (where its configuration, its
credential helpers and its Engine are) and nothing of the recipe that is deployed: no variable, and
no folder to find a program or a file in.
"""

import os
from collections.abc import Callable, Collection, Mapping, Sequence
from functools import cache
from pathlib import Path

from ccci.errors import CommandFailed, ToolMissing
from ccci.host import clock, process
from ccci.host.process import Finished, Running
from ccci.host.surroundings import Surroundings

_NEEDED = frozenset({"PATH", "HOME", "SSH_AUTH_SOCK", "XDG_RUNTIME_DIR"})
_PROXIES = frozenset(
    {
        *("HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "ALL_PROXY"),
        *("http_proxy", "https_proxy", "no_proxy", "all_proxy"),
    }
)
NOWHERE = Path("/")
"""Where it works when it needs no folder: ours may be a checkout of the very change under test."""


def environment(
    engine: Mapping[str, str] | None = None, *, without: Collection[str] = ()
) -> dict[str, str]:
    """Return the environment of a docker CLI that reads compose files, and can look into it.

    Little of ours, so that no variable of a CI ends up in a stranger's stack. `engine` are the
    variables that choose the Engine, `without` names that the files leave open.
    """
    kept = {
        name: text
        for name, text in os.environ.items()
        if needs(name) or (name in _PROXIES and name not in without)
    }
    return {**kept, **(engine or {})}


def needs(name: str) -> bool:
    """Say whether the docker CLI cannot do without a variable of this name, where there is one."""
    return name in _NEEDED or name.startswith("DOCKER_")


def run(
    words: Sequence[str],
    *,
    env: Mapping[str, str] | None = None,
    cwd: Path = NOWHERE,
    timeout: float = 60.0,
    check: bool = True,
    most: int = process.LARGEST_OUTPUT,
) -> Finished:
    """Run `docker WORDS` to its end. `env` is its whole environment (default: `environment()`).

    Raise ToolMissing or CommandFailed as `process.run` does.
    """
    return process.run(
        ("docker", *words),
        cwd=cwd,
        env=environment() if env is None else env,
        timeout=timeout,
        check=check,
        most=most,
    )


def pull(
    image: str,
    engine: Mapping[str, str],
    *,
    timeout: float,
    lines: Callable[[str], None] = lambda _: None,
) -> Finished:
    """Pull an image; the result is returned whatever it is, `lines` gets each line meanwhile.

    A credential helper is asked on the way, which may need anything of our environment (a cloud's
    own variables); of the recipe there is the name of the image alone.
    """
    argv = ("docker", "pull", "--", image)
    began = clock.monotonic()
    running = Running(
        argv,
        lines=lines,
        error_lines=lambda _: None,
        within=Surroundings(env=process.environment(engine), cwd=NOWHERE),
    )
    try:
        code = running.wait(timeout)
    finally:
        running.end()
    if code is None:
        raise CommandFailed(
            f"docker pull {image} did not end within {timeout:g} s",
            "see whether the registry answers at all",
        )
    return Finished(argv, code, "", running.reason, clock.monotonic() - began)


def start(
    words: Sequence[str], *, engine: Mapping[str, str], lines: Callable[[str], None]
) -> Running:
    """Start `docker WORDS`; `lines` gets each line that it prints."""
    within = Surroundings(env=environment(engine), cwd=NOWHERE)
    return Running(("docker", *words), lines=lines, within=within)


@cache
def lists(verb: str, word: str) -> bool:
    """Say whether this docker CLI's help of `stack VERB` lists a word.

    `stack config` is there from 23.0, `stack deploy --detach` from 26.0; an older CLI prints the
    help of `stack` instead. Without a docker CLI it is False: a dry run needs none.
    """
    try:
        finished = run(("stack", verb, "--help"), check=False)
    except ToolMissing:
        return False
    return finished.code == 0 and word in finished.stdout
