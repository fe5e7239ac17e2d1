from dataclasses import replace

from support.sandbox.rollouts import NODE, RUNNING_COMMAND, baseline, fold, look, service, task

from ccci.report.notes import notes
from ccci.swarm.model import Mode, Node, Observation

OLD = service("base", task("a1", since=99.0))
OTHER = service("one", task("c1", since=99.0), name="other")
ANEW = replace(OLD, version=2)


def noted(*looks: Observation) -> tuple[str, ...]:
    return notes(fold(baseline(OLD, OTHER), looks))


def test_a_service_that_the_deploy_did_not_touch_is_named() -> None:
    (note,) = noted(look(1, ANEW, OTHER))
    assert "not touched by the deploy: other" in note
    assert "--prune" in note
    assert noted(look(1, ANEW, replace(OTHER, version=2))) == ()
    assert noted(look(1, OLD, OTHER)) == ()
    assert noted(look(1, ANEW, OTHER, command=RUNNING_COMMAND)) == ()  # it may come to it yet


def test_a_service_that_the_deploy_dropped_is_named() -> None:
    looks = look(1, ANEW, OTHER, command=RUNNING_COMMAND), look(2, ANEW)
    assert noted(*looks) == ("other was dropped by the deploy",)


def test_nodes_that_a_global_service_could_have_had_are_named() -> None:
    away = replace(NODE, id="node2", hostname="two", active=False)
    worker = replace(NODE, id="node3", hostname="three", role="worker", active=False)
    spec = {"mode": Mode.GLOBAL, "replicas": None, "constraints": ("node.role == manager",)}
    everywhere = service("one", task("b1", slot=NODE.id, since=99.0), spec=spec)
    seen = look(1, everywhere, nodes=(NODE, away, worker))
    (note,) = notes(fold(baseline(), [seen]))
    assert note == "app: not expected on two, which is down, drained or paused"
    alone = replace(seen, nodes=(replace(NODE, role="worker"),), services=(replace(everywhere),))
    (note,) = notes(fold(baseline(), [alone]))
    assert "no ready node fits" in note


def test_an_old_task_beside_the_new_one_is_told_under_stop_first_alone() -> None:
    left = task("a1", desired="shutdown", up_to_date=False)
    both = replace(service("head", left, task("b1")), version=2)
    (note,) = noted(look(1, both, replace(OTHER, version=2)))
    assert "beside the new one" in note
    policy = replace(both.spec.update, order="start-first")
    start_first = replace(both, spec=replace(both.spec, update=policy))
    assert noted(look(1, start_first, replace(OTHER, version=2))) == ()


def test_a_pass_on_other_nodes_says_how_late_swarm_notices_that_one_died() -> None:
    far = Node("node2", "two", role="worker")

    def judged(node: Node, at: float) -> tuple[str, ...]:
        new = service("head", task("b1", node=node.id), version=2, update="completed")
        seen = [look(each, new, nodes=(NODE, far)) for each in (1.0, at)]
        return notes(fold(baseline(service("base")), seen))

    (note,) = judged(far, 9.0)
    assert note.startswith("tasks run on two for less than the 20 s that Swarm takes to notice")
    assert "--soak" in note
    assert judged(far, 22.0) == ()  # it was watched for longer
    assert judged(NODE, 9.0) == ()
