"""An upgrade as a process of its own, and a count of all that it leaves on swarm and disk."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from support.recipes.abra_stand_in import NEWER, STAND_IN, commit, make_recipe
from support.sandbox.swarms import KINDS, Swarm

from ccci.recipe.naming import domain_of, stack_of

LAST_LINES = 15


@dataclass(frozen=True)
class Bench:
    """A recipe with a release and a head, and folders of its own for all that ccci keeps."""

    swarm: Swarm
    folder: Path
    recipe: Path
    head: str

    @property
    def stack(self) -> str:
        return stack_of(domain_of("shop", self.head))

    @property
    def environment(self) -> dict[str, str]:
        return {
            **self.swarm.environment,
            "PATH": f"{STAND_IN.parent}:{os.environ['PATH']}",
            "STAND_IN_ABRA_RESOLVE_IMAGE": "never",
            "CCCI_RUNS_DIR": str(self.folder / "runs"),
            "XDG_STATE_HOME": str(self.folder / "state"),
            "ABRA_DIR": str(self.folder / "user"),
            "PYTHONUNBUFFERED": "1",
            "TMPDIR": str(self.folder / "tmp"),
        }

    @contextmanager
    def upgrade(self, *words: str, **env: str) -> Iterator["subprocess.Popen[str]"]:
        """Give a running `ccci -v upgrade` of this recipe."""
        argv = (
            *(sys.executable, "-m", "ccci", "-v", "upgrade", str(self.recipe)),
            *("--head", self.head, "--resolve-image", "never", "--soak", "1s", *words),
        )
        with subprocess.Popen(
            argv,
            env={**self.environment, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        ) as running:
            try:
                yield running
            finally:
                running.kill()

    def left(self) -> list[str]:
        """Return all that is left of it on the swarm and on disk."""
        found = []
        for kind in KINDS:
            found += [f"{kind} {name}" for name in self.swarm.names(kind) if self.stack in name]
        for path in (*self.folder.glob("user/servers/*/*"), *self.folder.glob("runs/*/abra")):
            found.append(f"file {path}")
        found += [f"folder {path}" for path in self.folder.glob("tmp/*")]
        found += [f"process {each}" for each in self.processes()]
        return found + [f"lock {path}" for path in self.folder.glob("state/ccci/locks/*.lock")]

    def processes(self) -> list[int]:
        """Return the processes of this bench: all whose environment has its folder of runs."""
        mark = f"CCCI_RUNS_DIR={self.folder / 'runs'}".encode()
        found = []
        for path in Path("/proc").glob("[0-9]*"):
            try:
                theirs = (path / "environ").read_bytes().split(b"\0")
                if mark in theirs and b"\nState:\tZ" not in (path / "status").read_bytes():
                    found.append(int(path.name))
            except OSError:
                continue
        return found


@contextmanager
def made(swarm: Swarm, folder: Path) -> Iterator[Bench]:
    """Give a bench in this folder; what is left on the swarm is removed at the end."""
    recipe = folder / "shop"
    make_recipe(recipe)
    newer = NEWER.replace("echo ", "echo new ")
    # Its own head, so that its domain and its stack are its own: they are made from the commit.
    head = commit(recipe, {"note": str(folder), "compose.yml": newer})
    (folder / "user" / "servers" / "default").mkdir(parents=True)
    (folder / "tmp").mkdir()
    bench = Bench(swarm, folder, recipe, head)
    yield bench
    swarm.remove(bench.stack)
    for kind in ("secret", "config", "volume"):
        for name in swarm.docker(kind, "ls", "--format", "{{.Name}}").stdout.split():
            if bench.stack in name:
                swarm.docker(kind, "rm", name, check=False)


def read_until(running: "subprocess.Popen[str]", words: str) -> list[str]:
    """Read what it says until a line begins with these words; fail when it ends before."""
    assert running.stdout is not None
    said: list[str] = []
    for line in running.stdout:
        said.append(line.rstrip())
        if line.startswith(words):
            return said
    raise AssertionError(f"never said {words!r}:\n" + "\n".join(said[-LAST_LINES:]))


def rest_of(running: "subprocess.Popen[str]") -> str:
    assert running.stdout is not None
    return running.stdout.read()
