"""What docker gets says the same as the recipe's own files, and leads nowhere else.

`docker stack config` is asked about both (from 23.0; no daemon is needed).
"""

import json
import os
import tempfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples
from support.recipes.compose_answers import RECORDED, docker, write
from support.recipes.compose_documents import VARIABLES, documents
from support.recipes.handed_over import asked, compare, differs

from ccci.compose.tree import tree_of
from ccci.compose.writing import written
from ccci.deployers import resolving, writing
from ccci.deployers.resolving import Resolved
from ccci.errors import DeployRefused
from ccci.recipe import stack_file

ANSWERS: list[dict[str, Any]] = json.loads(RECORDED.read_text(encoding="utf-8"))
CORPUS = os.environ.get("CCCI_TEST_CORPUS")
BASE = """\
services:
  app:
    image: nginx:${TAG}
    command: ["a$$b", 'echo "$${HOME}"', "${PRICE}"]
    environment: {BARE: , EMPTY: "", SET: "1", NUMBER: 1_000, QUOTED: "no", HOME: "${HOME}"}
    env_file: [sub/one.env, two.env]
    configs: [{source: conf, target: /c, mode: 0440}]
    secrets: [key]
    volumes: ["./data:/data:ro", "~/x:/y", "vol:/v", {type: bind, source: sub, target: /s}]
    deploy:
      labels: {"key.${STACK_NAME}": "${STACK_NAME}", date: 2001-01-01}
      replicas: ${REPLICAS:-2}
x-thing: &thing {a: "${TAG}"}
volumes: {vol: {}}
configs: {conf: {file: ./conf.txt}}
secrets: {key: {file: sub/key}}
"""
OVER = """\
services:
  app:
    environment: ["SET", "MORE=$$5", "LATE"]
    healthcheck: {test: ["CMD", "true"]}
  other: {image: "x\\u00e9\\U0001F600\\x07\\u2028\\N", labels: [a, b=c]}
configs: {conf: {file: ./other.txt}}
"""
VALUES = {
    "TAG": "1.2",
    "STACK_NAME": "demo",
    "PRICE": "5$ ${TAG}",
    "HOME": "/of/the/recipe",
    "BARE": "set by the app",
    "EMPTY": "set too",
    "LATE": "",
}


def recipe(folder: Path) -> Path:
    (folder / "sub").mkdir(parents=True)
    for name, text in {
        "compose.yml": BASE,
        "compose.over.yml": OVER,
        "conf.txt": "one",
        "other.txt": "two",
        "sub/key": "k",
        "sub/one.env": "\ufeffONE=a $b ${c} # d\n  TWO= x \n# no\nBARE\nUNSET\nSTACK_NAME=\n",
        "two.env": "TWO=again\r\nSET=env file\n",
    }.items():
        (folder / name).write_text(text)
    return folder


def resolve(folder: Path, *names: str, values: dict[str, str] | None = None) -> Resolved:
    values = VALUES if values is None else values
    paths = [folder / name for name in names or ("compose.yml",)]
    found = stack_file.read(paths, values, inside=folder)
    return resolving.resolve(
        found, values, checkout=folder, folder=folder.parent / "handed", name="demo"
    )


