"""The house as it is drawn in docs/explanation/architecture.md, held up by a test."""

import ast
import re
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import pytest

ROOT = Path(__file__).parents[2] / "ccci"

FLOORS: tuple[tuple[str, ...], ...] = (
    ("__main__", "plugin"),
    ("cli",),
    ("commands",),
    ("actions",),
    ("steps",),
    ("deployers", "sweep", "removal", "planning"),
    ("terminal", "records"),
    ("report",),
    ("locks",),
    ("swarm", "recipe", "sandbox", "commandline"),
    ("compose", "host", "settings"),
    ("errors", "lazily", "names", "nearest", "plain_file"),
    ("exits",),
)
"""The rooms, from the roof down: imports point down only, and rooms of one floor are strangers."""

SWARM_FLOORS: tuple[tuple[str, ...], ...] = (
    ("swarm.watching", "swarm.nearby"),
    ("swarm.engine",),
    ("swarm.decode", "swarm.judge"),
    ("swarm.identity", "swarm.baseline"),
    ("swarm.commits",),
    ("swarm.model",),
    (
        *("swarm.causes", "swarm.engine_limits", "swarm.exit_codes", "swarm.labels"),
        *("swarm.policies", "swarm.states"),
    ),
)

NOT_YET: set[tuple[str, str]] = set()
"""Arrows that ought not to be there, each to go; a new one fails, and so does one that is gone."""

EFFECTFUL = {
    *("recipe.history", "sweep.since", "sweep.exceptions", "sweep.upgrade"),
    *("commandline", "recipe.heads"),
    *(
        "__main__",
        "plugin",
        "cli",
        "settings",
        "commands",
        "actions",
        "removal",
        "terminal",
        "records",
    ),
    *("locks", "sandbox", "steps", "deployers"),
    *("compose.events", "compose.loading", "compose.source", "compose.scalars"),
    *(
        "host.clock",
        "host.cleanup",
        "host.file_lock",
        "host.files",
        "host.folders",
        "host.gathering",
        "host.interrupts",
        "plain_file",
        "host.process",
        "host.surroundings",
        "host.temporary",
    ),
    *("recipe.git_process", "recipe.tracked", "recipe.tree"),
    *("host.docker_cli", "recipe.files"),
    *("recipe.checkouts", "recipe.overlays", "recipe.secrets", "recipe.source"),
    *(
        "recipe.abra_folder",
        "recipe.kept_compose",
        "recipe.stack_file",
        "recipe.base",
    ),
    *("swarm.engine", "swarm.watching"),
    *("planning.file", "planning.recording_engine.request", "planning.recording_engine.session"),
    *("sweep.fix", "sweep.inventory", "sweep.printing", "sweep.remedy", "sweep.runs"),
    "sweep.running",
    *("sweep.static", "sweep.survey"),
}
"""What may touch a file, a process, a socket, the clock or a terminal; all else is pure."""

PURE = {
    *(
        "deployers.abra.flags",
        "deployers.abra.parse",
        "removal.objects",
        "steps.machine",
        "sweep.rules",
    ),
    *("steps.outcome", "steps.reach.route_rules", "steps.after.timeout_label"),
    *("terminal.awaited", "terminal.escapes", "terminal.rows"),
    *("records.rates", "records.record", "sweep.upgrade.database_versions"),
    *("swarm.watching.consistency", "swarm.watching.protocol", "swarm.engine.wire"),
    *(
        "commandline.completing",
        "commandline.declared",
        "commandline.help",
        "commandline.manual",
        "commandline.shells",
        "commandline.words",
    ),
    *(
        "compose.scalars",
        "swarm.engine.answers",
        "swarm.engine.errors",
        "swarm.engine.logs",
        "swarm.engine.masking",
    ),
}
"""Pure all the same, in rooms that are not."""

