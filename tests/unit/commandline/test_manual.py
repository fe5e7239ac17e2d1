"""The manual page, read by those who know roff."""

import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from ccci.commands.verbs import PROGRAM
from docs import generate

ROOT = Path(__file__).parents[3]
PAGE = ROOT / "docs" / "ccci.1"
READERS = {
    "groff": ("groff", "-man", "-Tutf8", "-ww", "-z"),
    "man": ("man", "--warnings", "-E", "UTF-8", "-l", "-Tutf8", "-Z"),
}


def test_it_holds_every_command_and_option() -> None:
    text = generate.manual().replace("\\-", "-")
    for command in PROGRAM.load():
        section = text.split(f'.SS "{command.usage.replace("…", "...")}"')[1].split("\n.S")[0]
        for each in command.options:
            assert f'.B "{", ".join(each.names)}' in section, (command.path, each.title)


def test_no_line_of_text_is_a_command_of_roff() -> None:
    macros = {"TH", "SH", "SS", "TP", "PP", "B", "RS", "RE", "nf", "fi"}
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        assert not line.startswith("'")
        assert not line.startswith(".") or line[1:].split()[0] in macros


@pytest.mark.slow
@pytest.mark.parametrize("reader", [each for each in READERS if shutil.which(each)])
def test_whoever_reads_roff_here_has_nothing_to_say_of_it(reader: str) -> None:
    argv = [*READERS[reader], str(PAGE)]
    done = subprocess.run(argv, capture_output=True, text=True, check=True)
    assert done.stderr == ""


def test_the_wheel_brings_it_to_where_man_looks(tmp_path: Path) -> None:
    from hatchling.builders.wheel import WheelBuilder

    (built,) = WheelBuilder(str(ROOT)).build(directory=str(tmp_path), versions=["standard"])
    with zipfile.ZipFile(built) as wheel:
        (name,) = [each for each in wheel.namelist() if each.endswith("share/man/man1/ccci.1")]
        assert wheel.read(name) == PAGE.read_bytes()
