"""How much memory old and new tasks hold, sampled on a real Swarm while they roll."""

import json
from typing import Any

from support.sandbox.stagings import Stage, Told, app
from support.sandbox.swarms import SEES_IT_FAIL

from ccci.exits import Verdict
from ccci.records.reopening import of_trace
from ccci.report.model import document
from ccci.swarm.decode.memory import of_stats
from ccci.swarm.engine.client import Engine

MIB = 2**20


def growing(megabytes: int, limit: str, **changes: Any) -> dict[str, Any]:
    """Return a service that takes so much memory, a megabyte each tenth of a second."""
    script = (
        f'BEGIN{{for(n=0;n<{megabytes};n++){{x=x sprintf("%1000000s","a");system("sleep 0.1")}}'
        'system("sleep 100000")}'
    )
    limited = {"resources": {"limits": {"memory": limit}}}
    return {**app(deploy=limited, **changes), "command": ["awk", script]}


def memory(told: Told) -> dict[str, Any]:
    found = told.service()["memory"]
    assert found is not None, told.report
    return dict(found)


def replayed(stage: Stage) -> dict[str, Any]:
    """Return what the trace alone tells of the memory."""
    found: dict[str, Any] = document(of_trace(stage.folder / "trace.jsonl"))["services"][0]
    return dict(found["memory"])


def test_a_kill_beside_the_old_task_is_told_with_its_numbers(stage: Stage) -> None:
    stage.base(app=growing(20, "64M"))
    told = stage.roll(app=growing(200, "32M", update={"monitor": SEES_IT_FAIL}))
    told.as_expected(Verdict.ROLLED_BACK, "oom-killed")
    found = memory(told)
    assert 4 * MIB < found["new_peak_bytes"] <= 32 * MIB
    assert (found["new_limit_bytes"], found["old_limit_bytes"]) == (32 * MIB, 64 * MIB)
    assert found["together_peak_bytes"] > max(found["new_peak_bytes"], found["old_peak_bytes"])
    assert found["node_bytes"] > 64 * MIB
    assert replayed(stage) == found
    assert "memory   new up to " in told.errors


def test_old_and_new_side_by_side_are_added_up(stage: Stage) -> None:
    stage.base(app=growing(20, "64M"))
    told = stage.roll(app=growing(21, "64M"))
    told.as_expected(Verdict.CONVERGED)
    found = memory(told)
    # The old one hears no signal, and stays for its grace while the new one takes its own.
    assert found["together_peak_bytes"] > 30 * MIB
    assert replayed(stage) == found
    with Engine.connect(environ=stage.swarm.environment) as engine:
        sizes = [of_stats(engine.memory_of(each["Id"])) for each in engine.containers(stage.stack)]
    # What the Engine tells of it is what the kernel's own files told.
    assert max(size or 0 for size in sizes) > 15 * MIB


def test_nothing_is_sampled_where_that_was_said(stage: Stage) -> None:
    told = stage.roll("--no-sample", app=app())
    told.as_expected(Verdict.CONVERGED)
    assert told.service()["memory"] is None
    lines = (stage.folder / "trace.jsonl").read_text(encoding="utf-8").splitlines()
    assert "memory" not in {json.loads(line)["kind"] for line in lines}
