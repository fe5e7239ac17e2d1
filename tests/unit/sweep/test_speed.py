"""A folder of 300 recipes is swept in less than 2 seconds of one process."""

from bench.sweep import BUDGET, FOLDER_BUDGET, measure


def test_three_hundred_recipes_take_less_than_two_seconds() -> None:
    seconds, services = measure(300)
    assert seconds < FOLDER_BUDGET
    assert services / seconds > BUDGET