if docker() is not None:

    @pytest.mark.slow
    @pytest.mark.parametrize("names", [["compose.yml"], ["compose.yml", "compose.over.yml"]])
    def test_docker_reads_the_same_out_of_what_it_is_handed(
        names: list[str], tmp_path: Path
    ) -> None:
        folder = recipe(tmp_path / "recipe")
        apart, expected, ours = differs([folder / name for name in names], VALUES)
        assert not isinstance(expected, str), expected
        assert not apart, ours
        assert expected == ours
        assert ours["services"]["app"]["environment"]["HOME"] == "/of/the/recipe"

    @pytest.mark.slow
    @pytest.mark.parametrize("number", range(0, len(ANSWERS), 3))
    def test_recorded_sets_stay_what_they_were(number: int, tmp_path: Path) -> None:
        apart, expected, ours = differs(write(tmp_path, ANSWERS[number]["files"]), VARIABLES)
        assert not apart, (expected, ours)

    @pytest.mark.slow
    @settings(max_examples=examples(25), deadline=None)
    @given(st.lists(documents(), min_size=1, max_size=3))
    def test_fresh_sets_stay_what_they_were(contents: list[str]) -> None:
        with tempfile.TemporaryDirectory() as folder:
            apart, expected, ours = differs(write(Path(folder), contents), VARIABLES)
        assert not apart, (expected, ours)

    @pytest.mark.slow
    @settings(max_examples=examples(40), deadline=None)
    @given(
        st.dictionaries(
            st.text(st.characters(codec="utf-8"), min_size=1, max_size=9),
            st.none()
            | st.booleans()
            | st.integers(-(2**63), 2**64 - 1)
            | st.text()
            | st.floats(allow_nan=False, allow_infinity=False)
            | st.lists(st.text(), max_size=3),
            max_size=4,
        )
    )
    def test_any_text_and_number_comes_back_as_it_was(thing: dict[str, Any]) -> None:
        tree = {"services": {"a": {"image": "x", "x-thing": {"k": thing}}}}
        labels = {key: each for key, each in thing.items() if isinstance(each, str)}
        tree["services"]["a"]["labels"] = labels
        with tempfile.TemporaryDirectory() as folder:
            (path,) = write(Path(folder), [written(tree_of(tree))])
            found = asked([path], {"PATH": os.environ["PATH"]}, Path(folder))
        assert not isinstance(found, str), found
        assert found["services"]["a"].get("labels", {}) == labels

    if CORPUS:

        @pytest.mark.slow
        def test_the_real_sets_stay_what_they_were() -> None:
            number, taken, apart = compare(Path(CORPUS or ""))
            assert apart == []
            assert taken > 100
            assert number > taken


def test_it_is_written_once_and_for_its_owner_alone(tmp_path: Path) -> None:
    resolved = resolve(recipe(tmp_path / "recipe"))
    paths = writing.write(resolved)
    every = [*paths, *resolved.copies]
    assert {path.stat().st_mode & 0o777 for path in every} == {0o600}
    assert resolved.folder.stat().st_mode & 0o777 == 0o700
    assert [path.read_bytes() for path in resolved.copies] == [b"one", b"k"]
    assert writing.write(resolved) == paths
    assert resolved.configs == {"demo_conf": b"one"}


def test_nothing_is_left_to_look_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder = recipe(tmp_path / "recipe")
    for name in ("DOCKER_PASSWORD", "HTTP_PROXY", "DRONE_TOKEN", "HOME", "PATH"):
        monkeypatch.setenv(name, f"ours-{name}")
    (folder / "two.env").write_text("DOCKER_PASSWORD\nHTTP_PROXY=\nDRONE_TOKEN\n")
    (folder / "compose.yml").write_text(
        "services: {app: {image: 'x${HOME}', env_file: two.env,"
        " environment: [PATH, HOME=, 'A=${DOCKER_PASSWORD}', DRONE_TOKEN, TZ]}}"
    )
    resolved = resolve(folder, values={})
    text = "".join(path.read_text() for path in writing.write(resolved))
    assert "ours-" not in text
    assert json.loads(text)["services"]["app"]["environment"] == {
        "A": "",
        "HTTP_PROXY": "",
        "DRONE_TOKEN": None,
        "TZ": None,
    }
    assert {"HTTP_PROXY", "DRONE_TOKEN", "TZ"} <= resolved.open
    assert any("asks for the variable HOME" in note for note in resolved.notes)


