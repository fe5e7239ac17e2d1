"""Which mode a spec asks for, read in one place."""

from typing import Any

import pytest

from ccci.planning.modes import counted, is_job, mode_of, modes_of


@pytest.mark.parametrize(
    ("said", "word", "stored"),
    [
        (None, "Replicated", {"Replicated": {"Replicas": 1}}),
        ({}, "Replicated", {"Replicated": {"Replicas": 1}}),
        ({"Replicated": None}, "Replicated", {"Replicated": {"Replicas": 1}}),
        ({"Replicated": {}}, "Replicated", {"Replicated": {"Replicas": 1}}),
        ({"Replicated": {"Replicas": 0}}, "Replicated", {"Replicated": {"Replicas": 0}}),
        ({"Global": {}}, "Global", {"Global": {}}),
        ({"GlobalJob": {}, "Replicated": None}, "GlobalJob", {"GlobalJob": {}, "Replicated": None}),
        (
            {"ReplicatedJob": {"MaxConcurrent": 3}},
            "ReplicatedJob",
            {"ReplicatedJob": {"MaxConcurrent": 3, "TotalCompletions": 3}},
        ),
        (
            {"ReplicatedJob": {"TotalCompletions": 2}},
            "ReplicatedJob",
            {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 2}},
        ),
    ],
)
def test_a_mode_has_its_word_and_the_counts_that_the_engine_fills_in(
    said: Any, word: str, stored: Any
) -> None:
    assert mode_of({"Mode": said}) == word
    assert counted({"Mode": said}) == stored
    assert is_job({"Mode": said}) is word.endswith("Job")


def test_a_null_names_no_mode_and_an_empty_object_names_one() -> None:
    assert modes_of({"Mode": {"Replicated": None, "Global": {}}}) == ["Global"]
    assert modes_of({}) == []
