"""What others printed, short enough to be read."""

import pytest

from ccci.report.quoting import LONGEST, brief, quoted

PAGE = (
    "exit 22: <!DOCTYPE html>\n<html><head><title>502\nBad Gateway</title></head><body>"
    + "<p>x</p>" * 300
)


def test_a_line_of_a_megabyte_is_cut() -> None:
    assert brief("x" * 1_000_000) == "x" * (LONGEST - 1) + "…"


def test_a_web_page_is_told_by_its_title() -> None:
    assert brief(PAGE) == f"exit 22: (a web page '502 Bad Gateway', {len(PAGE)} characters)"
    assert brief("<html>" + "y" * 100) == "(a web page, 106 characters)"


def test_equal_ones_are_folded_and_counted() -> None:
    assert quoted("probe", ("a", "a", "a", "b"), 5) == [("probe", "| a  (3 times)"), ("", "| b")]


def test_what_is_left_out_is_counted() -> None:
    rows = quoted("log", [str(number) for number in range(10)], 3)
    assert rows == [("log", "| … 8 earlier"), ("", "| 8"), ("", "| 9")]
    assert quoted("probe", ("a", "b", "c"), 2) == [("probe", "| … 2 earlier"), ("", "| c")]
    folded = quoted("probe", ("a", "a", "b", "c"), 2)
    assert folded == [("probe", "| … 3 earlier"), ("", "| c")]
    assert quoted("probe", ("a", "b"), 2) == [("probe", "| a"), ("", "| b")]
    assert quoted("probe", ("a", "b"), 1) == [("probe", "| b")]


@pytest.mark.slow
def test_a_megabyte_of_tags_takes_no_time() -> None:
    assert len(brief("<html><title" * 100_000)) <= LONGEST
