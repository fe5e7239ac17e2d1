"""Our reader and `docker stack config` give the same answer, over made-up compose files.

The answers of docker CLI 28.2.2 are recorded and always replayed; where the CLI at hand has
`stack config` (from 23.0; no daemon is needed), fresh files are put to it as well.
"""

import json
import tempfile
from pathlib import Path
from typing import Any

import pytest
from compose_answers import RECORDED, docker, dockers, ours, write
from compose_documents import VARIABLES, documents
from hypothesis import given, settings
from hypothesis import strategies as st

CORNERS: list[dict[str, Any]] = json.loads(
    (RECORDED.parent / "corners-cli-28.json").read_text(encoding="utf-8")
)
ANSWERS: list[dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))


@pytest.mark.parametrize("number", range(len(ANSWERS)))
def test_a_recorded_answer_of_docker_is_ours_too(number: int, tmp_path: Path) -> None:
    recorded = ANSWERS[number]
    answer, said = ours(write(tmp_path, recorded["files"]), VARIABLES)
    assert answer == recorded["answer"], said or recorded["said"]
    assert (answer is None) == bool(said)


@pytest.mark.parametrize("corner", CORNERS, ids=lambda corner: str(corner["name"]))
def test_a_corner_is_taken_by_the_versions_that_docker_takes_it_in(
    corner: dict[str, Any], tmp_path: Path
) -> None:
    found = {}
    for version in corner["accepted"]:
        head = "" if version == "none" else f"version: '{version}'\n"
        paths = write(tmp_path, [head + corner["text"]])
        found[version] = ours(paths, {})[0] is not None
    assert found == corner["accepted"]


def test_the_recording_holds_both_kinds_of_answers() -> None:
    accepted = sum(each["answer"] is not None for each in ANSWERS)
    assert accepted > 50
    assert len(ANSWERS) - accepted > 50


if docker() is not None:

    @settings(max_examples=60, deadline=None)
    @given(st.lists(documents(), min_size=1, max_size=2))
    def test_docker_gives_the_same_answer_to_fresh_files(contents: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            paths = write(Path(folder), contents)
            expected, said = dockers(paths, VARIABLES)
            found, complaint = ours(paths, VARIABLES)
        assert found == expected, said or complaint
