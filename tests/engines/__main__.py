"""Take the tests on a Swarm to the engine of each Debian, and print how they ended, in a table."""

import argparse
import os
import re
import signal
import sys
from dataclasses import dataclass
from pathlib import Path
from xml.etree import ElementTree as ET

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.debian.roots import RELEASES, Root, fresh

from ccci.errors import CcciError

CONSOLE = Console(width=118, highlight=False)
_RESULTS = "/tmp/results.xml"
_LONGEST = 2 * 3600.0
_TOLD = 60
"""How many lines a failure is told in: the system that it was in is gone by then."""


@dataclass(frozen=True, slots=True)
class Ended:
    """How the tests ended on one engine; `failed` tells of each that did not pass, at its end."""

    release: str
    versions: tuple[str, ...]
    tests: int
    failed: tuple[str, ...]
    seconds: float


def main() -> int:
    """Run them everywhere; return 1 when a test failed anywhere."""
    parser = argparse.ArgumentParser(prog="make engines", description=__doc__)
    parser.add_argument("--release", action="append", choices=RELEASES, help="this one alone")
    parser.add_argument("--workers", type=int, default=2 * (os.cpu_count() or 1))
    parser.add_argument("--only", default="", help="an expression of pytest -k")
    parser.add_argument("tests", nargs="*", default=["tests/integration"])
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the systems go, too
    ended = []
    for release in asked.release or RELEASES:
        CONSOLE.print(f"{release}: {' '.join(asked.tests)}")
        try:
            with fresh(release) as root:
                ended.append(_on(root, asked))
            passed = ended[-1].tests - len(ended[-1].failed)
            CONSOLE.print(f"{release}: {passed} of {ended[-1].tests} passed")
        except CcciError as error:
            CONSOLE.print(error.message, markup=False)
            return error.exit_code
    _print(ended)
    return 1 if any(each.failed or not each.tests for each in ended) else 0


def _on(root: Root, asked: argparse.Namespace) -> Ended:
    root.run("make", "setup", timeout=1800)
    only = ("-k", asked.only) if asked.only else ()
    side_by_side = ("-n", str(asked.workers), "--dist", "loadgroup")
    argv = (
        ".venv/bin/python",
        "-m",
        "pytest",
        "-q",
        *side_by_side,
        f"--junitxml={_RESULTS}",
        *only,
    )
    done = root.run(*argv, *asked.tests, check=False, timeout=_LONGEST)
    results = root.folder / _RESULTS.lstrip("/")
    if not results.exists():
        raise CcciError(f"no test ran on {root.release}:\n{done.tail(40)}")
    cases = list(ET.parse(results).iter("testcase"))  # noqa: S314 -- pytest wrote it
    return Ended(
        root.release,
        tuple(_version(root, tool) for tool in (("dockerd",), ("docker",), (".venv/bin/python",))),
        len(cases),
        tuple(sorted(filter(None, map(_failure, cases)))),
        done.seconds,
    )


def _version(root: Root, tool: tuple[str, ...]) -> str:
    told = root.run(*tool, "--version").stdout
    found = re.search(r"\d+(?:\.\d+)+", told)
    return found[0] if found else told.strip()


def _failure(case: ET.Element) -> str:
    for kind in ("failure", "error"):
        if (found := case.find(kind)) is not None:
            told = (found.text or found.get("message") or kind).splitlines()[-_TOLD:]
            return "\n  ".join((f"{case.get('classname')}::{case.get('name')}", *told))
    return ""


def _print(ended: list[Ended]) -> None:
    table = Table(
        "Debian", "engine", "docker CLI", "Python", "tests", "passed", "failed", "minutes"
    )
    for each in ended:
        counts = (each.tests, each.tests - len(each.failed), len(each.failed))
        minutes = f"{each.seconds / 60:.1f}"
        table.add_row(each.release, *each.versions, *map(str, counts), minutes)
    CONSOLE.print(table)
    for each in ended:
        for line in each.failed:
            CONSOLE.print(f"{each.release}: {line}", markup=False)


if __name__ == "__main__":
    sys.exit(main())
