"""Running abra: found, asked for its version and flags once, always ended within a time."""

import os
import shlex
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

from ccci.deployers.abra.flags import HINT, Help, Order, Release, flags_in, release
from ccci.deployers.abra.parse import Complaint, fatal, last_words
from ccci.errors import CcciError, CommandFailed, DeployRefused, ToolMissing
from ccci.host.masking import Mask, masked
from ccci.host.process import Running, environment, run
from ccci.host.surroundings import Surroundings
from ccci.host.terminal_text import plain
from ccci.recipe.git_process import HARMLESS, SSH

_ASK_WITHIN = 20.0
_MOST_LINES = 20_000
"""Lines of one order that are kept, the last ones; what is looked for in them is near the end."""


# Whatever a tree's own `.git/config` says, should this abra ask git (git-config(1): these go before
# every file). Filters and the like have names of their own, so that not all of them can be told.
_SETTINGS = {
    **HARMLESS,
    "core.editor": "false",
    "core.sshCommand": SSH,
    "gpg.program": "false",
}
_HARMLESS_GIT = {
    "GIT_CONFIG_COUNT": str(len(_SETTINGS)),
    "GIT_TERMINAL_PROMPT": "0",
    **{f"GIT_CONFIG_KEY_{number}": key for number, key in enumerate(_SETTINGS)},
    **{f"GIT_CONFIG_VALUE_{number}": text for number, text in enumerate(_SETTINGS.values())},
}


def executable() -> str:
    """Return the path of the abra on PATH. Raise ToolMissing where there is none."""
    found = shutil.which("abra")
    if found is None:
        raise ToolMissing("abra is not installed", HINT)
    return found


def abra_environment(abra_dir: Path, home: Path | None = None) -> dict[str, str]:
    """Return the environment abra runs in: its folder, plain English, a terminal without tricks.

    `ABRA_DIR` isolates the run; the recipes below it are shared mutable state (cc-ci commit
    17ebdf39). Its texts are translatable, hence the locale; its monitor draws with bubbletea,
    which TERM=dumb keeps plain. An editor must never open.
    """
    extra = {
        "ABRA_DIR": str(abra_dir),
        "LC_ALL": "C",
        "LANG": "C",
        "TERM": "dumb",
        "NO_COLOR": "1",
        "EDITOR": "false",
    }
    extra |= _HARMLESS_GIT
    if home is not None or "HOME" not in os.environ:
        extra["HOME"] = str(home or Path.home())
    return environment(extra)


@cache
def version_of(abra: str) -> Release:
    """Return the release of this executable. Raise ToolMissing when it is too old."""
    return release(_answer(abra, ("--version",)))


@cache
def help_of(abra: str, verb: tuple[str, ...]) -> Help:
    """Return the flags that this executable lists for a verb; asked once per process."""
    version_of(abra)
    return Help(root_of(abra), flags_in(_answer(abra, (*verb, "--help"))))


@cache
def root_of(abra: str) -> frozenset[str]:
    """Return the flags that this executable lists for every verb; asked once per process."""
    return flags_in(_answer(abra, ("--help",)))


def _answer(abra: str, arguments: tuple[str, ...]) -> str:
    finished = run((abra, *arguments), timeout=_ASK_WITHIN, check=False)
    if finished.code != 0:
        raise ToolMissing(
            f"`abra {shlex.join(arguments)}` exits with {finished.code}: {finished.tail(2)}", HINT
        )
    return "\n".join(plain(line) for line in (finished.stdout + finished.stderr).splitlines())


@dataclass(slots=True)
class Transcript:
    """What abra printed, as plain lines with the masked values hidden, as it comes in."""

    masks: Sequence[Mask] = ()
    lines: list[str] = field(default_factory=list)

    def add(self, line: str) -> None:
        """Take one line as printed."""
        said = masked(plain(line), self.masks)
        if said:
            self.lines.append(said)
        if len(self.lines) > _MOST_LINES:
            del self.lines[: _MOST_LINES // 2]


def obey(
    abra: str,
    what: Order,
    env: Mapping[str, str],
    *,
    timeout: float,
    masks: Sequence[Mask] = (),
    quiet: bool = False,
) -> list[str]:
    """Run an order to its end under a pseudo-terminal and return what it printed.

    abra wants a terminal even with `-n` (cc-ci machine-docs/DECISIONS.md vendors one around it).
    `quiet` says that its output may hold secrets: then no error quotes more than the fatal line.
    Raise DeployRefused when it gives up because of the recipe, CcciError when because of the
    machine, CommandFailed when it runs out of time: it and all it started are ended then.
    """
    transcript = Transcript(masks)
    words = masked("abra " + shlex.join(what.argv), masks)
    running = Running(
        (abra, *what.argv),
        lines=transcript.add,
        masks=lambda: masks,
        within=Surroundings(env={**env, **what.env}, terminal=True),
    )
    try:
        code = running.wait(timeout)
    except BaseException:
        running.end()
        raise
    if code is None:
        running.end()
        asks = "" if quiet or not transcript.lines else f"; its last line: {transcript.lines[-1]}"
        raise CommandFailed(
            f"`{words}` did not end within {timeout:g} s and was ended{asks}",
            "run it by hand with --debug to see what it waits for",
        )
    if code != 0:
        raise failure(words, code, transcript.lines, quiet=quiet)
    return transcript.lines


def failure(words: str, code: int, lines: Sequence[str], *, quiet: bool = False) -> CcciError:
    """Return the error for an abra that gave up: the recipe's fault, or the machine's."""
    found = fatal(lines)
    if found is None:
        said = "" if quiet else last_words(lines)
        told = f"`{words}` exited with {code}" + (f": {said}" if said else "")
        return DeployRefused(told, "run it by hand to see more, with --debug")
    if found.complaint is Complaint.NOT_OURS:
        return CcciError(f"`{words}` cannot work here: {found.text}", "see `ccci doctor`")
    return DeployRefused(f"`{words}` refused: {found.text}", "correct what it names in the recipe")
