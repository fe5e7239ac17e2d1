"""An Engine whose answers are spoilt in one place: each step reads them, or calls them senseless.

The steps beside the watch: who owns what, what is reached, whether the app answers, what is left.
"""

import copy
import random
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from support.engine.adversary import spoilt
from support.engine.server import recorded

from ccci.errors import CcciError
from ccci.recipe import stack as stackfile
from ccci.recipe.stack import StackFile
from ccci.removal import looking, teardown
from ccci.removal.objects import Claim
from ccci.steps import claims, health, ownership, reach
from ccci.steps.health import Health
from ccci.swarm.engine import answers
from ccci.swarm.engine.client import Engine

THEIRS = {"com.docker.stack.namespace": "t"}
TRUTH: dict[str, Any] = {
    **{f"/{name}": recorded(name) for name in ("services", "tasks", "nodes")},
    "/networks": [{"Id": "n1", "Name": "n", "Labels": THEIRS, "Scope": "swarm"}],
    "/configs": [{"ID": "c", "Version": {"Index": 1}, "Spec": {"Name": "x", "Labels": THEIRS}}],
    "/secrets": [{"ID": "s", "Version": {"Index": 1}, "Spec": {"Name": "t_s", "Labels": None}}],
    "/volumes": [{"Name": "t_v", "Labels": None}],
    "/containers": [{"Id": "abc" * 10, "Labels": THEIRS}],
    "/info": {"Swarm": {"NodeID": "x", "NodeAddr": "127.0.0.1"}},
}
COMPOSE = """\
services: {app: {image: a, configs: [c], volumes: ["v:/v"]}}
configs: {c: {name: x, external: true}}
volumes: {v: {name: t_v}}
networks: {default: {external: true, name: n}}
"""


class Liar:
    """Answers as an Engine does, but for one lie."""

    host = "unix:///nowhere"

    def __init__(self, seed: int) -> None:
        rng = random.Random(seed)  # noqa: S311
        self._said = copy.deepcopy(TRUTH)
        path = rng.choice(sorted(TRUTH))
        self._said[path] = spoilt(rng)(self._said[path])

    def __getattr__(self, name: str) -> Callable[..., list[Any]]:
        return lambda *_, **__: answers.objects(f"/{name}", self._said[f"/{name}"])

    def info(self) -> Any:
        return answers.an_object("/info", self._said["/info"])

    def container(self, _: str) -> Any:
        return {"Id": "x", "Config": {"ExposedPorts": {"80/tcp": {}}}}


ANSWERED = Health("/", frozenset({200}))
READERS: dict[str, Callable[[Engine, StackFile], object]] = {
    "claims": lambda engine, stack: claims.refuse_others(ownership.owners(engine, "t"), stack, "t"),
    "reach": lambda engine, stack: reach.of_others(ownership.owners(engine, "t"), stack, "t"),
    "health": lambda engine, _: health._answer(engine, "t_app", ANSWERED),
    "look": lambda engine, _: looking.look(engine, Claim("t")),
    "claim": lambda engine, _: teardown.claim_of(engine, "t", (), ours=True),
    "kept": lambda engine, _: teardown._kept(engine, Claim("t")),
    "unseen": lambda engine, _: teardown._unseen(engine, Claim("t"), set()),
}


@pytest.mark.parametrize("reader", READERS)
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32))
def test_a_spoilt_answer_is_read_or_makes_no_sense(
    reader: str, seed: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(health, "_inside", lambda *_: None)
    monkeypatch.setattr(health, "_outside", lambda *_: "200")
    (tmp_path / "compose.yml").write_text(COMPOSE)
    stack = stackfile.read([tmp_path / "compose.yml"], {})
    try:
        READERS[reader](cast("Engine", Liar(seed)), stack)
    except CcciError:
        return
