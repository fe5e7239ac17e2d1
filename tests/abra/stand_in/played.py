"""What is played: the release with its flags, the known failures, and how either is told."""

import os
import sys

VERSION = os.environ.get("STAND_IN_ABRA_VERSION", "0.13.0-beta-06a57de")
MODES = set(filter(None, os.environ.get("STAND_IN_ABRA_MODE", "").split(",")))
_DIGITS = "".join(sign if sign.isdecimal() else " " for sign in VERSION)
NUMBERS = tuple(int(part) for part in _DIGITS.split()[:3])
# urfave/cli up to 0.9, cobra since 0.10 (LIKELY; programs that use 0.13 as a library import cobra).
URFAVE = NUMBERS < (0, 10, 0)

# CONFIRMED lores, cc-ci and the workshop for those that ccci uses; the rest LIKELY.
GLOBAL = {"-n/--no-input", "-o/--offline", "-d/--debug", "-h/--help", "-v/--version"}
VERBS: dict[tuple[str, ...], set[str]] = {
    ("app", "new"): {"-D/--domain=", "-s/--server=", "-S/--secrets", "-p/--pass", "-C/--chaos"},
    ("app", "deploy"): {
        *("-C/--chaos", "-f/--force", "-c/--no-converge-checks", "-D/--no-domain-checks"),
    },
    ("app", "undeploy"): {"-p/--prune"},
    ("app", "secret", "generate"): {"-a/--all", "-m/--machine", "-p/--pass", "-C/--chaos"},
    ("app", "ls"): {"-m/--machine", "-s/--server=", "-S/--status"},
    ("server", "add"): {"-l/--local"},
}
if NUMBERS >= (0, 12, 0):
    VERBS["app", "deploy"] |= {"-L/--latest", "--show-unchanged"}  # LIKELY: names of variables
if "no-converge-flag" in MODES:
    VERBS["app", "deploy"] -= {"-c/--no-converge-checks"}
if "no-chaos-flag" in MODES:
    VERBS["app", "deploy"] -= {"-C/--chaos"}
if "new-moves" in MODES:
    VERBS["app", "new"] -= {"-C/--chaos"}
if "no-offline-flag" in MODES:
    GLOBAL -= {"-o/--offline"}


class FatalError(Exception):
    """What the real one ends with: one line on standard output and exit 1."""


def fatal_line(text: str) -> None:
    # CONFIRMED cc-ci commit d87cb8e: FATA is written to standard output in 0.13.0-beta.
    # CONFIRMED log: four letters, exit 1; logrus printed `FATA[0000] text` to standard error.
    if URFAVE:
        print(f"FATA[0000] {text}", file=sys.stderr, flush=True)
    elif sys.stdout.isatty():
        print(f"\x1b[1;38;5;134mFATA\x1b[0m {text}", flush=True)
    else:
        print(f"FATA {text}", flush=True)


def info(text: str) -> None:
    if "silent" not in MODES:
        print(f"INFO {text}", flush=True)
