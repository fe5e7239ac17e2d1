"""Verbs are imported when they are called, and nobody notices but the clock."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

import pytest

from ccci.commandline.declared import Group, Panel, Verb, command
from ccci.commands.options import option, spread
from ccci.commands.verbs import PROGRAM

pytestmark = pytest.mark.slow

COMMANDS = {command.path: command for command in PROGRAM.load()}


def imported_by(code: str) -> set[str]:
    """Return the modules that a fresh interpreter has loaded after this code."""
    code += "\nimport json, sys\nsys.__stdout__.write('\\n' + json.dumps(sorted(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_command_line_alone_imports_no_verb() -> None:
    found = imported_by("import ccci.cli")
    assert {name for name in found if name.startswith(("ccci.actions", "ccci.steps"))} == set()


def test_a_sweep_of_files_imports_neither_the_docker_sdk_nor_another_verb() -> None:
    call = "import ccci.cli\ntry: ccci.cli.run(['sweep', 'rollback-policy', '/nowhere'])\n"
    found = imported_by(call + "except SystemExit: pass")
    assert "ccci.sweep.survey" in found
    assert not found & {"docker", "git", "rich.table", "ccci.actions.upgrade", "ccci.removal"}


def test_a_sweep_imports_neither_rollouts_nor_reports_which_take_as_long_as_all_of_it(
    tmp_path: Path,
) -> None:
    (tmp_path / "compose.yml").write_text("services: {app: {image: nginx:1.27}}")
    call = f"import ccci.cli\ntry: ccci.cli.run(['sweep', 'rollback-policy', {str(tmp_path)!r}])\n"
    found = imported_by(call + "except SystemExit: pass")
    assert "ccci.sweep.table" in found
    assert not found & {"rich", "ccci.swarm.model", "ccci.report.model", "ccci.sweep.document"}


def test_garbage_is_collected_once_the_verb_is_imported_and_what_is_imported_is_none() -> None:
    look = "print(gc.isenabled(), gc.get_freeze_count() > 10_000)"
    code = (
        "import gc, sys\nfrom ccci.__main__ import main\nfrom ccci.sweep import survey\n"
        f"survey.survey = lambda *_: ({look}, sys.exit())\n"
        "sys.argv[1:] = ['sweep', 'rollback-policy']\nmain()"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.stdout == "True True\n", done.stderr


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("sys.modules['fcntl'] = None; sys.platform = 'win32'", "and not on win32"),
        ("sys.version_info = (3, 10, 4)", "ccci needs Python 3.11 or newer, and this is 3.10"),
    ],
)
def test_where_it_cannot_run_it_says_so_in_one_sentence(change: str, said: str) -> None:
    code = f"import sys; {change}\nfrom ccci.__main__ import main\nmain()"
    argv = [sys.executable, "-c", code, "runs"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 3
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_sentence_in_the_list_is_the_verbs_own() -> None:
    listed = {path: verb.sentence for path, verb in PROGRAM.verbs()}
    assert listed == {path: command.sentence for path, command in COMMANDS.items()}


def test_names_cost_no_import() -> None:
    verb = Verb("no.such.module", "It is not there.")
    assert list(Group("Some.", {"one": verb}).verbs()) == [("one", verb)]
    with pytest.raises(ModuleNotFoundError):
        verb.load("one")


def test_the_fields_of_a_dataclass_become_options_in_their_place() -> None:
    @dataclass(frozen=True)
    class Shared:
        name: Annotated[str, option("NAME", "A name.", panel=Panel.WHERE, metavar="NAME")] = "no"
        loud: Annotated[bool, option("", "Loud.", "--loud", panel=Panel.WHERE)] = False

    seen: list[Any] = []

    @spread(Shared)
    def verb(
        *,
        what: str,
        shared: Shared,
        last: Annotated[int, option("", "The last.", panel=Panel.OUTPUT)] = 3,
    ) -> int:
        seen.append((what, shared, last))
        return 0

    assert [each.title for each in command("verb", verb).options] == ["--name", "--loud", "--last"]
    verb(what="it", name="ada", loud=True, last=3)
    assert seen == [("it", Shared("ada", loud=True), 3)]
