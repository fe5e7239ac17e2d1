"""A recording comes from anywhere: whatever was made of one, it is told or refused, and no more."""

import json
import random
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ccci.errors import CcciError
from ccci.records.reopening import of_trace
from ccci.report.model import document
from ccci.report.text import story

RECORDINGS = sorted((Path(__file__).parents[2] / "recordings" / "rollouts").glob("*.jsonl"))
SMALL = [path for path in RECORDINGS if path.stat().st_size < 100_000]
ODD: list[Any] = [
    *(
        None,
        5,
        -1,
        True,
        0.5,
        1e300,
        -1e300,
        10**25,
        "",
        "x",
        [],
        [1],
        [None],
        [[[]]],
        {},
        {"x": 1},
    ),
    *("9" * 5000, "\ud800", "\x1b[2J", "masked:000000000000", "updating", "rollback_completed"),
    *("0001-01-01T00:00:00Z", "2026-13-45T99:99:99Z", "2026-11-23T21:31:45.123456789123Z"),
    "9999-12-31T23:59:59.999999999+23:59",
]


@cache
def lines_of(path: Path) -> tuple[str, ...]:
    return tuple(path.read_text(encoding="utf-8").splitlines())


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    inner = value.items() if isinstance(value, dict) else enumerate(value)
    for key, each in inner:
        yield (*path, key)
        if isinstance(each, (dict, list)):
            yield from places(each, (*path, key))


def changed(line: str, rng: random.Random) -> str:
    """Return a line with one thing in it odd, gone or doubled; often near the top."""
    entry = json.loads(line)
    every = list(places(entry))
    place = min(rng.sample(every, min(len(every), rng.choice([1, 1, 3]))), key=len)
    holder = entry
    for key in place[:-1]:
        holder = holder[key]
    how = rng.random()
    if how < 0.2:
        del holder[place[-1]]
    elif how < 0.3 and isinstance(holder, list):
        holder.insert(place[-1], holder[place[-1]])
    else:
        holder[place[-1]] = rng.choice(ODD)
    return json.dumps(entry)


def mutated(path: Path, rng: random.Random) -> str:
    lines = list(lines_of(path))
    for _ in range(rng.choice([1, 1, 2, 4])):
        number = rng.randrange(len(lines))
        lines[number] = changed(lines[number], rng)
    if rng.random() < 0.1:
        rng.shuffle(lines)
    if rng.random() < 0.1:
        lines.insert(rng.randrange(len(lines)), lines[rng.randrange(len(lines))])
    if rng.random() < 0.05:
        lines[rng.randrange(len(lines))] = '{"kind":"note","x":' + "[" * 20_000
    return "\n".join(lines) + "\n" * (rng.random() < 0.9)


def tell(path: Path, text: str) -> None:
    """Tell a recording in every form; a traceback fails."""
    path.write_text(text, encoding="utf-8", errors="backslashreplace")
    try:
        report = of_trace(path)
    except CcciError:
        return
    assert story(report, 100)
    assert json.dumps(document(report))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(SMALL), st.integers(0, 2**32))
def test_a_recording_that_was_changed_is_told_or_refused(
    tmp_path: Path, path: Path, seed: int
) -> None:
    tell(tmp_path / "trace.jsonl", mutated(path, random.Random(seed)))  # noqa: S311


@pytest.mark.soak
@pytest.mark.parametrize("part", range(10))
def test_ten_thousand_changed_recordings(tmp_path: Path, part: int) -> None:
    rng = random.Random(part)  # noqa: S311
    for _ in range(1000):
        tell(tmp_path / "trace.jsonl", mutated(rng.choice(RECORDINGS), rng))
