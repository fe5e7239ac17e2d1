"""A plan out of made-up listings and writes: fates, places, refusals and verdicts."""

from typing import Any

import pytest
from support.plans import MIB, Json, live, node, planned, reserving, spec, task, update

from ccci.exits import Verdict
from ccci.planning import text
from ccci.planning.build import build
from ccci.planning.facts import Asked, There, moved
from ccci.planning.fate import Fate
from ccci.planning.model import document
from ccci.planning.objects import Kind, Write
from ccci.swarm.labels import STACK_LABEL


def test_each_service_has_its_fate() -> None:
    names = ("same", "image", "labels", "scaled", "left", "gone")
    there = There([live(name) for name in names], [], [node("one")])
    by_name = dict(zip(names, there.services, strict=True))
    found = planned(
        there,
        update("same", by_name["same"]),
        update("image", by_name["image"], image="box:2"),
        update("labels", by_name["labels"], Labels={STACK_LABEL: "s", "a": "b"}),
        update("scaled", by_name["scaled"], Mode={"Replicated": {"Replicas": 3}}),
        Write("remove", Kind.SERVICE, "id-gone", "s_gone", {}, by_name["gone"]),
        Write("create", Kind.SERVICE, "z", "s_new", spec("new")),
    )
    assert {each.name: each.fate for each in found.services} == {
        "same": Fate.UNCHANGED,
        "image": Fate.ROLLS,
        "labels": Fate.LABELS_ONLY,
        "scaled": Fate.SCALED,
        "left": Fate.LEFT_OUT,
        "gone": Fate.REMOVED,
        "new": Fate.CREATED,
    }
    assert (found.verdict, found.verdict.exit_code) == (Verdict.DONE, 0)
    assert document(found)["planned_on"] == {f"s_{name}": 5 for name in names}


@pytest.mark.parametrize("order", [1, -1])
def test_a_service_is_on_the_network_that_swarm_has_by_that_name(order: int) -> None:
    attached = {"template": {"Networks": [{"Target": "of-swarm"}]}}
    networks = [
        {"Id": "of-node", "Name": "net", "Scope": "local"},
        {"Id": "of-swarm", "Name": "net", "Scope": "swarm"},
    ][::order]
    there = There([live("web", **attached)], [], [node("one")])
    named = {"template": {"Networks": [{"Target": "net"}]}}
    write = update("web", there.services[0], **named)
    found = build("s", there, Asked((write,), networks, 0))
    assert [each.fate for each in found.services] == [Fate.UNCHANGED]


def test_a_constraint_that_the_tasks_node_meets_rolls_nothing_and_another_does() -> None:
    there = There([live("web")], [task("web", "one")], [node("one", labels={"a": "b"})])
    met = {"template": {"Placement": {"Constraints": ["node.labels.a == b"]}}}
    not_met = {"template": {"Placement": {"Constraints": ["node.labels.a == c"]}}}
    before = there.services[0]
    assert planned(there, update("web", before, **met)).services[0].fate is Fate.SETTINGS_ONLY
    moved = planned(there, update("web", before, **not_met))
    assert moved.services[0].fate is Fate.ROLLS
    assert (moved.verdict, moved.verdict.exit_code) == (Verdict.STALLED, 16)
    assert "one does not meet node.labels.a == c" in moved.summary


@pytest.mark.parametrize(
    ("order", "fits"),
    [("stop-first", True), ("start-first", False)],
)
def test_the_old_task_holds_its_share_under_start_first(order: str, *, fits: bool) -> None:
    there = There([live("web", **reserving(300))], [task("web", "one", 300)], [node("one")])
    head = reserving(300, image="box:2", UpdateConfig={"Order": order})
    found = planned(there, update("web", there.services[0], **head))
    assert (found.verdict is Verdict.DONE) is fits
    (web,) = found.services
    assert ("side by side: 600 MiB" in web.side_by_side) is not fits
    if not fits:
        assert "212 MiB of its memory are not reserved, 300 MiB are asked for" in found.summary


def test_two_limits_that_no_node_has_are_told() -> None:
    limited = {"template": {"Resources": {"Limits": {"MemoryBytes": 300 * MIB}}}}
    there = There([live("web", **limited)], [], [node("one")])
    head = {**limited, "image": "box:2", "UpdateConfig": {"Order": "start-first"}}
    (web,) = planned(there, update("web", there.services[0], **head)).services
    assert "600 MiB of limits together, and no node has more than 512 MiB" in web.side_by_side


def test_a_host_port_that_another_service_holds_is_named() -> None:
    port = {"Ports": [{"TargetPort": 80, "PublishedPort": 80, "PublishMode": "host"}]}
    there = There([live("old", EndpointSpec=port)], [task("old", "one")], [node("one")])
    found = planned(there, Write("create", Kind.SERVICE, "z", "s_n", spec("n", EndpointSpec=port)))
    assert found.verdict is Verdict.STALLED
    assert "one port 80 is held by s_old" in found.summary


