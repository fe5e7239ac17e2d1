"""Small wrongs put into ccci one at a time: do the tests without Swarm notice each?

    .venv/bin/python tests/mutants.py            all of them, a table, and the share noticed
    .venv/bin/python tests/mutants.py judge 12   those of files with `judge` in the path, and no. 12

The table is `tests/mutants.toml`. Each wrong is applied in a copy of the tree, and the tests of its
room are run there. One whose old text is not in its file exactly once does not apply any more:
rewrite it. Tests that do not end have noticed nothing. The goal is nine in ten.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[1]
SIDE_BY_SIDE = int(os.environ.get("MUTANTS_SIDE_BY_SIDE", "2"))
TABLE = ROOT / "tests" / "mutants.toml"
LONGEST = 300.0
GOAL = 0.9


@dataclass(frozen=True)
class Wrong:
    """A text of a file replaced by another, and the tests that may notice."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]


def read() -> tuple[Wrong, ...]:
    """Return the wrongs of the table."""
    with TABLE.open("rb") as file:
        table = tomllib.load(file)
    return tuple(
        Wrong(each["file"], each["old"], each["new"], tuple(table["tests"][each["tests"]]))
        for each in table["wrong"]
    )


@dataclass(frozen=True)
class Tried:
    """What came of a wrong: `noticed`, `missed`, `out of time`, or that it does not apply."""

    number: int
    wrong: Wrong
    outcome: str
    seconds: float = 0.0


def attempt(number: int, wrong: Wrong) -> Tried:
    """Apply a wrong in a copy of the tree, and run its tests there."""
    with tempfile.TemporaryDirectory(prefix="ccci-mutant-") as name:
        copy = Path(name)
        for part in ("ccci", "tests", "docs"):
            ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
            shutil.copytree(ROOT / part, copy / part, ignore=ignored)
        for part in ("pyproject.toml", "README.md", "CHANGELOG.md"):
            shutil.copy(ROOT / part, copy / part)
        target = copy / "ccci" / wrong.file
        text = target.read_text(encoding="utf-8") if target.is_file() else ""
        if text.count(wrong.old) != 1:
            return Tried(number, wrong, "does not apply")
        target.write_text(text.replace(wrong.old, wrong.new), encoding="utf-8")
        begun = time.monotonic()
        argv = [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        argv += [f"tests/unit/{each}" for each in wrong.tests]
        environment = {**os.environ, "PYTHONPATH": str(copy), "PYTHONDONTWRITEBYTECODE": "1"}
        try:
            done = subprocess.run(
                argv, cwd=copy, env=environment, capture_output=True, timeout=LONGEST, check=False
            )
        except subprocess.TimeoutExpired:
            return Tried(number, wrong, "out of time", LONGEST)
        outcome = {0: "missed", 1: "noticed"}.get(done.returncode, "the tests did not run")
        return Tried(number, wrong, outcome, time.monotonic() - begun)


def chosen(words: list[str]) -> list[tuple[int, Wrong]]:
    """Return the wrongs that the command line names, by number or by a part of their file."""
    numbered = list(enumerate(read(), 1))
    if not words:
        return numbered
    return [
        (number, wrong)
        for number, wrong in numbered
        if any(word == str(number) or word in wrong.file for word in words)
    ]


def main() -> int:
    """Try the wrongs, print a table, and return 0 where enough of them were noticed."""
    wrongs = chosen(sys.argv[1:])
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        tried = []
        for each in pool.map(lambda one: attempt(*one), wrongs):
            tried.append(each)
            shown = " ".join(each.wrong.new.split())[:70]
            print(
                f"{each.number:3} {each.outcome:14} {each.seconds:5.0f} s  "
                f"{each.wrong.file}: {shown}",
                flush=True,
            )
    applied = [each for each in tried if each.outcome in {"noticed", "missed", "out of time"}]
    noticed = [each for each in applied if each.outcome == "noticed"]
    share = len(noticed) / len(applied) if applied else 0.0
    print(
        f"{len(noticed)} of {len(applied)} noticed ({share:.0%}), {len(tried) - len(applied)} void"
    )
    return 0 if share >= GOAL and len(applied) == len(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
