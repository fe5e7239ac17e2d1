"""Start ccci: `python -m ccci` and the console script."""

import gc
import os
import signal
import sys

from ccci import __version__

try:
    import fcntl  # noqa: F401
except ImportError:
    _HAS_LOCKS = False
else:
    _HAS_LOCKS = True

_OLDEST = (3, 11)


def main() -> None:
    """Run the command line; `--version` alone is answered without loading anything else."""
    # Until ccci hears signals itself, Ctrl-C ends it as any program, not with a traceback.
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, signal.SIG_DFL)
    unsupported = _unsupported()
    if unsupported:
        sys.stderr.write(f"Error: {unsupported}\n")
        sys.exit(3)
    if sys.argv[1:] == ["--version"] and _says(f"ccci {__version__}\n"):
        return
    # What is imported stays to the end: to look through it for garbage meanwhile, and once more
    # at the exit, takes a fifth of a short verb's time. `cli` begins once the verb is imported.
    gc.disable()
    if "_CCCI_COMPLETE" in os.environ:
        from ccci.commands.completion import answer  # noqa: PLC0415 -- only for a shell

        answer(sys.argv[1:])
    from ccci.cli import run  # noqa: PLC0415 -- `--version` needs nothing of it

    run()


def _says(line: str) -> bool:
    """Print a line, and say whether it could be; else the command line ends as it always does."""
    try:
        sys.stdout.write(line)
        sys.stdout.flush()
    except (OSError, AttributeError):  # a full disk, a lost reader; a stream closed from the start
        return False
    return True


def _unsupported() -> str:
    """Return why ccci cannot run here at all, in one sentence; nothing where it can."""
    if sys.version_info < _OLDEST:
        found = ".".join(map(str, sys.version_info[:2]))
        return f"ccci needs Python 3.11 or newer, and this is {found} ({sys.executable})."
    if not _HAS_LOCKS:
        return (
            f"ccci runs on Linux and macOS, and not on {sys.platform}: use it in WSL, in a "
            "container, or on a manager of the swarm."
        )
    return ""


if __name__ == "__main__":
    main()
