"""A plan as a comment on a pull request: what a reader needs, harmless, and short enough."""

from dataclasses import replace

import pytest

from ccci.exits import Verdict
from ccci.planning.fate import Fate
from ccci.planning.markdown import markdown
from ccci.planning.model import (
    NodeFit,
    ObjectPlan,
    Plan,
    PlannedRevision,
    Remark,
    ServicePlan,
)
from ccci.swarm.decode.fields import Field

WEB = ServicePlan(
    "web",
    Fate.ROLLS,
    "box:2",
    (Field("Image", "box:1", "box:2"), Field("Env.KEY", "***", "***")),
    (NodeFit("one"), NodeFit("two", "does not meet node.labels.a == b")),
    2,
    110.0,
    "110s for web = 2 x (30s to start)",
    "old and new run side by side: 96 MiB of limits together",
)
PLAN = Plan(
    "shop",
    Verdict.DONE,
    "shop: 1 rolls, 1 unchanged",
    services=(WEB, ServicePlan("db", Fate.UNCHANGED, "box:1")),
    objects=(ObjectPlan("config", "shop_conf_v2", "create"),),
    findings=(Remark("CCCI001", "error", "web", "it is rolled back", "order: stop-first"),),
    notes=("a note",),
)


def test_a_reader_finds_the_verdict_each_fate_and_what_differs() -> None:
    told = markdown(PLAN)
    assert told.startswith("### ✅ Plan of <code>shop</code>\n\n**done** (exit 0): shop: 1 rolls")
    assert "| 🟡 | <code>web</code> | rolls | <code>box:2</code> | old and new run side" in told
    assert "96 MiB of limits together<br>2 waves, at most 110s" in told
    assert "not on two: does not meet node.labels.a == b" in told
    assert "Unchanged: <code>db</code>" in told
    assert "- new config <code>shop\\_conf\\_v2</code>" in told
    assert "2 fields of web</summary>\n\n```diff\n- Image: box:1\n+ Image: box:2\n" in told
    assert "! Env.KEY: changed" in told
    assert "The sweep's rules on what was sent: 1 error" in told
    assert told.endswith("_A plan is no promise about the app._\n")


def test_the_revision_is_told_with_the_base_below_it() -> None:
    base = replace(
        PLAN, revision=PlannedRevision("shop", "shop.example.com", "a" * 40, "1.0.0+2", "stack")
    )
    head = PlannedRevision("shop", "shop.example.com", "b" * 40, None, "stack")
    told = markdown(replace(PLAN, revision=head, base=base))
    assert "shop bbbbbbbb as shop.example.com" in told
    assert "on top of 1.0.0\\+2, which is to be deployed first" in told


def test_a_refusal_is_told_with_its_way_out() -> None:
    refused = replace(WEB, fate=Fate.REFUSED, refusal="service mode change is not allowed")
    told = markdown(
        replace(
            PLAN,
            verdict=Verdict.DEPLOY_FAILED,
            summary="the Engine would refuse web",
            hint="docker service rm shop_web",
            services=(refused,),
        )
    )
    assert "### ❌ Plan" in told
    assert "refused: service mode change is not allowed" in told
    assert "Next: docker service rm shop\\_web" in told


def test_texts_of_others_mean_nothing() -> None:
    evil = "a`b|c\n## x @who <img src=x> [l](http://h) ```\n</details>"
    told = markdown(
        replace(
            PLAN,
            summary=evil,
            services=(
                replace(WEB, name=evil, image=evil, fields=(Field(evil, evil, f"{evil}!"),)),
            ),
            objects=(ObjectPlan("config", evil, "create", evil),),
            findings=(Remark("CCCI001", "error", evil, evil, evil),),
            notes=(evil,),
        )
    )
    outside, _, diff = told.partition("```diff")
    fenced, end, rest = diff.partition("```")
    assert end, "what a diff holds ends its fence"
    assert "<img" in fenced, "it is told as it is"
    for text in (outside, rest):
        assert "<img" not in text
        assert "@who" not in text
        assert not any(line.startswith("```") for line in text.splitlines()[1:])
    assert (outside + rest).count("</details>") == 2
    assert "\n## x" not in told
    rows = [line for line in told.splitlines() if line.startswith("| 🟡")]
    assert len(rows) == 1
    assert rows[0].count("|") - rows[0].count("\\|") == 6


@pytest.mark.slow
def test_it_never_grows_beyond_what_a_comment_holds() -> None:
    fields = tuple(Field(f"Env.{number}", "x" * 79, "y" * 79) for number in range(200))
    many = tuple(replace(WEB, name=f"web{number}", fields=fields) for number in range(300))
    objects = tuple(ObjectPlan("config", "c" * 500, "create") for _ in range(500))
    told = markdown(replace(PLAN, services=many, objects=objects, notes=("n" * 5000,) * 50))
    assert len(told) < 65_536
    assert "… and 200 more services." in told
    assert "… and details of" in told
    assert told.count("<details>") == told.count("</details>")
    assert told.endswith("_A plan is no promise about the app._\n")


def test_a_plan_that_is_printed_commands_no_ci() -> None:
    field = Field("Labels.##vso[task.x]", "::error::a", "it's ##vso[y] @them #1")
    told = markdown(
        replace(
            PLAN,
            services=(replace(WEB, name="it's ##vso[z]@them#1", fields=(field,)),),
            notes=("see ::error::b",),
        )
    )
    assert "##vso" not in told
    assert "::error" not in told
    assert "it&#x27;s #&#8203; #&#8203;vso[z]@&#8203;them#&#8203;1</summary>" in told
