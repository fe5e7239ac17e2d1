"""How tasks are replaced and what starts anew: jobs, rolls that go on, scales, waves, outages."""

from dataclasses import replace
from typing import Any

import pytest
from support.plans import MIB, Json, live, node, planned, reserving, spec, task, update

from ccci.exits import Verdict
from ccci.planning import text
from ccci.planning.facts import There
from ccci.planning.fate import Fate
from ccci.planning.model import NodeFit
from ccci.planning.objects import Kind, Write
from ccci.swarm.labels import STACK_LABEL

JOBS: dict[str, Json] = {
    "replicated": {"ReplicatedJob": {"MaxConcurrent": 1, "TotalCompletions": 2}},
    "global": {"GlobalJob": {}},
}


@pytest.mark.parametrize("mode", JOBS)
def test_an_update_runs_a_job_again_whatever_it_changes(mode: str) -> None:
    job = {"Mode": JOBS[mode]}
    there = There([live("web", **job)], [], [node("one")])
    same = update("web", there.services[0], **job)
    labels = update("web", there.services[0], Labels={STACK_LABEL: "s", "a": "b"}, **job)
    for write in (same, labels):
        (web,) = planned(there, write).services
        assert web.fate is Fate.ROLLS
        # No update config is a job's: nothing comes in waves, and nothing is rolled back.
        assert (web.waves, web.arithmetic) == (
            0,
            "335s for web = 30s to start + 300s to work + 5s soak",
        )
        assert next(iter(text.sentences(web)))[0] == (
            "it is a job: each update runs it again, whatever it changes"
        )


@pytest.mark.parametrize(
    ("sent", "stored"),
    [({}, (1, 1)), ({"MaxConcurrent": 2}, (2, 2)), ({"TotalCompletions": 3}, (1, 3))],
)
def test_the_counts_of_a_job_are_those_that_the_engine_fills_in(
    sent: Json, stored: tuple[int, int]
) -> None:
    counts = dict(zip(("MaxConcurrent", "TotalCompletions"), stored, strict=True))
    there = There([live("web", Mode={"ReplicatedJob": counts})], [], [node("one")])
    (web,) = planned(there, update("web", there.services[0], Mode={"ReplicatedJob": sent})).services
    assert web.fields == ()


def test_a_job_that_is_to_complete_nothing_runs_nothing_again() -> None:
    none = {"Mode": {"ReplicatedJob": {"MaxConcurrent": 0, "TotalCompletions": 0}}}
    there = There([live("web", **none)], [], [node("one")])
    (web,) = planned(there, update("web", there.services[0], **none)).services
    assert (web.fate, web.nodes) == (Fate.UNCHANGED, ())


@pytest.mark.parametrize("labels", [{}, {"a": "b"}])
def test_an_equal_spec_replaces_the_tasks_that_are_of_another_one(labels: Json) -> None:
    two = {"Mode": {"Replicated": {"Replicas": 3}}}
    waits = task("web", "three") | {"DesiredState": "ready", "Status": {"State": "ready"}}
    ended = task("web", "four") | {"DesiredState": "shutdown", "Status": {"State": "failed"}}
    tasks = [task("web", "one"), task("web", "two"), waits, ended]
    there = There([live("web", **two)], tasks, [node("one"), node("two")])
    sent = {**two, "Labels": {STACK_LABEL: "s", **labels}}
    write = update("web", there.services[0], **sent)
    (web,) = planned(replace(there, dirty=frozenset({"t-web-two", "t-web-four"})), write).services
    assert (web.fate, web.why, web.waves) == (
        Fate.ROLLS,
        "1 of its 3 tasks is still of another spec",
        1,
    )
    (web,) = planned(replace(there, dirty=frozenset({"t-web-four"})), write).services
    assert web.fate is (Fate.LABELS_ONLY if labels else Fate.UNCHANGED)


def test_a_task_that_waits_for_a_node_is_replaced_where_constraints_change() -> None:
    asked = {"template": {"Placement": {"Constraints": ["node.labels.a == b"]}}}
    pending = task("web", "one") | {"NodeID": "", "Status": {"State": "pending"}}
    there = There([live("web", **asked)], [pending], [node("one")])
    (web,) = planned(there, update("web", there.services[0])).services
    assert web.fate is Fate.ROLLS


