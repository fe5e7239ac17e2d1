"""Small wrongs put into ccci one at a time: do the tests without Swarm notice each?

    .venv/bin/python tests/mutants.py            all of them, a table, and the share noticed
    .venv/bin/python tests/mutants.py judge 12   those of files with `judge` in the path, and no. 12

The table is `tests/mutants.toml`. Each wrong is applied in a copy of the tree, and its tests are
run there, which have to pass as long as nothing is wrong. Where they do not, or where the old text
is not in its file exactly once, nothing is learned: that is an error, and to be mended. Tests that
do not end have noticed nothing. The goal is nine in ten.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
import tomllib
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from queue import SimpleQueue

from support.sandbox.swarms import NOBODY, NOBODYS_ID

ROOT = Path(__file__).parents[1]
SIDE_BY_SIDE = int(os.environ.get("MUTANTS_SIDE_BY_SIDE", "2"))
LONGEST = 300.0
GOAL = 0.9


class Outcome(StrEnum):
    """What came of a wrong; of the last three nothing is learned."""

    NOTICED = "noticed"
    MISSED = "missed"
    ENDLESS = "out of time"
    ELSEWHERE = "does not apply"
    RED = "red without it"
    BROKEN = "tests did not run"

    @property
    def tells(self) -> bool:
        """Say whether it tells something of the tests."""
        return self in {Outcome.NOTICED, Outcome.MISSED, Outcome.ENDLESS}


@dataclass(frozen=True)
class Wrong:
    """A text of a file replaced by another, and the tests that may notice."""

    file: str
    old: str
    new: str
    tests: tuple[str, ...]

    @property
    def room(self) -> str:
        """Return the part of ccci that it is in."""
        parts = Path(self.file).with_suffix("").parts
        return "/".join(parts[: 2 if parts[0] == "swarm" else 1])


def read(root: Path = ROOT) -> tuple[Wrong, ...]:
    """Return the wrongs of the table, whose tests are below `tests/unit`."""
    with (root / "tests" / "mutants.toml").open("rb") as file:
        table = tomllib.load(file)
    return tuple(
        Wrong(each["file"], each["old"], each["new"], tuple(each["tests"]))
        for each in table["wrong"]
    )


@dataclass(frozen=True)
class Tried:
    """What came of a wrong, after how many seconds, and which test failed first."""

    number: int
    wrong: Wrong
    outcome: Outcome
    seconds: float = 0.0
    by: str = ""


class Copy:
    """A copy of the tree, in which one wrong at a time is put."""

    def __init__(self, root: Path, folder: Path) -> None:
        self.folder = folder
        ignored = shutil.ignore_patterns("__pycache__", "*.pyc")
        for part in ("ccci", "tests", "docs"):
            if (root / part).is_dir():
                shutil.copytree(root / part, folder / part, ignore=ignored)
        for part in ("pyproject.toml", "README.md", "CHANGELOG.md"):
            if (root / part).is_file():
                shutil.copy(root / part, folder / part)
        self._as: tuple[str, ...] = ()
        if os.geteuid() == 0:
            self._as = NOBODY
            for path in (folder, *folder.rglob("*")):
                shutil.chown(path, NOBODYS_ID, NOBODYS_ID)

    @contextmanager
    def wrong(self, wrong: Wrong) -> Iterator[bool]:
        """Put a wrong in for the block; say whether its text is there, once."""
        target = self.folder / "ccci" / wrong.file
        whole = target.read_text(encoding="utf-8") if target.is_file() else ""
        if whole.count(wrong.old) != 1 or wrong.old == wrong.new:
            yield False
            return
        try:
            self._put(target, whole.replace(wrong.old, wrong.new))
            yield True
        finally:
            self._put(target, whole)

    def _put(self, target: Path, text: str) -> None:
        target.write_text(text, encoding="utf-8")
        # It is taken for current by its size and a time in whole seconds, which may be the same.
        for compiled in (target.parent / "__pycache__").glob(f"{target.stem}.*.pyc"):
            compiled.unlink()

    def tests(self, names: Iterable[str]) -> tuple[int | None, str]:
        """Run tests up to the first that fails; return the exit code, None out of time, and it."""
        argv = [*self._as, sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider"]
        argv += [f"tests/unit/{each}" for each in names]
        environment = {**os.environ, "PYTHONPATH": str(self.folder), "HOME": str(self.folder)}
        for name in ("PYTEST_ADDOPTS", "PYTHONDONTWRITEBYTECODE"):  # what is read is its summary
            environment.pop(name, None)
        try:
            done = subprocess.run(
                argv,
                cwd=self.folder,
                env=environment,
                capture_output=True,
                timeout=LONGEST,
                check=False,
                text=True,
                errors="replace",
            )
        except subprocess.TimeoutExpired:
            return None, ""
        failed = (each for each in done.stdout.splitlines() if each.startswith(("FAILED", "ERROR")))
        first = next(failed, "").partition(" ")[2].partition(" - ")[0]
        return done.returncode, first.removeprefix("tests/unit/")


class Trial:
    """Tries wrongs in copies of a tree, some side by side."""

    def __init__(self, root: Path, folder: Path, side_by_side: int = SIDE_BY_SIDE) -> None:
        self._pool = ThreadPoolExecutor(side_by_side)
        self._free: SimpleQueue[Copy] = SimpleQueue()
        for number in range(side_by_side):
            self._free.put(Copy(root, folder / str(number)))

    def each(self, wrongs: Sequence[tuple[int, Wrong]]) -> Iterator[Tried]:
        """Yield what came of each wrong, in their order; their tests are run without it first."""
        tests = tuple(dict.fromkeys(wrong.tests for _, wrong in wrongs))
        with self._pool:
            found = dict(zip(tests, self._pool.map(self._without, tests), strict=True))
            red = {each: failed for each, (code, failed) in found.items() if code != 0}
            for number, wrong in wrongs:
                if wrong.tests in red:
                    yield Tried(number, wrong, Outcome.RED, by=red[wrong.tests])
            sound = [(number, wrong) for number, wrong in wrongs if wrong.tests not in red]
            yield from self._pool.map(lambda one: self._attempt(*one), sound)

    @contextmanager
    def _copy(self) -> Iterator[Copy]:
        copy = self._free.get()
        try:
            yield copy
        finally:
            self._free.put(copy)

    def _without(self, tests: tuple[str, ...]) -> tuple[int | None, str]:
        with self._copy() as copy:
            return copy.tests(tests)

    def _attempt(self, number: int, wrong: Wrong) -> Tried:
        begun = time.monotonic()
        with self._copy() as copy, copy.wrong(wrong) as there:
            if not there:
                return Tried(number, wrong, Outcome.ELSEWHERE)
            code, by = copy.tests(wrong.tests)
        outcome = {None: Outcome.ENDLESS, 0: Outcome.MISSED, 1: Outcome.NOTICED}
        seconds = time.monotonic() - begun
        return Tried(number, wrong, outcome.get(code, Outcome.BROKEN), seconds, by)


def chosen(words: Sequence[str], wrongs: Sequence[Wrong]) -> list[tuple[int, Wrong]]:
    """Return the wrongs that the command line names, by number or by a part of their file."""
    numbered = list(enumerate(wrongs, 1))
    if not words:
        return numbered
    return [
        (number, wrong)
        for number, wrong in numbered
        if any(word == str(number) or word in wrong.file for word in words)
    ]


def table(tried: Sequence[Tried]) -> Iterator[str]:
    """Yield the lines of a table of the rooms, the sum at the end."""

    def row(name: str, those: Sequence[Tried]) -> str:
        counted = [sum(fits(each.outcome) for each in those) for fits in columns]
        return f"{name:16}" + "".join(f"{each:9}" for each in (len(those), *counted))

    columns: tuple[Callable[[Outcome], bool], ...] = (
        lambda outcome: outcome is Outcome.NOTICED,
        lambda outcome: outcome.tells and outcome is not Outcome.NOTICED,
        lambda outcome: not outcome.tells,
    )
    yield f"{'room':16}{'wrongs':>9}{'noticed':>9}{'missed':>9}{'errors':>9}"
    for room in sorted({each.wrong.room for each in tried}):
        yield row(room, [each for each in tried if each.wrong.room == room])
    yield row("all", tried)


def passed(tried: Sequence[Tried]) -> bool:
    """Say whether enough of them were noticed, and something was learned of each."""
    noticed = sum(each.outcome is Outcome.NOTICED for each in tried)
    return all(each.outcome.tells for each in tried) and noticed >= GOAL * len(tried) > 0


def main() -> int:
    """Try the wrongs, print a table, and return 0 where enough of them were noticed."""
    tried = []
    begun = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="ccci-mutants-") as name:
        for each in Trial(ROOT, Path(name)).each(chosen(sys.argv[1:], read())):
            tried.append(each)
            what = " ".join(each.wrong.new.split())[:50] or "(left out)"
            print(
                f"{each.number:3} {each.outcome:17} {each.seconds:4.0f} s  {each.wrong.file}: "
                f"{what}  {each.by}",
                flush=True,
            )
    print(*table(tried), sep="\n")
    noticed = sum(each.outcome is Outcome.NOTICED for each in tried)
    share = noticed / len(tried) if tried else 0.0
    print(f"{noticed} of {len(tried)} ({share:.0%}) in {time.monotonic() - begun:.0f} s")
    return 0 if passed(tried) else 1


if __name__ == "__main__":
    sys.exit(main())
