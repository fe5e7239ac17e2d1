"""What a stranger's recipe can hold is read in one go and within bounds, or refused (exit 4)."""

import json
import os
import tempfile
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, SupportsIndex

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support.examples import examples

from ccci.compose import interpolation, loading
from ccci.compose.interpolation import Variables, substitute
from ccci.deployers import App, Revision, plan, resolving
from ccci.deployers.stack import new_env
from ccci.errors import DeployRefused
from ccci.plain_file import read_plain
from ccci.recipe import abra_script, dotenv, files

COMMIT = "7ae7b0f7" + "0" * 32
COMPOSE = "services: {app: {image: 'x:${A}'}}\n"


class Counted(str):  # noqa: SLOT000 -- it counts
    """A text that counts the characters that were looked at to find something in it."""

    looked_at = 0

    def find(
        self, sub: str, start: SupportsIndex | None = None, end: SupportsIndex | None = None, /
    ) -> int:
        found = super().find(sub, start, end)
        begin = 0 if start is None else int(start)
        self.looked_at += (len(self) if found < 0 else found) - begin + 1
        return found


@pytest.mark.parametrize(
    "piece", ["${A:-", "${A", "$A-", "${A?", "$", "${", "${A:-}", "$$", "a$b}"]
)
@pytest.mark.parametrize(
    "read",
    [
        lambda text: substitute(text, Variables({"A": "1"})),
        lambda text: dotenv.expand(text, {"A": "1"}),
    ],
    ids=["compose", "env"],
)
def test_a_text_twice_as_long_is_looked_at_twice_as_much(
    piece: str, read: Callable[[str], str]
) -> None:
    cost = []
    for times in (500, 1000):
        text = Counted(piece * times)
        # A refusal is as good an end as another.
        with suppress(interpolation._InvalidError):
            read(text)
        cost.append(text.looked_at)
    assert 0 < cost[1] <= 2.1 * cost[0]
    assert cost[1] <= 4 * len(piece) * 1000


def refusal(made: App) -> str:
    try:
        read(made)
    except DeployRefused as refused:
        return refused.message
    return ""


HOSTILE = {
    "laughs": "".join(f"A{n}=$A{n - 1}$A{n - 1}\n" for n in range(1, 60)).replace("$A0", "ha"),
    "laughs of one": "A=ha\n" + "A=$A$A\n" * 60,
    "laughs in quotes": "A=ha\n" + 'A="$A$A"\n' * 60,
    "laughs by defaults": "A=ha\n" + "A=${B:-$A}${B:-$A}\n" * 60,
    "many long values": f"A={'x' * 100_000}\n" + "".join(f"B{n}=$A\n" for n in range(50)),
    "unclosed variables": "A=" + "${A:-" * 20_000 + "\n",
    "unclosed quote": 'A="' + '\\"\n' * 60_000,
    "escapes and no quote": 'A="' + "\\" * 200_000,
    "marks": "A='" + "\n" * 200_000,
    "NUL": "A=a\0b\n",
    "too large": "#" * 300_000,
    "digits": "SECRET_A_VERSION=v1 # length=" + "9" * 5000 + "\n",
    "names": "".join(f"SECRET_A{n}_VERSION=v\n" for n in range(3000)),
    "long name": "COMPOSE_FILE=" + "n" * 5000 + "\n",
    "name of 300": "COMPOSE_FILE=" + "n" * 300 + "\n",
    "NUL in a name": 'COMPOSE_FILE="a\\0b"\n',
    "many files": "COMPOSE_FILE=" + ":".join(["compose.yml"] * 500) + "\n",
    "blanks": "A" + " " * 200_000 + "B\n",
    "export blanks": "export " + "\t" * 200_000 + "\n",
    "quotes": "A=" + "'\"" * 100_000 + "\n",
    "surrogates": "A=\udcff\n",
}
HARMLESS = {"export blanks", "names", "surrogates", "unclosed variables"}


def app(tmp_path: Path, **content: str | bytes) -> App:
    made = App("demo", "demo.test", "demo_test", tmp_path / "abra")
    made.checkout.mkdir(parents=True)
    for name, text in {"compose.yml": COMPOSE, ".env.sample": "A=1\n", **content}.items():
        data = text if isinstance(text, bytes) else text.encode("utf-8", "surrogateescape")
        (made.checkout / name).write_bytes(data)
    return made


def read(made: App) -> plan.DeployPlan:
    new_env(made, Revision(COMMIT))
    return plan.make(made, Revision(COMMIT), None)