@pytest.mark.parametrize(("before", "after"), [(0, 0), (0, 2), (2, 0)])
def test_a_service_without_tasks_before_or_after_replaces_none(before: int, after: int) -> None:
    old, new = ({"Mode": {"Replicated": {"Replicas": count}}} for count in (before, after))
    there = There([live("web", **old)], [], [node("one")])
    (web,) = planned(there, update("web", there.services[0], image="box:2", **new)).services
    assert web.fate is (Fate.SETTINGS_ONLY if before == after else Fate.SCALED)
    assert "Image" in [each.path for each in web.fields]


def limited(memory: int) -> Json:
    return {"template": {"Resources": {"Limits": {"MemoryBytes": memory * MIB}}}}


@pytest.mark.parametrize(
    ("count", "parallelism", "sentence"),
    [
        (1, 0, "the new one may use 64 MiB, the old one has no limit"),
        (4, 1, "the new one may use 64 MiB, the old one has no limit"),
        (4, 0, "4 old and 4 new run side by side: each new one may use 64 MiB, the old ones have"),
    ],
)
def test_an_old_task_without_a_limit_is_told_to_have_none(
    count: int, parallelism: int, sentence: str
) -> None:
    policy = {"Order": "start-first", "Parallelism": parallelism}
    shape = {"Mode": {"Replicated": {"Replicas": count}}, "UpdateConfig": policy}
    there = There([live("web", **shape)], [], [node("one")])
    (web,) = planned(there, update("web", there.services[0], **limited(64), **shape)).services
    assert sentence in web.side_by_side
    assert "together" not in web.side_by_side


@pytest.mark.parametrize(
    ("parallelism", "nodes", "sentence"),
    [
        (1, 1, "old and new run side by side: 200 MiB of limits together"),
        (2, 1, "2 old and 2 new run side by side: 400 MiB of limits together"),
        (0, 1, "800 MiB of limits together, and no node has more than 512 MiB"),
        (9, 1, "800 MiB of limits together, and no node has more than 512 MiB"),
        (0, 2, "4 old and 4 new run side by side: 800 MiB of limits together"),
    ],
)
def test_all_that_a_wave_replaces_runs_side_by_side(
    parallelism: int, nodes: int, sentence: str
) -> None:
    policy = {"Order": "start-first", "Parallelism": parallelism}
    shape = {"Mode": {"Replicated": {"Replicas": 4}}, "UpdateConfig": policy, **limited(100)}
    there = There([live("web", **shape)], [], [node(str(each)) for each in range(nodes)])
    (web,) = planned(there, update("web", there.services[0], image="box:2", **shape)).services
    assert sentence in web.side_by_side
    assert ("no node" in web.side_by_side) is ("no node" in sentence)


def test_more_in_a_wave_than_all_nodes_have_is_told() -> None:
    shape = {
        "Mode": {"Replicated": {"Replicas": 6}},
        "UpdateConfig": {"Order": "start-first"},
        **limited(100),
    }
    down = node("three") | {"Status": {"State": "down"}}
    there = There([live("web", **shape)], [], [node("one"), node("two"), down])
    (web,) = planned(there, update("web", there.services[0], image="box:2", **shape)).services
    assert "1200 MiB of limits together, and the nodes together have no more than 1024 MiB" in (
        web.side_by_side
    )


def test_a_global_service_has_one_pair_on_each_node() -> None:
    policy = {"Order": "start-first", "Parallelism": 0}
    shape: Json = {"Mode": {"Global": {}}, "UpdateConfig": policy, **limited(100)}
    there = There([live("web", **shape)], [], [node("one"), node("two"), node("three")])
    (web,) = planned(there, update("web", there.services[0], image="box:2", **shape)).services
    assert web.side_by_side == "old and new run side by side: 200 MiB of limits together"


def scaled(count: int, **more: Any) -> Json:
    return {"Mode": {"Replicated": {"Replicas": count}}, **more}


