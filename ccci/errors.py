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
    Interrupted                  Ctrl-C or SIGTERM (130, 143); no CcciError

A recipe that fails is a value (a report), never one of these.
"""

from ccci.exits import SIGTERM_EXIT, Verdict


class CcciError(Exception):
    """ccci could not do its job; `message` says what happened, `hint` the next step."""

    verdict = Verdict.UNABLE

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    @property
    def exit_code(self) -> int:
        """Return the exit code of the verdict."""
        return self.verdict.exit_code


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
    """The user or the CI ended the run; `signal_number` is 2 or 15.

    As KeyboardInterrupt it is no Exception, so that nothing takes it for a failure to deal with.
    """

    verdict = Verdict.INTERRUPTED

    def __init__(self, signal_number: int) -> None:
        self.message = "interrupted" if signal_number == 2 else "terminated"  # noqa: PLR2004
        self.hint = ""
        super().__init__(self.message)
        self.signal_number = signal_number

    @property
    def exit_code(self) -> int:
        """Return 143 after SIGTERM, else 130."""
        return SIGTERM_EXIT if self.signal_number == 15 else self.verdict.exit_code  # noqa: PLR2004