@pytest.mark.slow
@pytest.mark.parametrize("what", HOSTILE)
@pytest.mark.parametrize("where", [".env.sample", "abra.sh"])
def test_settings_that_are_meant_to_do_harm_are_refused_or_read(
    what: str, where: str, tmp_path: Path
) -> None:
    text = HOSTILE[what]
    secret = what == "digits"
    if where == "abra.sh":
        text = "\n".join(f"export {line}" for line in text.split("\n"))
    compose = COMPOSE
    if secret:
        name = "demo_test_a_${SECRET_A_VERSION:-v1}"
        compose = (
            "services: {app: {image: x, secrets: [a]}}\n"
            f"secrets: {{a: {{external: true, name: '{name}'}}}}\n"
        )
    made = app(tmp_path, **{where: text, "compose.yml": compose})
    message = refusal(made)
    assert message or where == "abra.sh" or what in HARMLESS
    assert len(message) < 1000


DEEP = "[" * 5000 + "]" * 5000
COMPOSES: dict[str, str | bytes] = {
    "laughs": "x: &a [l, l]\n"
    + "".join(f"y{n}: &{chr(98 + n)} [*{chr(97 + n)}, *{chr(97 + n)}]\n" for n in range(24)),
    "deep": f"x-a: {DEEP}\n{COMPOSE}",
    "half deep": f"x-a: {'[' * 190}{']' * 190}\n{COMPOSE}",
    "unclosed": "services: {app: {image: '" + "${A:-" * 100_000 + "'}}",
    "swelling": "services: {app: {image: x, labels: {a: '" + "${A}" * 200_000 + "'}}}",
    "long aliases": "services: {app: {image: x, environment: [&a '"
    + "$$x" * 100_000
    + "', "
    + ", ".join(["*a"] * 5_000)
    + "]}}",
    "plain aliases": "services: {app: {image: x, environment: [&a '"
    + "x" * 600_000
    + "', "
    + ", ".join(["*a"] * 5_000)
    + "]}}",
    "digits": "services: {app: {image: x, deploy: {replicas: " + "9" * 5000 + "}}}",
    "digits in a text": "services: {app: {image: x, ports: ['" + "9" * 5000 + "']}}",
    "nan": "services: {app: {image: x, deploy: {replicas: .nan}}}",
    "infinity": "services: {app: {image: x, mem_limit: .inf, shm_size: '1e400'}}",
    "memory": "services: {app: {image: x, deploy: {resources: {limits: {memory: 1e400}}}}}",
    "cpus": "services: {app: {image: x, deploy: {resources: {limits: {cpus: '1e400'}}}}}",
    "surrogate": 'services: {app: {image: x, labels: {a: "\\ud800"}}}',
    "NUL": 'services: {app: {image: "a\\0b"}}',
    "NUL in a file": 'services: {app: {image: x}}\nconfigs: {c: {file: "a\\0b"}}',
    "long file": "services: {app: {image: x}}\nconfigs: {c: {file: " + "n" * 5000 + "}}",
    "long key": "services: {? " + "n" * 5000 + " : {image: x}}",
    "many ranges": "services: {"
    + ", ".join(f"a{n}: {{image: x, ports: ['1-65535:1-65535']}}" for n in range(400))
    + "}",
    "bytes": b"services: {app: {image: \xff\xfe}}",
    "empty": "",
    "only a tag": "!!binary '='",
}


@pytest.mark.slow
@pytest.mark.parametrize("what", COMPOSES)
def test_a_compose_file_that_is_meant_to_do_harm_is_refused_or_read(
    what: str, tmp_path: Path
) -> None:
    made = app(tmp_path, **{"compose.yml": COMPOSES[what], ".env.sample": f"A={'a' * 50_000}\n"})
    assert len(refusal(made)) < 3000


@pytest.mark.parametrize("name", ["compose.yml", ".env.sample", "abra.sh"])
@pytest.mark.parametrize("kind", ["itself", "circle", "pipe", "folder", "socket", "dangling"])
def test_what_is_no_file_is_refused_and_never_waited_for(
    name: str, kind: str, tmp_path: Path
) -> None:
    made = app(tmp_path)
    path = made.checkout / name
    path.unlink(missing_ok=True)
    if kind == "itself":
        path.symlink_to(path.name)
    elif kind == "circle":
        path.symlink_to("other")
        (made.checkout / "other").symlink_to(path.name)
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "folder":
        path.mkdir()
    elif kind == "socket":
        os.mknod(path, 0o140600)
    else:
        path.symlink_to("nowhere")
    with pytest.raises(DeployRefused):
        read(made)


PIECES = st.sampled_from(
    [
        *("${", "}", "$", "${A", ":-", "'", '"', "\\", "\n", " # ", "=", "A", "export ", "\0", "é"),
        *("A=", "B=", "length=", "SECRET_A_VERSION=v1", "COMPOSE_FILE=", ":", "\t", "\r", "\u2028"),
    ]
)


