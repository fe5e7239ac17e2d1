"""Our reader and `docker stack config` give the same answer, over made-up compose files.

The answers of docker CLI 28.2.2 are recorded and always replayed; where the CLI at hand has
`stack config` and today's YAML (from 28.0; no daemon is needed), fresh files are put to it as well.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.recipes.compose_answers import DIALECTS, RECORDED, docker, dockers, ours, write
from support.recipes.compose_documents import VARIABLES, documents

CORNERS: list[dict[str, Any]] = json.loads(
    (RECORDED.parent / "corners-cli-28.json").read_text(encoding="utf-8")
)
ANSWERS: list[dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))
DIALECT: list[dict[str, Any]] = json.loads(DIALECTS.read_text(encoding="utf-8"))


# Each of these goes through a whole table and names every row that is wrong: a test for each of a
# thousand rows would take longer to start and to report than to run.


@pytest.mark.slow
def test_what_go_reads_in_a_way_of_its_own_is_read_so(tmp_path: Path) -> None:
    wrong = {}
    for number, recorded in enumerate(DIALECT):
        answer, said = ours(write(tmp_path, [recorded["file"]]), recorded["variables"])
        if answer != recorded["answer"]:
            wrong[number] = recorded["file"], recorded["answer"], answer, said or recorded["said"]
    assert not wrong


def test_a_recorded_answer_of_docker_is_ours_too(tmp_path: Path) -> None:
    wrong = {}
    for number, recorded in enumerate(ANSWERS):
        answer, said = ours(write(tmp_path, recorded["files"]), VARIABLES)
        if answer != recorded["answer"] or (answer is None) != bool(said):
            wrong[number] = recorded["files"], recorded["answer"], answer, said or recorded["said"]
    assert not wrong


@pytest.mark.slow
def test_a_corner_is_taken_by_the_versions_that_docker_takes_it_in(tmp_path: Path) -> None:
    wrong = {}
    for corner in CORNERS:
        found = {}
        for version in corner["accepted"]:
            head = "" if version == "none" else f"version: '{version}'\n"
            paths = write(tmp_path, [head + corner["text"]])
            found[version] = ours(paths, {})[0] is not None
        if found != corner["accepted"]:
            wrong[corner["name"]] = corner["text"], corner["accepted"], found
    assert not wrong


def test_the_recording_holds_both_kinds_of_answers() -> None:
    accepted = sum(each["answer"] is not None for each in ANSWERS)
    assert accepted > 50
    assert len(ANSWERS) - accepted > 50


if docker() is not None:

    @pytest.mark.slow
    @settings(max_examples=examples(60), deadline=None)
    @given(st.lists(documents(), min_size=1, max_size=2))
    def test_docker_gives_the_same_answer_to_fresh_files(contents: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            paths = write(Path(folder), contents)
            expected, said = dockers(paths, VARIABLES)
            found, complaint = ours(paths, VARIABLES)
        assert found == expected, said or complaint
