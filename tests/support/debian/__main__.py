"""`python -m support.debian RELEASE COMMAND…`: run a command in a fresh minimal Debian."""

import argparse
import sys

from support.debian.roots import RELEASES, fresh

from ccci.errors import CcciError


def main() -> int:
    """Run it, print what it printed, and return its exit code."""
    parser = argparse.ArgumentParser(prog="python -m support.debian", description=__doc__)
    parser.add_argument("--package", action="append", default=[], help="install this one first")
    parser.add_argument("--timeout", type=float, default=3600.0, help="seconds")
    parser.add_argument("release", choices=RELEASES)
    parser.add_argument("command", nargs=argparse.REMAINDER)
    asked = parser.parse_args()
    try:
        with fresh(asked.release, *asked.package) as root:
            done = root.run(*asked.command, check=False, timeout=asked.timeout)
    except CcciError as error:
        print(error.message, file=sys.stderr)
        return error.exit_code
    print(done.stdout, end="")
    print(done.stderr, end="", file=sys.stderr)
    print(f"exit code {done.code} after {done.seconds:.0f} s", file=sys.stderr)
    return done.code


if __name__ == "__main__":
    sys.exit(main())
