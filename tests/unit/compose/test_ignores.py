"""`# ccci: ignore`: which service, or the whole file, a comment speaks of."""

from pathlib import Path

import pytest

from ccci.compose import open_source

FILE = """\
# ccci: ignore CCCI001 the whole file
services:
  # ccci: ignore CCCI002 above app
  app:
    image: x  # ccci: ignore CCCI003, CCCI004 inside app
    # ccci: ignore CCCI005 in app

    deploy: {}
    # ccci: ignore CCCI006 the end of app

  # ccci: ignore CCCI007 above db

  db:
    image: y
# ccci: ignore CCCI008 the whole file again
networks:
  # ccci: ignore CCCI009 no service here
  one:
"""


@pytest.fixture
def spoken(tmp_path: Path) -> dict[str, str | None]:
    path = tmp_path / "x.yml"
    path.write_text(FILE)
    source = open_source("x.yml", path)
    return {rule: each.service for each in source.ignores for rule in each.rules}


def test_a_comment_speaks_of_the_service_around_or_below_it(
    spoken: dict[str, str | None],
) -> None:
    assert spoken == {
        "CCCI001": None,
        "CCCI002": "app",
        "CCCI003": "app",
        "CCCI004": "app",
        "CCCI005": "app",
        "CCCI006": "app",
        "CCCI007": "db",
        "CCCI008": None,
        "CCCI009": None,
    }


def test_the_reason_is_kept(tmp_path: Path) -> None:
    path = tmp_path / "x.yml"
    path.write_text("services:\n  a:\n    # ccci: ignore CCCI001: known, and fine\n    image: x\n")
    (ignore,) = open_source("x.yml", path).ignores
    assert ignore.reason == "known, and fine"