@settings(max_examples=examples(200), deadline=None)
@given(st.lists(PIECES, max_size=40).map("".join))
def test_no_settings_end_in_anything_but_a_refusal(text: str) -> None:
    try:
        dotenv.read(text)
        dotenv.assign(text, {"A": "new", "N": "other"})
        abra_script.exports(text)
    except DeployRefused:
        return


YAML = st.recursive(
    st.none()
    | st.booleans()
    | st.floats()
    | st.integers(-(10**30), 10**30)
    | st.sampled_from(["${A}", "${A:?}", "$", "../x", "/etc/passwd", "app", "1-9:1-9", "./x:/y:z"])
    | st.text(max_size=8),
    lambda below: (
        st.lists(below, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                [
                    *("image", "environment", "env_file", "labels", "volumes", "configs", "file"),
                    *("secrets", "external", "name", "deploy", "source", "type", "app", "ports"),
                    *("services", "networks", "driver", "target", "healthcheck", "test", "x-y"),
                ]
            ),
            below,
            max_size=4,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=examples(150), deadline=None)
@given(
    st.dictionaries(
        st.sampled_from(["image", "environment", "env_file", "volumes", "deploy", "secrets"]),
        YAML,
        max_size=4,
    ),
    st.dictionaries(
        st.sampled_from(["configs", "secrets", "networks", "version"]), YAML, max_size=3
    ),
)
def test_no_compose_file_ends_in_anything_but_a_refusal(
    service: dict[str, object], rest: dict[str, object]
) -> None:
    text = json.dumps({**rest, "services": {"app": {"image": "x", **service}}})
    with tempfile.TemporaryDirectory() as folder:
        refusal(app(Path(folder), **{"compose.yml": text}))


def test_the_limits_are_those_that_the_messages_name(tmp_path: Path) -> None:
    made = app(tmp_path, **{".env.sample": "#" * (files.LARGEST_SETTINGS + 1)})
    with pytest.raises(DeployRefused, match=f"more than {files.LARGEST_SETTINGS} bytes"):
        read(made)
    with pytest.raises(DeployRefused, match=f"A has more than {dotenv.LONGEST_VALUE}"):
        dotenv.read(HOSTILE["laughs of one"])
    with pytest.raises(DeployRefused, match=f"more than {dotenv.LARGEST_ENV} characters together"):
        dotenv.read(HOSTILE["many long values"])


def asking(count: int, env_file: str) -> str:
    return "services:\n" + "".join(
        f" {f's{number}' if number else 'app'}: {{image: x, env_file: {env_file}}}\n"
        for number in range(count)
    )


def spelled(count: int) -> str:
    return str(["./" * (number % 50) + "d/../" * (number // 50) + "e" for number in range(count)])


@pytest.mark.parametrize(
    "compose", [asking(200, "e"), asking(1, spelled(500))], ids=["services", "spellings"]
)
def test_an_env_file_is_read_once_however_often_it_is_named(
    compose: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    reads: list[str] = []
    of_recipe = files.read

    def plain(path: Path, inside: Path | None) -> bytes:
        reads.append("checked")
        return read_plain(path, inside)

    def handed_over(folder: Path, name: str, **more: Any) -> bytes:
        reads.append(Path(name).name)
        return of_recipe(folder, name, **more)

    made = app(tmp_path, **{"compose.yml": compose, "e": "A=1\nB\n"})
    (made.checkout / "d").mkdir()
    monkeypatch.setattr("ccci.compose.loading.read_plain", plain)
    monkeypatch.setattr(files, "read", handed_over)
    assert refusal(made) == ""
    assert reads.count("checked") == 1
    assert reads.count("e") == 1


def test_what_env_files_give_all_services_together_is_bounded(tmp_path: Path) -> None:
    many = "".join(f"A{number}=x\n" for number in range(1000))
    made = app(tmp_path, **{"compose.yml": asking(201, "e"), "e": many})
    assert "more than 200000 variables by env_file" in refusal(made)


def test_the_files_of_a_set_together_are_bounded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(loading, "_MOST_BYTES", 1000)
    monkeypatch.setattr(resolving, "_MOST_COPIED", 1000)
    names = [f"e{number}" for number in range(3)]
    big = dict.fromkeys(names, "A=" + "x" * 400)
    made = app(tmp_path / "env", **{"compose.yml": asking(1, str(names)), **big})
    assert "more than 1000 bytes together" in refusal(made)
    configs = "".join(f" {name}: {{file: e0}}\n" for name in names)
    compose = f"services: {{app: {{image: x}}}}\nconfigs:\n{configs}"
    made = app(tmp_path / "configs", **{"compose.yml": compose, **big})
    assert "configs and secrets have more than 1000 bytes" in refusal(made)
