"""What `abra.sh` exports, and where."""

from pathlib import Path

import pytest

from ccci.recipe import abra_script
from ccci.recipe.abra_script import Export
from ccci.sweep.upgrade import revision
from ccci.sweep.upgrade.revision import Setting


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("export A=1\nexport B=2", {"A": Export("1", 1), "B": Export("2", 2)}),
        ("export A=1 B=2", {"A": Export("1", 1), "B": Export("2", 1)}),
        ("#!/bin/sh\nexport app_conf=v1", {"app_conf": Export("v1", 2)}),
        ("export A=1\nexport A=2", {"A": Export("2", 2)}),
        ("export A='B=2'", {"A": Export("B=2", 1)}),
        ("f() {\n  export A=1\n}", {}),
    ],
)
def test_an_export_has_its_value_and_its_line_wherever_it_is_read(
    tmp_path: Path, text: str, found: dict[str, Export]
) -> None:
    assert abra_script.read(text) == (found, ())
    assert abra_script.exports(text)[0] == {key: each.value for key, each in found.items()}
    (tmp_path / "abra.sh").write_text(text)
    exports = revision.read(tmp_path, "c" * 40, "head").exports
    assert exports == {key: Setting(each.value, each.line) for key, each in found.items()}
