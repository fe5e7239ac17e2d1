"""A recipe four times as long takes about four times as long to sweep, whatever it is made of."""

import time
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from support.command_line import invoke

from ccci.compose import open_source
from ccci.deployers.abra import parse
from ccci.recipe import abra_script
from ccci.swarm.judge import refusals
from ccci.sweep.rules import Choice
from ccci.sweep.upgrade.comparing import compare
from ccci.sweep.upgrade.revision import read

pytestmark = pytest.mark.slow

Work = Callable[[], object]
Files = dict[str, str]
SHORT, LONG = 500, 2000
APP = "services:\n app:\n  image: x\n"


def many(count: int, line: str) -> str:
    return "".join(line.replace("N", str(number)) for number in range(count))


def labels(count: int, value: str) -> Files:
    return {".env.sample": "A=1\n", "compose.yml": f"{APP}  labels:\n" + many(count, value)}


UPGRADES: dict[str, Callable[[int, int], Files]] = {
    "new variables": lambda count, side: labels(count * side + 1, "   aN: ${VN}\n"),
    "lost defaults": lambda count, side: labels(
        count, "   aN: ${VN}\n" if side else "   aN: ${VN:-x}\n"
    ),
    "versions": lambda count, side: {
        ".env.sample": many(count, f"VN_VERSION=xN.{side}\n"),
        "compose.yml": APP,
    },
    "secrets": lambda count, side: {
        ".env.sample": "A=1\n",
        "compose.yml": f"{APP}  secrets:\n{many(count, '  - sN' + chr(10))}secrets:\n"
        + many(
            count, f" sN: {{external: true, name: '${{STACK_NAME}}_sN_${{V{side}N_VERSION}}'}}\n"
        ),
    },
    "services": lambda count, side: {
        "compose.yml": "services:\n"
        + many(count, f" a{side}N: {{image: x, volumes: ['v:/v']}}\n")
        + "volumes: {v: }\n"
    },
    "ignored": lambda count, side: {
        "compose.yml": "services:\n"
        + many(
            count,
            " aN:\n  image: x\n  # ccci: ignore CCCI112\n"
            + ("" if side else "  healthcheck: {test: x}\n"),
        )
    },
}
SWEEPS: dict[str, str] = {
    "services": " aN: {image: x}\n",
    "ignored": " aN: {image: x, ports: ['N:80']}  # ccci: ignore CCCI099 x\n",
}
TEXTS: dict[str, Callable[[int], object]] = {
    "comments": lambda count: open_source(
        "x", Path("x"), content=b"x:\n" + b' "a1": "x" # ccci: ignore\n' * count
    ),
    "fatal lines": lambda count: parse.fatal(["level=fatal x" * count]),
    "fatal words": lambda count: refusals.refusal("level=fatal x" * count, "level=fatal x" * count),
    "blanks": lambda count: abra_script.read("export" + " " * count * 5),
}


def upgrade(of: Callable[[int, int], Files], count: int, folder: Path) -> Work:
    revisions = []
    for side in (0, 1):
        place = folder / f"{count}-{side}"
        place.mkdir()
        for name, text in of(count, side).items():
            (place / name).write_text(text)
        revisions.append(read(place, "c" * 40, "x"))
    return lambda: compare("shop", revisions[0], revisions[1], Choice())


def sweep(line: str, count: int, folder: Path) -> Work:
    path = folder / f"{count}.yml"
    path.write_text("services:\n" + many(count, line))
    return lambda: invoke("sweep", "rollback-policy", str(path))


def seconds(work: Work) -> float:
    took = []
    for _ in range(2):
        begun = time.process_time()
        work()
        took.append(time.process_time() - begun)
    return min(took)


def text(of: Callable[[int], object], count: int, _: Path) -> Work:
    return partial(of, count)


CASES: dict[str, Callable[[int, Path], Work]] = {
    **{f"upgrade, {name}": partial(upgrade, of) for name, of in UPGRADES.items()},
    **{f"sweep, {name}": partial(sweep, line) for name, line in SWEEPS.items()},
    **{name: partial(text, of) for name, of in TEXTS.items()},
}


@pytest.mark.parametrize("case", CASES)
def test_what_is_four_times_as_long_takes_no_sixteen_times_as_long(
    case: str, tmp_path: Path
) -> None:
    short, long = (seconds(CASES[case](count, tmp_path)) for count in (SHORT, LONG))
    assert long < 8 * short + 0.1