def test_a_host_port_of_another_protocol_is_free() -> None:
    def port(protocol: str) -> Json:
        keys = {"PublishedPort": 53, "PublishMode": "host", "Protocol": protocol}
        return {"EndpointSpec": {"Ports": [{"TargetPort": 53, **keys}]}}

    there = There([live("old", **port("tcp"))], [task("old", "one")], [node("one")])
    found = planned(there, Write("create", Kind.SERVICE, "z", "s_n", spec("n", **port("udp"))))
    assert found.verdict is Verdict.DONE


def test_a_refusal_is_the_verdict_with_its_way_out() -> None:
    there = There([live("web")], [], [node("one")])
    refused = Write(
        "update",
        Kind.SERVICE,
        "id-web",
        "s_web",
        spec("web"),
        there.services[0],
        "service mode change is not allowed",
    )
    found = planned(there, refused, code=1)
    assert (found.verdict, found.services[0].fate) == (Verdict.DEPLOY_FAILED, Fate.REFUSED)
    assert "docker service rm s_web" in found.hint


def test_the_next_step_for_a_config_that_is_refused_names_it() -> None:
    said = "config data must be larger than 0 and less than 1024000 bytes"
    refused = Write("create", Kind.CONFIG, "", "s_conf", {}, None, said)
    found = planned(There([live("web")], [], [node("one")]), refused, code=1)
    assert found.verdict is Verdict.DEPLOY_FAILED
    assert "the config s_conf is empty" in found.hint


def test_a_swarm_that_moved_meanwhile_is_no_plan() -> None:
    there = There([live("web")], [], [])
    found = planned(there, update("web", there.services[0]), moved=["s_web"])
    assert (found.verdict, found.verdict.exit_code) == (Verdict.DISTURBED, 15)


@pytest.mark.parametrize(
    ("code", "verdict"), [(0, Verdict.UNABLE), (1, Verdict.DEPLOY_FAILED), (None, Verdict.UNABLE)]
)
def test_a_command_that_wrote_nothing_of_the_stack(code: int | None, verdict: Verdict) -> None:
    assert planned(There([live("web")], [], []), code=code).verdict is verdict


def test_no_value_of_a_variable_is_told() -> None:
    there = There([live("web", container={"Env": ["KEY=old-secret"]})], [], [node("one")])
    write = update("web", there.services[0], container={"Env": ["KEY=new-secret"]})
    found = planned(there, write)
    told = "\n".join(map(str, text.lines(found))) + str(document(found))
    assert "Env.KEY: changed" in told
    assert "secret" not in told


def test_the_last_line_of_a_plan_is_its_verdict() -> None:
    there = There([live("web")], [], [node("one")])
    lines = [
        str(each)
        for each in text.lines(planned(there, update("web", there.services[0], image="box:2")))
    ]
    assert lines[0] == "~ web: rolls box:2"
    assert "      Image: box:1 -> box:2" in lines
    assert lines[-1].startswith("DONE: s: 1 rolls (exit 0)")


def test_no_word_of_a_command_is_told() -> None:
    words = {"Args": ["--db=postgres://admin:S3cretPassw0rd@db/x"], "Command": ["--password=p4ss"]}
    there = There([live("web", container=words)], [], [node("one")])
    other = {"Args": ["--db=postgres://admin:Other5ecret@db/x"], "Command": ["--password=n3w"]}
    found = planned(there, update("web", there.services[0], container=other))
    told = "\n".join(map(str, text.lines(found))) + str(document(found))
    assert "Args: changed" in told
    assert not any(each in told for each in ("S3cret", "Other5ecret", "p4ss", "n3w"))


@pytest.mark.parametrize(
    ("stored", "sent"),
    [
        ({"Condition": "any", "Delay": 5, "MaxAttempts": 0}, {"Delay": 5}),
        ({"Condition": "any", "MaxAttempts": 0}, {"Condition": "any"}),
        ({"Condition": "any", "MaxAttempts": 0}, {}),
    ],
)
def test_a_restart_policy_as_the_engine_completes_it_is_unchanged(stored: Json, sent: Json) -> None:
    there = There([live("web", template={"RestartPolicy": stored})], [], [node("one")])
    found = planned(there, update("web", there.services[0], template={"RestartPolicy": sent}))
    assert [(each.fate, each.fields) for each in found.services] == [(Fate.UNCHANGED, ())]


def test_a_config_of_another_stack_is_told_to_be_taken_over() -> None:
    theirs = {"ID": "c", "Spec": {"Name": "conf", "Labels": {STACK_LABEL: "other"}}}
    ours = {"Name": "conf", "Labels": {STACK_LABEL: "s"}}
    there = There([live("web")], [], [node("one")])
    write = Write("update", Kind.CONFIG, "c", "conf", ours, theirs)
    found = planned(there, write, update("web", there.services[0]))
    assert "config conf is taken over from the stack other" in found.notes


def test_absent_images_and_known_digests_are_told() -> None:
    there = There(
        [],
        [],
        [node("one")],
        absent_images=frozenset({"box:1"}),
        digests={"box:2": "sha256:abc"},
    )
    found = planned(
        there,
        Write("create", Kind.SERVICE, "y", "s_a", spec("a")),
        Write("create", Kind.SERVICE, "z", "s_b", spec("b", "box:2")),
    )
    assert {each.name: each.digest for each in found.services} == {"a": None, "b": "sha256:abc"}
    assert found.notes == ("not on the node asked, so to be pulled: box:1",)
    assert "300s pull" in found.services[0].arithmetic


