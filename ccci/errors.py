"""What stops ccci from doing its job.

::

    CcciError(message, hint)     unable (3) unless its class says otherwise
      UsageError                 usage (2): refused from the command line alone
      ToolMissing                a tool is not installed, or too old
      CommandFailed              a tool of ours exited non-zero, or ran out of time
      EngineUnavailable          the Engine refuses us, or is no manager (not: a blip while waiting)
      EngineError                the Engine answered one request with an error
        ConnectionLost           it gave no answer: refused, cut off, or too slow
      CheckoutFailed             no such repository, ref or commit
      DeployRefused              deploy-failed (4): the deployer refuses the recipe
      BaseBroken                 base-broken (17): there is no base to test a head from
    Interrupted                  Ctrl-C, SIGTERM, a closed terminal (130, 143, 129); no CcciError

A recipe that fails is a value (a report), never one of these.
"""

import errno

from ccci.exits import Verdict, exit_code

LONGEST = 4000
"""Characters of what an error says: others' words are in it, and they may write without end."""


class CcciError(Exception):
    """ccci could not do its job; `message` says what happened, `hint` the next step."""

    verdict = Verdict.UNABLE

    def __init__(self, message: str, hint: str = "") -> None:
        self.message = _cut(message)
        self.hint = _cut(hint)
        super().__init__(self.message)

    @property
    def exit_code(self) -> int:
        """Return the exit code of the verdict."""
        return self.verdict.exit_code


def _cut(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[:LONGEST]}…"


class UsageError(CcciError):
    """The command line itself is wrong."""

    verdict = Verdict.USAGE


class ToolMissing(CcciError):  # noqa: N818 -- reads as what happened
    """A tool that is needed is not installed, or too old."""


class CommandFailed(CcciError):  # noqa: N818
    """A tool that ccci ran for itself failed or ran out of time."""


class EngineUnavailable(CcciError):  # noqa: N818
    """The Engine cannot be used: no connection, no permission, not a manager, too old."""


class EngineError(CcciError):
    """The Engine answered a request with an error; `status` is HTTP's, 0 where there was none."""

    def __init__(self, status: int, message: str, hint: str = "") -> None:
        super().__init__(message, hint)
        self.status = status

    @property
    def is_absent(self) -> bool:
        """Say whether there is nothing by the name or id that was asked for (404)."""
        return self.status == _ABSENT

    @property
    def is_taken(self) -> bool:
        """Say whether something else has the name already (409)."""
        return self.status == _TAKEN


_ABSENT, _TAKEN = 404, 409

NO_ENGINE = "see whether DOCKER_HOST is a Docker Engine, and what lies between it and ccci"
NOT_WHOLE = "see what lies between ccci and the Engine, such as a proxy"
SEVERAL_MANAGERS = "see whether DOCKER_HOST leads to one manager, and not to several in turn"
"""The next step where an answer makes no sense, is not whole, or contradicts the one before."""


class ConnectionLost(EngineError):  # noqa: N818
    """The Engine gave no answer: the connection was refused or cut, or it took too long."""

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(0, message, hint or "see whether the Docker Engine is up and reachable")


class CheckoutFailed(CcciError):  # noqa: N818
    """A repository, ref or commit cannot be had."""


class DeployRefused(CcciError):  # noqa: N818
    """The deployer refuses the recipe before, or instead of, deploying it."""

    verdict = Verdict.DEPLOY_FAILED


class BaseBroken(CcciError):  # noqa: N818
    """There is no base that a head could be tested from."""

    verdict = Verdict.BASE_BROKEN


class Interrupted(BaseException):
    """The user, the CI or a closed terminal ended the run, by this signal.

    As KeyboardInterrupt it is no Exception, so that nothing takes it for a failure to deal with.
    """

    verdict = Verdict.INTERRUPTED

    def __init__(self, signal_number: int) -> None:
        self.message = INTERRUPTIONS.get(signal_number, f"ended by signal {signal_number}")
        self.hint = ""
        super().__init__(self.message)
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """Return the shell's code for the signal: 130 for SIGINT, 143 for SIGTERM."""
        return exit_code(self.verdict, self.signal_number)


INTERRUPTIONS = {
    1: "hung up (the terminal was closed)",
    2: "interrupted",
    3: "told to quit",
    15: "terminated",
}
"""The signals that end a run after its cleanup, in words."""

_NO_ROOM = {errno.ENOSPC: "make room on that disk", errno.EDQUOT: "make room, or raise the quota"}
_NO_RIGHT = {errno.EROFS, errno.EACCES, errno.EPERM}
_NO_PATH = {errno.ENAMETOOLONG, errno.ELOOP}
_LONGEST_SHOWN = 160
_TOO_MUCH = {errno.EMFILE, errno.ENFILE, errno.ENOMEM, errno.EAGAIN, errno.EIO}


def of_the_machine(error: Exception) -> CcciError | None:
    """Return what a failure of this machine means: no room, no right, no memory; else None.

    A path that no file can have was given by whoever called ccci, as a word or as a setting: what
    others wrote was refused where it was read.
    """
    if isinstance(error, MemoryError):
        return CcciError("this machine has no memory left for ccci", "give it more, or end others")
    if not isinstance(error, OSError):
        return None
    name = str(error.filename or "")
    where = name if len(name) <= _LONGEST_SHOWN else f"{name[:_LONGEST_SHOWN]}…"
    said = f"{where}: {error.strerror}" if where else str(error.strerror)
    if error.errno in _NO_PATH:
        return UsageError(said, "give the path of a file or folder")
    hint = _NO_ROOM.get(error.errno or 0, "")
    if error.errno in _NO_RIGHT:
        hint = "give the user that runs ccci the right, or another folder"
    if error.errno in _TOO_MUCH:
        hint = "see `dmesg`, `ulimit -a` and what else runs on this machine"
    return CcciError(said, hint) if hint else None
