"""The HTML page in a real browser: it fits a phone, asks for nothing, and complains of nothing."""

import os
import struct
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.browser import Browser, browser

PAGES = sorted((Path(__file__).parents[1] / "unit" / "report" / "golden" / "pages").glob("*.html"))
SHOWN = "killed-beside-the-old-task"
PICTURE = Path(__file__).parents[2] / "docs" / "images" / "a-failure.png"
"""One failure as the page shows it; `CCCI_TEST_WRITE_GOLDEN=1` takes it anew."""

pytestmark = pytest.mark.soak


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    with browser() as started:
        yield started


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.stem)
@pytest.mark.parametrize("dark", [False, True], ids=["light", "dark"])
@pytest.mark.parametrize("width", [320, 1000])
def test_a_page_fits_asks_for_nothing_and_complains_of_nothing(
    path: Path, width: int, chromium: Browser, *, dark: bool
) -> None:
    seen = chromium.open(path, width, dark=dark)
    assert seen.width <= width
    assert seen.asked == [path.as_uri()]
    assert seen.complaints == []
    assert seen.pictures == path.read_text(encoding="utf-8").count("<svg")
    ground = chromium.evaluate("getComputedStyle(document.body).backgroundColor")
    assert (ground == "rgb(255, 255, 255)") is not dark


def test_what_is_unfolded_fits_as_well(chromium: Browser) -> None:
    for path in PAGES:
        chromium.open(path, 320)
        chromium.evaluate("document.querySelectorAll('details').forEach(e => e.open = true)")
        assert chromium.evaluate("document.documentElement.scrollWidth") <= 320


def test_the_picture_in_the_docs_is_small_and_of_this_page(chromium: Browser) -> None:
    chromium.open(next(each for each in PAGES if each.stem == SHOWN), 900)
    end = chromium.evaluate("document.querySelector('article').getBoundingClientRect().bottom")
    if os.environ.get("CCCI_TEST_WRITE_GOLDEN"):
        PICTURE.parent.mkdir(exist_ok=True)
        PICTURE.write_bytes(chromium.picture(int(end) + 16))
    size = struct.unpack(">II", PICTURE.read_bytes()[16:24])
    assert size == (900, int(end) + 16)
    assert PICTURE.stat().st_size < 150_000


def test_a_page_that_breaks_the_rules_is_found_out(chromium: Browser, tmp_path: Path) -> None:
    page = PAGES[0].read_text(encoding="utf-8")
    bad = tmp_path / "bad.html"
    wide = '<p style="width:900px">x</p><script>x</script><img src="http://127.0.0.1:1/x.png">'
    bad.write_text(page.replace("<main>", f"<main>{wide}"), encoding="utf-8")
    seen = chromium.open(bad, 320)
    assert seen.width > 320
    assert seen.complaints