def test_waves_of_a_global_service_are_those_of_the_nodes_it_may_be_on() -> None:
    nodes = [node("one", labels={"a": "b"}), node("two", labels={"a": "b"}), node("three")]
    only = {"Placement": {"Constraints": ["node.labels.a == b"]}}
    shape: Json = {"Mode": {"Global": {}}, "UpdateConfig": {"Parallelism": 1}, "template": only}
    there = There([live("web", **shape)], [], nodes)
    (web,) = planned(there, update("web", there.services[0], image="box:2", **shape)).services
    assert web.waves == 2


def test_versions_before_stand_for_what_was_recorded_itself() -> None:
    there = There([live("web")], [], [node("one")])
    write = update("web", there.services[0], image="box:2")
    found = build("s", there, Asked((write,), (), 0), (), {})
    assert (found.verdict, found.planned_on) == (Verdict.DONE, {})


def test_what_somebody_wrote_moved_and_what_an_updater_wrote_did_not() -> None:
    def row(name: str, version: int, state: str = "", **more: Any) -> Json:
        found = live(name, **more) | {"Version": {"Index": version}}
        return found | ({"UpdateStatus": {"State": state}} if state else {})

    before = [row(name, 5) for name in ("same", "written", "again", "rolling", "gone")]
    after = [
        row("same", 5),
        row("written", 6, "updating", image="box:2"),
        row("again", 6),
        row("rolling", 7, "updating"),
        row("new", 1),
    ]
    found = moved(There(before), There(after), "s")
    assert found == ("s_again", "s_gone", "s_new", "s_written")


def kept(name: str, index: int = 1, stack: str | None = "s") -> Json:
    labels = {STACK_LABEL: stack} if stack else None
    spec = {"Name": name, "Labels": labels}
    return {"ID": f"id-{name}", "Version": {"Index": index}, "Spec": spec}


def network(name: str, number: int = 1) -> Json:
    return {"Id": f"{number}-{name}", "Name": name, "Labels": {STACK_LABEL: "s"}}


@pytest.mark.parametrize(
    ("before", "after", "named"),
    [
        ({}, {"configs": [kept("s_conf")]}, "config s_conf"),
        ({}, {"secrets": [kept("s_key", stack=None)]}, "secret s_key"),
        ({"configs": [kept("x")]}, {"configs": [kept("x", 2)]}, "config x"),
        ({"configs": [kept("y", 1, "t")]}, {"configs": [kept("y", 2, "t")]}, "config y"),
        ({"secrets": [kept("s_key")]}, {}, "secret s_key"),
        ({}, {"networks": [network("s_net")]}, "network s_net"),
        ({"networks": [network("s_net")]}, {"networks": [network("s_net", 2)]}, "network s_net"),
    ],
)
def test_what_was_written_past_the_recording_engine_is_told_of_every_kind(
    before: dict[str, Any], after: dict[str, Any], named: str
) -> None:
    assert moved(There(**before), There(**after), "s", {"y"}) == (named,)


def test_what_others_write_meanwhile_is_theirs() -> None:
    mine = There(configs=[kept("ccci-lock-x", 1, None), kept("t_conf", 1, "t")])
    theirs = There(configs=[kept("ccci-lock-x", 2, None), kept("u_conf", 1, "u")])
    assert moved(mine, theirs, "s") == ()


@pytest.mark.parametrize(
    ("section", "stored"),
    [
        ("UpdateConfig", {"FailureAction": "pause", "Order": "stop-first", "MaxFailureRatio": 0}),
        ("RollbackConfig", {"FailureAction": "pause", "Order": "stop-first"}),
    ],
)
def test_an_empty_policy_is_one_and_none_is_none(section: str, stored: Json) -> None:
    there = There([live("web", **{section: stored})], [], [node("one")])
    before = there.services[0]
    (web,) = planned(there, update("web", before, **{section: {}})).services
    assert web.fate is Fate.UNCHANGED
    (web,) = planned(there, update("web", before)).services
    assert web.fate is Fate.SETTINGS_ONLY


def test_labels_are_told_after_what_tasks_are_made_of() -> None:
    there = There([live("web")], [], [node("one")])
    head = {"image": "box:2", "Labels": {STACK_LABEL: "s", "a": "b"}}
    (web,) = planned(there, update("web", there.services[0], **head)).services
    assert [each.path for each in web.fields] == ["Image", "Labels.a"]


def test_a_plan_is_wrapped_to_the_width_at_hand() -> None:
    there = There([live("web")], [], [node("one")])
    found = planned(there, update("web", there.services[0], image="box:2"))
    told = [str(each) for each in text.lines(found, 60)]
    assert max(map(len, told)) <= 60
    assert " ".join(" ".join(told).split()) == " ".join(
        " ".join(map(str, text.lines(found))).split()
    )
