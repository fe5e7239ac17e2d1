"""What was sent, held against the sweep's rules and against the images at hand."""

from typing import Any

import pytest

from ccci.exits import Verdict
from ccci.planning.facts import Asked, There
from ccci.planning.model import Plan, Remark
from ccci.planning.objects import Kind, Write
from ccci.steps import plan_checks
from ccci.swarm.labels import STACK_LABEL

Json = dict[str, Any]


def write(name: str, image: str, stack: str = "s", policy: Json | None = None) -> Write:
    spec = {
        "Name": f"{stack}_{name}",
        "Labels": {STACK_LABEL: stack},
        "TaskTemplate": {"ContainerSpec": {"Image": image}},
        "Mode": {"Replicated": {"Replicas": 1}},
        **(policy or {}),
    }
    return Write("create", Kind.SERVICE, f"id-{name}", f"{stack}_{name}", spec)


class Engine:
    """An Engine with these images."""

    def __init__(self, **images: Json) -> None:
        self.images = images

    def image(self, name: str) -> Json | None:
        return self.images.get(name.partition(":")[0])


def test_digests_are_those_that_were_sent_or_that_the_node_knows() -> None:
    engine: Any = Engine(box={"RepoDigests": ["box@sha256:b"]}, made={"RepoDigests": []})
    writes = [
        write("a", "box:1"),
        write("b", "made:1"),
        write("c", "absent:1@sha256:c"),
        write("d", "absent:2"),
    ]
    found = plan_checks.images(engine, writes)
    assert found.digests == {"box:1": "sha256:b", "absent:1@sha256:c": "sha256:c"}
    assert found.absent == {"absent:1@sha256:c", "absent:2"}


ROLLS_BACK = {"UpdateConfig": {"FailureAction": "rollback", "Order": "start-first"}}


def test_the_rules_judge_the_last_spec_that_was_sent_of_each_service_of_the_stack() -> None:
    writes = (
        write("web", "box:1"),
        write("web", "box:1.2.3", policy=ROLLS_BACK),
        write("web", "box:1.2.3", "other", ROLLS_BACK),
    )
    found = plan_checks.findings("s", There(), Asked(writes))
    assert ("CCCI001", "error", "web") in {(e.rule, e.severity, e.service) for e in found}
    assert {each.service for each in found} == {"web"}
    first = plan_checks.findings("s", There(), Asked(writes[:1]))
    assert "CCCI001" not in {each.rule for each in first}


@pytest.mark.parametrize(
    ("severity", "fail_on", "verdict"),
    [
        ("error", "never", Verdict.DONE),
        ("error", "error", Verdict.FINDINGS),
        ("warning", "error", Verdict.DONE),
        ("warning", "warning", Verdict.FINDINGS),
    ],
)
def test_findings_decide_from_a_severity_on(severity: str, fail_on: str, verdict: Verdict) -> None:
    remark = Remark("CCCI001", severity, "web", "is so", "do that")
    found = plan_checks.failing(Plan("s", Verdict.DONE, "s: 1 rolls", findings=(remark,)), fail_on)
    assert found.verdict is verdict
    assert ("CCCI001 on web" in found.summary) is (verdict is Verdict.FINDINGS)


def test_a_plan_that_is_none_keeps_its_verdict() -> None:
    remark = Remark("CCCI001", "error", "web", "is so", "do that")
    plan = Plan("s", Verdict.DEPLOY_FAILED, "refused", findings=(remark,))
    assert plan_checks.failing(plan, "error") is plan
