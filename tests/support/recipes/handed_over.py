"""What docker makes of a set of compose files, and of the same set as ccci hands it over.

`python tests/support/recipes/handed_over.py FOLDER` compares them over a corpus of real files.
"""

import os
import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.constructor import SafeConstructor
from support.recipes.compose_answers import docker

from ccci.deployers import resolving, writing
from ccci.errors import CcciError
from ccci.recipe import dotenv, stack_file


class _Constructor(SafeConstructor):
    """Takes a lone `=` for a text, as docker's reader does, which writes it so."""


_Constructor.add_constructor("tag:yaml.org,2002:value", SafeConstructor.construct_yaml_str)
_READER = YAML(typ="safe")
_READER.Constructor = _Constructor
HOME = {"PATH": os.environ["PATH"], "HOME": "/nowhere/home"}


def asked(paths: Sequence[Path], environment: Mapping[str, str], folder: Path) -> Any:
    """Return what `docker stack config` says, without what cannot be the same; a text if refused.

    The files of configs and secrets are replaced by what they hold; `env_file`, whose variables
    are in `environment`, is left out.
    """
    command = [str(docker()), "stack", "config", *(w for path in paths for w in ("-c", str(path)))]
    done = subprocess.run(
        command, capture_output=True, check=False, cwd=folder, env=dict(environment), text=True
    )
    if done.returncode != 0:
        return (done.stderr.strip().splitlines() or ["refused"])[-1]
    found = _READER.load(done.stdout)
    for service in found.get("services", {}).values():
        service.pop("env_file", None)
    for kind in ("configs", "secrets"):
        for entry in (found.get(kind) or {}).values():
            if entry.get("file") and not entry.get("external"):
                path = Path(entry["file"])
                entry["file"] = path.read_bytes() if path.is_file() else "absent"
    return found


def ours(
    paths: Sequence[Path], values: Mapping[str, str], folder: Path, checkout: Path | None = None
) -> Any:
    """Return what docker says of the set as ccci writes it, with none of the variables given."""
    checkout = checkout or paths[0].parent
    try:
        found = stack_file.read(paths, values)
        resolved = resolving.resolve(
            found, values, checkout=checkout, folder=folder / "handed", name="demo"
        )
        written = writing.write(resolved)
    except CcciError as error:
        return f"ccci: {error.message}"
    return asked(written, {k: v for k, v in HOME.items() if k not in resolved.open}, folder)


def differs(paths: Sequence[Path], values: Mapping[str, str]) -> tuple[bool, Any, Any]:
    """Say whether the two differ, and give both; refused by both is the same."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        expected = asked(paths, {**HOME, **values}, paths[0].parent)
        found = ours(paths, values, folder)
    if isinstance(expected, dict) and not expected.get("services"):
        return "there is no service" not in found, expected, found  # docker takes a set of nothing
    if isinstance(expected, str) or isinstance(found, str):
        return isinstance(expected, str) != isinstance(found, str), expected, found
    return expected != found, expected, found


def sets(corpus: Path) -> Iterator[tuple[list[Path], dict[str, str]]]:
    """Yield every set of a corpus: each file, and each recipe's files merged with compose.yml."""
    plain = {"STACK_NAME": "demo", "DOMAIN": "demo.example.com", "TAG": "latest"}
    for path in sorted((corpus / "stacks").glob("*.yml")):
        yield [path], plain
    for folder in sorted(path for path in (corpus / "recipes").iterdir() if path.is_dir()):
        values = dict(plain)
        for name in (".env.sample", "abra-exports.env"):
            if (folder / name).is_file():
                text = (folder / name).read_text(encoding="utf-8", errors="replace")
                values |= dotenv.values(dotenv.read(text))
        main = folder / "compose.yml"
        others = [path for path in sorted(folder.glob("compose*.yml")) if path != main]
        yield from (([main, path], values) for path in others if main.is_file())
        yield from (([path], values) for path in [*others, main] if path.is_file())


def with_files(paths: Sequence[Path], values: Mapping[str, str], folder: Path) -> list[Path]:
    """Return copies of the files in a folder that has every file which they name, empty ones."""
    copies = [folder / path.name for path in paths]
    for path, copy in zip(paths, copies, strict=True):
        shutil.copyfile(path, copy)
    for _ in range(100):
        try:
            found = stack_file.read(copies, values)
            resolving.resolve(found, values, checkout=folder, folder=folder / "x", name="demo")
        except CcciError as error:
            lacking = re.search(r"there is no file (\S+)$|open (\S+): no such file", error.message)
            if lacking is None:
                break
            name = folder / (lacking[1] or lacking[2])
            if not name.resolve().is_relative_to(folder.resolve()):
                break
            name.parent.mkdir(parents=True, exist_ok=True)
            name.write_text(f"KEY_{len(name.name)}=a $b ${{c}}\nBARE\nSTACK_NAME\n")
        else:
            break
    return copies


def compare(corpus: Path) -> tuple[int, int, list[str]]:
    """Return how many sets were compared, how many docker takes, and each where the two differ."""
    count, taken, found = 0, 0, []
    for paths, values in sets(corpus):
        with tempfile.TemporaryDirectory() as name:
            copies = with_files(paths, values, Path(name))
            apart, expected, mine = differs(copies, values)
        count += 1
        taken += not isinstance(expected, str)
        if apart:
            found.append(f"{'+'.join(map(str, paths))}\n  docker: {expected}\n  ours: {mine}")
    return count, taken, found


if __name__ == "__main__":
    number, accepted, apart_sets = compare(Path(sys.argv[1]))
    print("\n".join(apart_sets))
    print(f"{number} sets, {accepted} of them taken by docker, {len(apart_sets)} differ")
