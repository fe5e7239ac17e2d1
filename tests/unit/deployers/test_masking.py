"""Which values of an app are hidden, as its recipe is."""

from pathlib import Path

import pytest
from support.recipes.abra_stand_in import make_app

from ccci.deployers.masking import masks_of

pytestmark = pytest.mark.slow

SAMPLE = "DOMAIN=shop.example.com\nTHEME=autumn-leaves\nADMIN_PASSWORD=change-me\n"
FILES = {".env.sample": SAMPLE, "abra.sh": "export BANNER=welcome-to-all\n"}


def test_what_the_recipe_shows_is_public_but_its_passwords_and_the_rest_is_hidden(
    tmp_path: Path,
) -> None:
    app = make_app(tmp_path, "shop-mine.test", FILES)
    values = {
        "THEME": "autumn-leaves",
        "ADMIN_PASSWORD": "change-me",
        "BANNER": "welcome-to-all",
        "ODDLY_NAMED": "correcthorse",
        "TITLE_TEXT": "shop-mine",
    }
    assert masks_of(app, values) == ("change-me", "correcthorse")


def test_a_sample_that_cannot_be_read_makes_nothing_public(tmp_path: Path) -> None:
    app = make_app(tmp_path, "shop-mine.test", FILES)
    sample = app.checkout / ".env.sample"
    sample.unlink()
    sample.symlink_to(sample)
    assert masks_of(app, {"THEME": "autumn-leaves"}) == ("autumn-leaves",)
