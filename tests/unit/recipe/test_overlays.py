from pathlib import Path

import pytest

from ccci.errors import UsageError
from ccci.recipe import overlays


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "overlay.yml"
    path.write_text(text)
    return path


def test_the_reason_is_the_comment_that_an_overlay_begins_with(tmp_path: Path) -> None:
    text = "# This host is slow:\n# ghost migrates for six minutes.\nservices: {}\n# not this\n"
    found = overlays.read(write(tmp_path, text))
    assert found.reason == "This host is slow: ghost migrates for six minutes."
    assert "it gives no reason" in str(overlays.read(write(tmp_path, "services: {}")))


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("services: {app: {image: 'nginx:1'}}", "app pins the image nginx:1"),
        (
            "services: {app: {deploy: {labels: ['coop-cloud.${STACK_NAME}.version=1']}}}",
            "app pins the version",
        ),
        (
            "services: {app: {deploy: {labels: {coop-cloud.x.chaos-version: a}}}}",
            "app pins the version",
        ),
        ("services:\n  app: {}\n  app: {}\n", "line 3"),
        ("services: [", "line 1"),
        ("just text", "top-level object"),
    ],
)
def test_overlays_that_pin_or_repeat_are_refused(text: str, complaint: str, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=complaint):
        overlays.read(write(tmp_path, text))


def test_the_one_that_was_given_goes_before_the_harnesss_own(tmp_path: Path) -> None:
    own = tmp_path / "overlays" / "ghost" / "compose.ccci.yml"
    own.parent.mkdir(parents=True)
    own.write_text("services: {}")
    given = write(tmp_path, "services: {}")
    folder = tmp_path / "overlays"
    assert overlays.find("ghost", None, None) is None
    assert overlays.find("plausible", None, folder) is None
    found = overlays.find("ghost", None, folder)
    assert found is not None
    assert found.path == own
    chosen = overlays.find("ghost", given, folder)
    assert chosen is not None
    assert chosen.path == given


@pytest.mark.parametrize(("given", "folder"), [(Path("/nowhere.yml"), None), (None, Path("/no"))])
def test_what_is_not_there_is_a_usage_error(given: Path | None, folder: Path | None) -> None:
    with pytest.raises(UsageError, match="is no"):
        overlays.find("ghost", given, folder)
