"""What docker CLIs before 28.0 read in another way is noticed: they are built with go-yaml v2.

The answers of CLI 26.1.5 are recorded: for each file ours is the same, or it is told that theirs is
another one. What today's docker refuses is told anyhow.
"""

import json
from pathlib import Path
from typing import Any

import pytest
from support.recipes.compose_answers import OLDER, ours, write

from ccci.compose import Loader, Place, open_source
from ccci.compose.events import read

ENTRIES: list[dict[str, Any]] = json.loads(OLDER.read_text(encoding="utf-8"))


@pytest.mark.parametrize("entry", ENTRIES, ids=lambda entry: str(entry["name"]))
def test_what_an_older_docker_reads_otherwise_is_told(
    entry: dict[str, Any], tmp_path: Path
) -> None:
    (path,) = write(tmp_path, [entry["text"]])
    (answer, _), loaded = ours([path], {}), Loader({}).load([open_source("0.yml", path)])
    if loaded.fault is None:
        assert (answer != entry["answer"]) == bool(loaded.older)


def test_the_recording_holds_both_kinds() -> None:
    refused = [each["name"] for each in ENTRIES if each["answer"] is None]
    assert {"label no", "command"} <= set(refused)
    assert len(ENTRIES) - len(refused) > 20


@pytest.mark.parametrize("fast", [True, False])
def test_each_is_told_with_its_line(fast: bool) -> None:
    content = b"x-a: &a\n  k: no\nservices:\n  a:\n    k: 1\n    <<: *a\n    on: 2\n"
    told = [(each.line, each.what) for each in read(content, fast=fast)[1]]
    assert told == [
        (2, "reads `no` as false"),
        (7, "reads `on` as true"),
        (6, "lets `<<` override the `k` above it"),
    ]


def test_each_file_of_a_set_is_told_by_its_name(tmp_path: Path) -> None:
    first, second = write(tmp_path, ["services: {a: {image: a}}", "services: {a: {image: no}}"])
    loaded = Loader({}).load([open_source("a.yml", first), open_source("b.yml", second)])
    assert loaded.older == ((Place("b.yml", 1), "reads `no` as false"),)
