"""The house as it is drawn in docs/explanation/architecture.md, held up by a test."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2] / "ccci"

PURE = {
    *(
        "durations",
        "doctor",
        "errors",
        "exits",
        "naming",
        "policy",
        "refs",
        "releases",
        "repetition",
    ),
    *("plaintext", "report", "story"),
    *("compose.merge", "compose.reading", "compose.scalars", "compose.sections", "compose.service"),
    *("compose.interpolation", "compose.tree", "compose.values", "deployers.abra.flags"),
    *("deployers.abra.parse", "rules", "rules.*"),
    *("swarm.account", "swarm.axes", "swarm.baseline", "swarm.commits", "swarm.deadline"),
    *(
        "swarm.decode",
        "swarm.diagnose",
        "swarm.differences",
        "swarm.findings",
        "swarm.fingerprint",
        "swarm.hints",
        "swarm.identity",
    ),
    *("masking", "plaintext", "remainder", "swarm.containers", "swarm.logs", "swarm.masking"),
    *(
        "swarm.judge",
        "swarm.memory",
        "swarm.model",
        "swarm.notes",
        "swarm.obstacles",
        "swarm.placement",
        "swarm.refusals",
    ),
    *("swarm.rollout", "swarm.slots", "swarm.specs", "swarm.steadiness", "swarm.track"),
    *("sweep.markdown", "sweep.model", "sweep.rule_pages", "sweep.table"),
}
"""Values in, values out: no file, no process, no socket, no clock, no terminal."""

EFFECTS = {
    *("os", "shutil", "socket", "sqlite3", "subprocess", "sys", "tempfile", "threading", "time"),
    *("asyncio", "docker", "fcntl", "git", "http", "logging", "pathlib", "random", "requests"),
    *("rich", "ruamel", "secrets", "select", "signal", "typer", "urllib"),
}

OWNERS = {
    "subprocess": {"process"},
    "docker": {"swarm.transport"},
    "requests": {"swarm.transport", "swarm.engine"},
    "git": {"checkout"},
    "ruamel": {"compose.*"},
    "time": {"clock"},
    "sqlite3": {"runs"},
}
"""Each thing outside, and the only modules that touch it."""


def name_of(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(part for part in parts if part != "__init__")


MODULES = {name_of(path): path for path in sorted(ROOT.rglob("*.py"))}


def fits(name: str, patterns: set[str]) -> bool:
    folder = name.rpartition(".")[0]
    return name in patterns or (bool(folder) and f"{folder}.*" in patterns)


def imports(name: str, *, of_types: bool = True) -> set[str]:
    """Return what a module imports, ours without `ccci.`; functions' own imports count as well."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    if not of_types:
        for node in ast.walk(tree):
            if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.dump(node.test):
                node.body = []
    found: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                ours = whole.removeprefix("ccci.") in MODULES
                found.add(whole if ours and whole.startswith("ccci.") else node.module)
    return {each.removeprefix("ccci.") for each in found}


def ours(name: str) -> set[str]:
    return {each for each in imports(name, of_types=False) if each in MODULES}


def foreign(name: str) -> set[str]:
    return {each.partition(".")[0] for each in imports(name) if each not in MODULES}


@pytest.mark.parametrize("name", [each for each in MODULES if fits(each, PURE)])
def test_the_pure_core_imports_only_the_pure_core(name: str) -> None:
    assert {each for each in ours(name) if not fits(each, PURE)} == set()


@pytest.mark.parametrize("name", [each for each in MODULES if fits(each, PURE)])
def test_the_pure_core_has_no_means_to_touch_anything(name: str) -> None:
    assert foreign(name) & EFFECTS == set()


@pytest.mark.parametrize("thing", OWNERS)
def test_each_thing_outside_has_one_owner(thing: str) -> None:
    users = {name for name in MODULES if thing in foreign(name)}
    assert {name for name in users if not fits(name, OWNERS[thing])} == set()


@pytest.mark.parametrize("name", [each for each in MODULES if each.startswith("commands.")])
def test_commands_never_import_each_other(name: str) -> None:
    assert {each for each in ours(name) if each.startswith("commands.")} == set()


def test_nothing_below_the_command_line_imports_a_command() -> None:
    users = {name for name in MODULES if any(each.startswith("commands") for each in ours(name))}
    assert users == {"cli"}
    assert {name for name in MODULES if "cli" in ours(name)} == {"__main__"}


def test_every_pure_module_that_is_named_is_there() -> None:
    named = {each for each in PURE if not each.endswith(".*")}
    assert named <= set(MODULES)


def test_no_file_is_much_longer_than_three_hundred_lines() -> None:
    long = {
        name: lines
        for name, path in MODULES.items()
        if (lines := len(path.read_text(encoding="utf-8").splitlines())) > 320
    }
    assert long == {}
