"""Findings that are accepted: until a day, for a reason, and no longer than they are found."""

from datetime import date
from pathlib import Path

import pytest

from ccci.errors import UsageError
from ccci.sweep.exceptions import applied, read
from ccci.sweep.inventory import find
from ccci.sweep.model import Sweep
from ccci.sweep.static import Settings, sweep

RISKY = """\
services:
  app:
    image: nginx:1.25.3
    deploy: {update_config: {failure_action: rollback, order: start-first}}
"""
ENTRY = '[[exception]]\nrule = "ccci001"\nuntil = 2027-03-31\nreason = "stateless"\n'


def judged(tmp_path: Path, entry: str, today: date = date(2027, 3, 31)) -> Sweep:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / "compose.yml").write_text(RISKY)
    path = tmp_path / "exceptions.toml"
    path.write_text(entry)
    return applied(sweep(find([str(folder)]), Settings({}, {})), read(path), today)


@pytest.mark.parametrize(
    "more", ["", 'recipe = "shop"', 'service = "app"', 'file = "shop/compose.yml"']
)
def test_what_is_accepted_is_no_finding_until_its_day_is_over(tmp_path: Path, more: str) -> None:
    found = judged(tmp_path, f"{ENTRY}{more}\n")
    assert "CCCI001" not in {each.rule for each in found.findings}
    (answered,) = (each for each in found.ignored if each.rule == "CCCI001")
    assert answered.excepted
    assert found.notes == ()


def test_the_day_after_it_is_a_finding_again_and_said(tmp_path: Path) -> None:
    found = judged(tmp_path, ENTRY, date(2027, 4, 1))
    assert "CCCI001" in {each.rule for each in found.findings}
    assert "ended on 2027-03-31" in found.notes[0]


@pytest.mark.parametrize("more", ['recipe = "other"', 'service = "db"', 'file = "hop/compose.yml"'])
def test_an_exception_for_something_else_answers_nothing_and_is_said(
    tmp_path: Path, more: str
) -> None:
    found = judged(tmp_path, f"{ENTRY}{more}\n")
    assert "CCCI001" in {each.rule for each in found.findings}
    assert "answers nothing" in found.notes[0]


@pytest.mark.parametrize(
    "text",
    [
        ENTRY.replace("reason", "because"),
        ENTRY.replace('reason = "stateless"\n', ""),
        ENTRY.replace('"stateless"', '" "'),
        ENTRY.replace("2027-03-31", '"soon"'),
        ENTRY.replace("until = 2027-03-31\n", ""),
        ENTRY.replace("[[exception]]", "[exception]"),
        "exception = 1",
        "a = [",
        "\x00",
    ],
)
def test_an_exception_without_a_day_or_a_reason_is_none(tmp_path: Path, text: str) -> None:
    path = tmp_path / "exceptions.toml"
    path.write_text(text)
    with pytest.raises(UsageError):
        read(path)
