"""The table of wrongs that the tests are tried with, and what trying them tells."""

from collections import Counter
from pathlib import Path

import mutants
import pytest
from mutants import Outcome, Trial, Tried, Wrong, passed, table

ROOMS = {path.parent.name for path in (mutants.ROOT / "ccci").glob("*/__init__.py")}


def test_each_wrong_applies_once_and_has_tests_that_are_there() -> None:
    gone = [
        (wrong.file, wrong.old)
        for wrong in mutants.read()
        if (mutants.ROOT / "ccci" / wrong.file).read_text().count(wrong.old) != 1
        or wrong.old == wrong.new
    ]
    assert gone == []
    named = {test for wrong in mutants.read() for test in wrong.tests}
    assert named
    assert [test for test in named if not (mutants.ROOT / "tests" / "unit" / test).exists()] == []


def test_every_room_has_wrongs() -> None:
    counted = Counter(wrong.room.partition("/")[0] for wrong in mutants.read())
    assert {room for room in ROOMS | {"settings"} if counted[room] < 3} == set()


RIGHT = "LIMIT = 3\nUNUSED = 1\n"
TESTS = {
    "test_limit.py": "from ccci.app import LIMIT\n\ndef test_it():\n    assert LIMIT == 3\n",
    "test_red.py": "def test_it():\n    assert False\n",
    "test_odd.py": "import nowhere\n",
    "test_user.py": "import os\n\ndef test_it():\n    assert os.geteuid() != 0\n",
}


def tried(root: Path, *wrongs: Wrong) -> list[Tried]:
    """Try wrongs in a tree of one file and its tests, which stays as it is."""
    for path, text in {
        "ccci/__init__.py": "",
        "ccci/app.py": RIGHT,
        **{f"tests/unit/{name}": text for name, text in TESTS.items()},
        "pyproject.toml": "",
    }.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    found = list(Trial(root, root / "copies").each(list(enumerate(wrongs, 1))))
    assert (root / "ccci/app.py").read_text() == RIGHT
    return sorted(found, key=lambda each: each.number)


def wrong(old: str, new: str, tests: str = "test_limit.py") -> Wrong:
    return Wrong("app.py", old, new, (tests,))


@pytest.mark.slow
def test_a_wrong_is_noticed_missed_or_tells_nothing(tmp_path: Path) -> None:
    found = tried(
        tmp_path,
        wrong("LIMIT = 3", "LIMIT = 4"),
        wrong("UNUSED = 1", "UNUSED = 2"),
        wrong("LIMIT = 5", "LIMIT = 4"),
        wrong("LIMIT = 3", "LIMIT = 4", "test_red.py"),
        wrong("LIMIT = 3", "LIMIT = 4", "test_odd.py"),
        wrong("LIMIT = 3", "LIMIT ="),
    )
    assert [each.outcome for each in found] == [
        Outcome.NOTICED,
        Outcome.MISSED,
        Outcome.ELSEWHERE,
        Outcome.RED,
        Outcome.RED,
        Outcome.BROKEN,
    ]
    assert [found[0].by, found[3].by] == ["test_limit.py::test_it", "test_red.py::test_it"]


@pytest.mark.slow
def test_what_is_wrong_is_never_run_as_root(tmp_path: Path) -> None:
    found = tried(tmp_path, wrong("UNUSED = 1", "UNUSED = 2", "test_user.py"))
    assert [each.outcome for each in found] == [Outcome.MISSED]


def outcomes(*found: Outcome) -> list[Tried]:
    rooms = ("app.py", "swarm/judge/limits.py")
    return [
        Tried(number, Wrong(rooms[number % 2], "a", "b", ()), outcome)
        for number, outcome in enumerate(found)
    ]


@pytest.mark.parametrize(
    ("found", "enough"),
    [
        ([Outcome.NOTICED] * 10, True),
        ([Outcome.NOTICED] * 9 + [Outcome.MISSED], True),
        ([Outcome.NOTICED] * 8 + [Outcome.MISSED] * 2, False),
        ([Outcome.NOTICED] * 9 + [Outcome.RED], False),
        ([Outcome.NOTICED] * 9 + [Outcome.ELSEWHERE], False),
        ([Outcome.NOTICED] * 8 + [Outcome.ENDLESS] * 2, False),
        ([], False),
    ],
)
def test_nine_in_ten_are_to_be_noticed_and_each_is_to_tell_something(
    found: list[Outcome], *, enough: bool
) -> None:
    assert passed(outcomes(*found)) is enough


def test_the_table_counts_by_rooms() -> None:
    lines = [line.split() for line in table(outcomes(Outcome.NOTICED, Outcome.MISSED, Outcome.RED))]
    assert lines == [
        ["room", "wrongs", "noticed", "missed", "errors"],
        ["app", "2", "1", "0", "1"],
        ["swarm/judge", "1", "0", "1", "0"],
        ["all", "3", "1", "1", "1"],
    ]