def test_tasks_that_replace_none_start_at_once_and_are_not_rolled_back() -> None:
    there = There([live("web", **scaled(2))], [], [node("one")])
    create = Write("create", Kind.SERVICE, "z", "s_new", spec("new", **scaled(4)))
    for row in planned(there, create, update("web", there.services[0], **scaled(3))).services:
        assert row.fate in {Fate.CREATED, Fate.SCALED}
        assert (row.waves, row.longest) == (0, 35)
        assert f"at most 35s for {row.name} = 30s to start + 5s soak" in [
            said for said, _ in text.sentences(row)
        ]


def test_a_scale_needs_room_beside_the_tasks_that_stay_and_none_to_come_down() -> None:
    tasks = [task("web", "one", 300)]
    there = There([live("web", **reserving(300, **scaled(1)))], tasks, [node("one")])
    up = planned(there, update("web", there.services[0], **reserving(300, **scaled(2))))
    assert (up.services[0].fate, up.verdict) == (Fate.SCALED, Verdict.STALLED)
    assert "; " not in up.summary  # the one that is there runs on
    there = replace(there, services=[live("web", **reserving(600, **scaled(2)))])
    down = planned(there, update("web", there.services[0], **reserving(600, **scaled(1))))
    assert (down.services[0].fate, down.verdict) == (Fate.SCALED, Verdict.DONE)
    assert (down.services[0].nodes, down.services[0].longest) == ((), None)


def globally(*constraints: str) -> Json:
    return {
        "Mode": {"Global": {}},
        "template": {"Placement": {"Constraints": list(constraints)}},
    }


def test_a_global_service_gains_and_loses_tasks_by_its_placement_alone() -> None:
    nodes = [node("one", labels={"a": "b"}), node("two")]
    some, every = globally("node.labels.a == b"), globally()

    there = There([live("web", **some)], [task("web", "one")], nodes)
    (web,) = planned(there, update("web", there.services[0], **every)).services
    assert (web.fate, web.longest, web.waves) == (Fate.SCALED, 35, 0)
    (web,) = planned(
        there, update("web", there.services[0], **globally("node.hostname == one"))
    ).services
    assert web.fate is Fate.SETTINGS_ONLY

    there = There([live("web", **every)], [task("web", "one"), task("web", "two")], nodes)
    (web,) = planned(there, update("web", there.services[0], **some)).services
    assert (web.fate, web.longest) == (Fate.SCALED, None)
    assert [each.node for each in web.nodes if each.reason] == ["two"]

    found = planned(there, update("web", there.services[0], **globally("node.labels.a == c")))
    assert (found.services[0].fate, found.verdict) == (Fate.SCALED, Verdict.STALLED)
    assert found.summary.endswith("; its tasks are stopped all the same, and nothing of it serves")


def test_a_global_service_that_gains_a_node_needs_no_room_where_it_is_already() -> None:
    nodes = [node("one", labels={"a": "b"}), node("two")]
    on = {"Constraints": ["node.labels.a == b"]}
    before, after = reserving(300), reserving(300)
    before["template"]["Placement"] = on
    there = There([live("web", Mode={"Global": {}}, **before)], [task("web", "one", 300)], nodes)
    found = planned(there, update("web", there.services[0], Mode={"Global": {}}, **after))
    assert [(each.fate, each.nodes) for each in found.services] == [
        (Fate.SCALED, (NodeFit("one"), NodeFit("two")))
    ]


@pytest.mark.parametrize(
    ("policy", "outage"),
    [
        ({}, "its tasks are stopped first, and nothing of it serves"),
        ({"Parallelism": 0}, "its tasks are stopped first, and nothing of it serves"),
        ({"Parallelism": 1}, "1 of its 2 tasks stop, and nothing takes over"),
        ({"Parallelism": 1, "Order": "start-first"}, ""),
    ],
)
def test_an_outage_is_told_where_nothing_fits_and_old_tasks_are_stopped_first(
    policy: Json, outage: str
) -> None:
    tasks = [task("web", "one"), task("web", "one") | {"ID": "other"}]
    there = There([live("web", **scaled(2))], tasks, [node("one")])
    head = reserving(600, image="box:2", UpdateConfig=policy, **scaled(2))
    found = planned(there, update("web", there.services[0], **head))
    assert found.verdict is Verdict.STALLED
    assert found.services[0].outage == (f"under `order: stop-first` {outage}" if outage else "")
    assert found.summary.endswith(outage or "600 MiB are asked for")