@pytest.mark.parametrize("way", ["link", "dots", "absolute", "chain", "proc", "variable", "folder"])
@pytest.mark.parametrize("what", ["configs", "secrets", "env_file", "bind"])
def test_what_leads_out_of_the_recipe_is_refused_wherever_it_stands(
    way: str, what: str, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "recipe")
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "file").write_text("A=secret\n")
    (folder / "link").symlink_to(outside / "file")
    (folder / "chain").symlink_to("link")
    (folder / "way").symlink_to(outside)
    name = {
        "link": "./link",
        "chain": "chain",
        "dots": "./sub/../../outside/file",
        "absolute": str(outside / "file"),
        "proc": "/proc/self/environ",
        "variable": "${X}/file",
        "folder": "way/file",
    }[way]
    if what == "bind":
        name = (
            "~/../../outside/file"
            if name.startswith(("/", "$"))
            else f"./{name.removeprefix('./')}"
        )
    if what == "bind":
        text = f"services: {{a: {{image: x, volumes: ['{name}:/x']}}}}"
    elif what == "env_file":
        text = f"services: {{a: {{image: x, env_file: '{name}'}}}}"
    else:
        text = f"services: {{a: {{image: x}}}}\n{what}: {{c: {{file: '{name}'}}}}"
    (folder / "compose.yml").write_text(text)
    with pytest.raises(DeployRefused, match="leads out of the recipe's folder"):
        resolve(folder, values={"X": str(outside)})


@pytest.mark.parametrize("what", ["configs", "secrets", "env_file"])
@pytest.mark.parametrize("way", ["pipe", "circle", "folder", "long", "nul", "absent"])
def test_what_is_no_plain_file_is_refused_and_never_waited_for(
    way: str, what: str, tmp_path: Path
) -> None:
    folder = recipe(tmp_path / "recipe")
    os.mkfifo(folder / "pipe")
    (folder / "circle").symlink_to("circle")
    name = {"folder": "sub", "long": "n" * 5000, "nul": "\\0x"}.get(way, way)
    if what == "env_file":
        text = f'services: {{a: {{image: x, env_file: "{name}"}}}}'
    else:
        text = f'services: {{a: {{image: x}}}}\n{what}: {{c: {{file: "{name}"}}}}'
    (folder / "compose.yml").write_text(text)
    with pytest.raises(DeployRefused) as refused:
        resolve(folder)
    assert len(refused.value.message) < 800


def test_files_are_sought_from_the_first_compose_file_as_docker_does(tmp_path: Path) -> None:
    folder = recipe(tmp_path / "recipe")
    (folder / "data.txt").write_text("harmless")
    (tmp_path / "outside").write_text("not for you")
    (folder / "sub" / "data.txt").symlink_to(tmp_path / "outside")
    (folder / "sub" / "compose.yml").write_text(
        "services: {a: {image: x}}\nconfigs: {c: {file: ./data.txt}}"
    )
    with pytest.raises(DeployRefused, match="leads out"):
        resolve(folder, "sub/compose.yml")
    (folder / "sub" / "data.txt").unlink()
    (folder / "sub" / "data.txt").write_text("of the sub folder")
    assert resolve(folder, "sub/compose.yml").configs == {"demo_c": b"of the sub folder"}


def test_a_file_that_a_later_file_replaces_is_never_opened(tmp_path: Path) -> None:
    folder = recipe(tmp_path / "recipe")
    (folder / "conf.txt").unlink()
    resolved = resolve(folder, "compose.yml", "compose.over.yml")
    assert resolved.configs == {"demo_conf": b"two"}


def test_aliases_and_variables_that_swell_beyond_all_bounds_are_refused(tmp_path: Path) -> None:
    folder = recipe(tmp_path / "recipe")
    big = "x" * 100_000
    labels = ", ".join(f"l{number}: *a" for number in range(60))
    (folder / "compose.yml").write_text(
        f"services: {{a: {{image: x, labels: {{first: &a '{big}', {labels}}}}}}}"
    )
    with pytest.raises(DeployRefused, match="more than 4194304 characters"):
        writing.write(resolve(folder))


def test_a_lone_surrogate_is_refused() -> None:
    with pytest.raises(Exception, match="half of a character"):
        written(tree_of({"a": "\ud800"}))