EFFECTS = {
    *("os", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time"),
    *("asyncio", "docker", "fcntl", "git", "http", "logging", "pathlib", "random", "requests"),
    *("rich", "ruamel", "secrets", "select", "signal", "urllib"),
}

OWNERS = {
    "subprocess": {"host.process"},
    "docker": {"swarm.engine.sdk"},
    "requests": {"swarm.engine"},
    "git": {"recipe.git_process"},
    "ruamel": {"compose"},
    "time": {"host.clock"},
    "sqlite3": {"records.index"},
    # What `actions.bundle` wants is its name alone; `sandbox.fixtures` is for the tests of others.
    "tempfile": {"host.temporary", "records.runs", "sandbox.fixtures", "actions.bundle"},
}
"""Each thing outside, and the only modules that touch it."""

HOMES: dict[object, str] = {
    137: "swarm.exit_codes",
    143: "swarm.exit_codes",
    "compose.ccci.yml": "names",
    "compose.yml": "names",
    ".env.sample": "names",
    "COMPOSE_FILE": "recipe.compose_file",
    "auto": "names",
    "***": "host.masking",
    "/secrets/create": "swarm.engine.client",
    "abra.sh": "names",
    "[a-z0-9][a-z0-9_-]*": "recipe.abra_folder",
    "[0-9a-f]{7,40}": "swarm.commits",
    r"[a-z_][a-z0-9\-_.]+": "swarm.engine_limits",
    "[a-f0-9]{64}": "swarm.engine_limits",
    "ssh -o BatchMode=yes": "recipe.git_process",
    "host-mode port already in use": "swarm.judge.next_steps.by_scheduler",
    "com.docker.stack.namespace": "swarm.labels",
    "com.docker.stack.": "swarm.labels",
    "coop-cloud.": "swarm.labels",
    r"[a-zA-Z0-9](?:[-_]*[A-Za-z0-9]+)*": "names",
}
"""Each fact that many speak of, and the one module that says it; others import its name."""

OTHER_MEANINGS = {
    (143, "exits"),  # ccci's own end by SIGTERM
    ("COMPOSE_FILE", "commands.rollback_policy"),  # an option's variable
    ("auto", "host.secret_values"),  # a word that many settings have for a value
}
"""Where the same literal is another fact."""

_RECORDING = "planning.recording_engine"
RAW_STAYS = {
    f"{_RECORDING}.session": "it stands in for the Engine, and lists what its filters let through",
    f"{_RECORDING}.overlaid": "it lays what COMMAND sends over what the Engine lists",
    **{
        f"{_RECORDING}.refusals.{rules}": "it refuses what COMMAND sends as the Engine does"
        for rules in ("object_rules", "refusing", "service_rules", "templates")
    },
    "planning.fate": "it compares whole specs, as the Engine would store them",
    "planning.modes": "it fills a mode in as the Engine does",
    "planning.objects": "it makes what the Engine would list",
    "planning.ports": "it compares endpoints, as the Engine does of any two services",
    "swarm.engine.answers": "what no answer may lack is asked before anybody reads it",
    "swarm.engine.endpoint": "a docker context is a file of the docker CLI's",
    "swarm.engine.transport": "`Date` is a header of HTTP",
    "sandbox.tools": "`ID` is of /etc/os-release",
    "terminal.bugs": "`Version` is of the installed package",
}
"""Outside of `swarm.decode`: who reads keys of the Engine's kind, or of the Engine, and why."""

KEY = re.compile(r"[A-Z]+[a-z][A-Za-z0-9]*|ID|OS|PID|UID|GID|IPAM")
TYPED = {
    *("inside", "text", "texts", "whole", "number", "required", "seconds"),
    *("items", "objects", "labels", "index"),
}
"""The readers of one key in `swarm.decode.typed`."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def within(name: str, rooms: set[str] | tuple[str, ...]) -> bool:
    return any(name == room or name.startswith(f"{room}.") for room in rooms)


@cache
def is_pure(name: str) -> bool:
    if MODULES[name].name == "__init__.py" and not within(name, PURE):
        return False
    return within(name, PURE) or not within(name, EFFECTFUL)


Node = TypeVar("Node", bound=ast.AST)


class Nodes:
    """The nodes of a piece of code by their kind: to go through all of them takes its time."""

    def __init__(self, *trees: ast.AST) -> None:
        self._by_kind: dict[type[ast.AST], list[Any]] = defaultdict(list)
        for tree in trees:
            for node in ast.walk(tree):
                self._by_kind[type(node)].append(node)

    def of(self, kind: type[Node]) -> list[Node]:
        return self._by_kind[kind]


@dataclass(frozen=True)
class Code:
    """What is asked of a module's code, which is read and gone through once."""

    imports: frozenset[str]
    """What it imports, ours without `ccci.`; for types and in functions as well."""
    late: int
    """How many of its imports do not stand at its head but within a function."""
    literals: frozenset[object]
    """Without its docstrings."""
    for_types: bool
    """Whether it does something for type checkers alone."""
    keys: frozenset[str]
    """Those that are written as the Engine writes its own."""


@cache
def code(name: str) -> Code:
    nodes = Nodes(ast.parse(MODULES[name].read_text(encoding="utf-8")))
    return Code(
        imports=frozenset(imported(nodes)),
        late=late(nodes),
        literals=frozenset(literals(nodes)),
        for_types=any(getattr(node.test, "id", "") == "TYPE_CHECKING" for node in nodes.of(ast.If)),
        keys=frozenset(keys_of_the_engine(nodes)),
    )


def imported(nodes: Nodes) -> Iterator[str]:
    for node in nodes.of(ast.Import):
        yield from (alias.name.removeprefix("ccci.") for alias in node.names)
    for each in nodes.of(ast.ImportFrom):
        for alias in each.names if each.module else ():
            if (each.module, alias.name) == ("pathlib", "PurePath"):  # it touches no file
                continue
            whole = f"{each.module}.{alias.name}"
            ours = whole.startswith("ccci.") and whole.removeprefix("ccci.") in MODULES
            yield (whole if ours else str(each.module)).removeprefix("ccci.")


def late(nodes: Nodes) -> int:
    indented = [*nodes.of(ast.Import), *nodes.of(ast.ImportFrom)]
    if not any(each.col_offset for each in indented):
        return 0
    inside = Nodes(*nodes.of(ast.FunctionDef))
    return len(inside.of(ast.Import)) + len(inside.of(ast.ImportFrom))


def literals(nodes: Nodes) -> Iterator[object]:
    told = {id(node.value) for node in nodes.of(ast.Expr)}
    yield from (node.value for node in nodes.of(ast.Constant) if id(node) not in told)


@cache
def ours(name: str) -> frozenset[str]:
    return frozenset(each for each in code(name).imports if each in MODULES and each)


def foreign(name: str) -> set[str]:
    return {each.partition(".")[0] for each in code(name).imports if each not in MODULES}


def arrows(begin: Callable[[str], bool], end: Callable[[str], bool]) -> set[tuple[str, str]]:
    """Return who of ours imports whom, of those that begin and end so."""
    return {(name, other) for name in MODULES if begin(name) for other in ours(name) if end(other)}


@cache
def floor_of(name: str, floors: tuple[tuple[str, ...], ...]) -> tuple[int, str] | None:
    for number, rooms in enumerate(floors):
        for room in rooms:
            if within(name, (room,)):
                return number, room
    return None


def arrows_that_do_not_point_down(floors: tuple[tuple[str, ...], ...]) -> set[tuple[str, str]]:
    wrong = set()
    for name in MODULES:
        here = floor_of(name, floors)
        for other in ours(name):
            there = floor_of(other, floors)
            if here and there and here[1] != there[1] and there[0] <= here[0]:
                wrong.add((name, other))
    return wrong


def test_every_module_has_its_floor() -> None:
    assert {name for name in MODULES if name and floor_of(name, FLOORS) is None} == set()
    inside = {name for name in MODULES if name.startswith("swarm.")}
    assert {name for name in inside if floor_of(name, SWARM_FLOORS) is None} == set()


def test_imports_point_down_the_house() -> None:
    assert arrows_that_do_not_point_down(FLOORS) == NOT_YET


def test_imports_point_down_inside_of_swarm() -> None:
    assert arrows_that_do_not_point_down(SWARM_FLOORS) == set()


def test_no_circle_of_modules() -> None:
    def reach(name: str) -> set[str]:
        seen: set[str] = set()
        rest = [name]
        while rest:
            for each in ours(rest.pop()) - seen:
                seen.add(each)
                rest.append(each)
        return seen

    assert {name for name in MODULES if name and name in reach(name)} == set()


def test_the_pure_core_imports_only_the_pure_core() -> None:
    assert arrows(is_pure, lambda other: not is_pure(other)) == set()


def test_the_pure_core_has_no_means_to_touch_anything() -> None:
    pure = [name for name in MODULES if is_pure(name)]
    assert {(name, each) for name in pure for each in foreign(name) & EFFECTS} == set()


def test_every_room_that_is_named_is_there() -> None:
    named = {*EFFECTFUL, *PURE, *(room for floor in (*FLOORS, *SWARM_FLOORS) for room in floor)}
    assert {each for each in named if each not in MODULES} == set()


@pytest.mark.parametrize("thing", OWNERS)
def test_each_thing_outside_has_one_owner(thing: str) -> None:
    users = {name for name in MODULES if thing in foreign(name)}
    assert {name for name in users if not within(name, OWNERS[thing])} == set()


@pytest.mark.parametrize("fact", HOMES)
def test_a_fact_that_many_speak_of_is_said_in_one_module(fact: object) -> None:
    said = {name for name in MODULES if fact in code(name).literals}
    assert said - {where for what, where in OTHER_MEANINGS if what == fact} == {HOMES[fact]}


def test_an_object_of_json_has_its_types_from_one_module() -> None:
    named = {
        name
        for name, path in MODULES.items()
        if re.search(r"(?m)^_?\w*Json\b.* = ", path.read_text(encoding="utf-8"))
    }
    assert named == {"swarm.decode.typed"}


def test_commands_share_their_options_and_nothing_else() -> None:
    shared = {"commands.options", "commands.reporting", "commands.shared", "commands.verbs"}
    shared |= {"commands.chosen", "commands.dry_runs", "commands.revisions"}

    def is_command(name: str) -> bool:
        return within(name, ("commands",))

    assert arrows(is_command, lambda other: is_command(other) and other not in shared) == set()


def test_actions_share_what_all_of_them_need_and_one_reads_another_only_by_name() -> None:
    shared = {"actions.finished", "actions.recorded", "actions.deploying", "actions.parts"}
    built_on = {
        ("actions.plan_recipe", "actions.dry_run"),  # the same recipe, read without an Engine
        ("actions.plan_revision", "actions.plan"),  # how one is kept
        ("actions.plan_revision", "actions.plan_recipe"),
        ("actions.plan_revision", "actions.deploy"),  # what each of them deploys
        ("actions.plan_revision", "actions.upgrade"),
        ("actions.runs_text", "actions.runs"),  # its words
        ("actions.schemas", "actions.config"),  # each document's schema
        ("actions.schemas", "actions.runs"),
    }

    def is_action(name: str) -> bool:
        return within(name, ("actions",))

    found = arrows(is_action, lambda other: is_action(other) and other not in shared)
    assert {arrow for arrow in found if arrow[1] != "actions"} == built_on


@pytest.mark.slow
def test_what_follows_a_stack_starts_without_what_deploys_a_recipe() -> None:
    rooms = {"compose", "recipe", "deployers", "planning", "locks", "removal"}
    code = "import sys, ccci.commands.converge; print(*sys.modules)"
    loaded = subprocess.check_output([sys.executable, "-c", code], text=True).split()
    ours = [each.removeprefix("ccci.") for each in loaded if each.startswith("ccci.")]
    assert "steps.follow" in ours
    assert {each for each in ours if within(each, tuple(rooms))} == set()
    assert {"ruamel", "docker", "git"}.isdisjoint(loaded)


def test_the_judge_knows_neither_the_engine_nor_the_report() -> None:
    strangers = ("swarm.engine", "swarm.watching", "report", "host.clock", "host.process")
    of_judge = arrows(
        lambda name: within(name, ("swarm.judge",)), lambda other: within(other, strangers)
    )
    assert of_judge == set()


def test_a_file_s_head_says_what_it_needs_but_for_what_a_start_has_no_time_for() -> None:
    """Each of these was measured, and says its reason beside; the linter takes no other."""
    once = {"cli": 2, "__main__": 2}
    found = {name: code(name).late for name in MODULES if code(name).late}
    assert found == once | dict.fromkeys(
        {
            *("commands.completion", "commands.dry_runs", "commands.plan"),
            *("actions.rollback_policy", "actions.converge", "sweep.survey"),
            *("terminal.live", "records.places", "recipe.git_process", "swarm.engine.transport"),
        },
        1,
    )


def test_nothing_is_imported_for_types_alone_but_by_what_offers_it_to_others() -> None:
    found = {name for name in MODULES if code(name).for_types}
    assert {name for name in found if "lazily" not in code(name).imports} == set()


def test_no_file_is_much_longer_than_three_hundred_lines() -> None:
    long = {
        name: lines
        for name, path in MODULES.items()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 320
    }
    assert long == {}


def called(node: ast.expr) -> str:
    """Return the last name of an expression: `c` of `a.b.c`."""
    return node.attr if isinstance(node, ast.Attribute) else getattr(node, "id", "")


def looked_up(node: ast.AST) -> Iterator[ast.expr]:
    """Yield what is looked up in a mapping here: by subscript, by method, by `in`, by a pattern."""
    match node:
        case ast.Subscript(value, key) if not called(value)[:1].isupper():  # else it is a type
            yield key
        case ast.Call(ast.Attribute(attr="get" | "pop" | "setdefault"), [key, *_]):
            yield key
        case ast.Call(function, [_, key, *_]) if called(function) in TYPED:
            yield key
        case ast.Compare(key, [ast.In() | ast.NotIn()]):
            yield key
        case ast.MatchMapping(keys):
            yield from keys


def keys_of_the_engine(nodes: Nodes) -> set[str]:
    """Return the keys in code that are written as the Engine writes its own."""
    looks = (ast.Subscript, ast.Call, ast.Compare, ast.MatchMapping)
    keys = (key for kind in looks for node in nodes.of(kind) for key in looked_up(node))
    texts = (key.value for key in keys if isinstance(key, ast.Constant))
    return {key for key in texts if isinstance(key, str) and KEY.fullmatch(key)}


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ('each["Spec"]["Name"]', {"Spec", "Name"}),
        ('(each.get("Spec") or {}).get("Labels", {})', {"Spec", "Labels"}),
        ('text(inside(raw, "Status"), "State")', {"Status", "State"}),
        ('typed.whole(raw, "ID")', {"ID"}),
        ('"UpdateConfig" not in asked', {"UpdateConfig"}),
        ('spec.pop("TaskTemplate", None)', {"TaskTemplate"}),
        ('match raw:\n case {"Global": _}: pass', {"Global"}),
        ('environ.get("HOME"), entry["kind"], {"Name": name}', set()),
        ('Iterator["Command"]', set()),
    ],
)
def test_a_key_of_the_engine_is_found_however_it_is_read(written: str, found: set[str]) -> None:
    assert keys_of_the_engine(Nodes(ast.parse(written))) == found


def test_raw_json_of_the_engine_is_read_by_decode_alone() -> None:
    readers = {name for name in MODULES if not within(name, ("swarm.decode",)) and code(name).keys}
    assert {name: code(name).keys for name in readers if not within(name, {*RAW_STAYS})} == {}
    assert {
        room for room in RAW_STAYS if not any(within(name, {room}) for name in readers)
    } == set()
