from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.swarm.commits import Asked, Dirt, commit_matches
from ccci.swarm.identity import MEANINGS, Identified, Mismatch, carrier, identify
from ccci.swarm.model import (
    Identity,
    Mode,
    Node,
    Service,
    Spec,
    Task,
    TaskState,
    UpdateState,
    UpdateStatus,
)

HEAD = "7ae7b0f7c1d2e3f405162738495a6b7c8d9e0f1a"
BASE = "eb96de94aabbccddeeff00112233445566778899"


def spec(template: str, commit: str | None = None, *, dirty: bool = False) -> Spec:
    version = "0.9.0+3.5.0" if commit else None
    return Spec(
        whole=f"{template}/{commit}",
        template=template,
        endpoint="",
        identity=Identity(version, f"discourse:{template}", commit, dirty),
    )


def task(name: str, template: str, state: TaskState = TaskState.RUNNING) -> Task:
    return Task(name, "1", state, TaskState.RUNNING, node="n1", template=template, image=template)


NEW = spec("new", HEAD[:8])
OLD = spec("old", BASE[:8])


def app(declared: Spec, *tasks: Task, **other: object) -> Service:
    service = Service("id-app", "app", "d_app", 7, declared, tasks=tasks)
    return replace(service, **other)  # type: ignore[arg-type]


def status(state: UpdateState) -> UpdateStatus:
    return UpdateStatus(state, "", "2026-01-01T00:00:00Z")


def look(*services: Service, asked: Asked | None = None, **baseline: Spec) -> Identified:
    labelled = carrier(services)
    assert labelled is not None
    return identify(
        services,
        labelled,
        asked or Asked(HEAD),
        baseline=baseline,
        nodes=[Node("n1", "alpha")],
    )


def test_a_label_must_be_a_prefix_of_the_full_head() -> None:
    assert commit_matches("7ae7b0f7", HEAD, [HEAD, BASE])
    assert not commit_matches("eb96de94", HEAD, [HEAD, BASE])
    assert not commit_matches("ae7b0f7c", HEAD, [HEAD])


@pytest.mark.parametrize("label", ["", "7ae7b0", "7AE7B0F7", "7ae7b0f7+U", HEAD + "0", "1.2.3+x"])
def test_a_label_that_is_no_abbreviated_commit_matches_nothing(label: str) -> None:
    assert not commit_matches(label, HEAD)
    assert not commit_matches(label, HEAD, [HEAD])


def test_a_label_that_abbreviates_two_commits_of_the_checkout_proves_nothing() -> None:
    twin = HEAD[:8] + "0" * 32
    assert not commit_matches(HEAD[:8], HEAD, [HEAD, twin])
    assert commit_matches(HEAD[:12], HEAD, [HEAD, twin])


def test_without_a_checkout_the_shorter_must_be_a_prefix_of_the_longer() -> None:
    assert commit_matches(HEAD[:8], HEAD[:7])
    assert commit_matches(HEAD[:7], HEAD[:8])
    assert not commit_matches(HEAD[:8], BASE[:7])


@given(st.text("0123456789abcdef", min_size=40, max_size=40), st.integers(7, 40))
def test_every_abbreviation_of_a_commit_names_it_and_no_changed_one_does(
    commit: str, length: int
) -> None:
    label = commit[:length]
    assert commit_matches(label, commit, [commit])
    changed = ("0" if label[0] != "0" else "1") + label[1:]
    assert not commit_matches(changed, commit, [commit])
    assert not commit_matches(changed, commit)


def test_the_carrier_is_app_else_the_only_versioned_service_else_the_only_one() -> None:
    web = Service("1", "web", "s_web", 1, spec("a"))
    versioned = Service("2", "site", "s_site", 1, spec("b", HEAD[:8]))
    labelled = app(spec("c"))
    assert carrier([web, versioned, labelled]) == labelled
    assert carrier([web, versioned]) == versioned
    assert carrier([web]) == web
    assert carrier([web, replace(web, id="3", name="other")]) is None
    assert carrier([versioned, replace(versioned, id="4", name="twin")]) is None
    assert carrier([]) is None
    assert carrier([web, labelled], "web") == web
    assert carrier([web, labelled], "absent") is None


def test_where_no_version_tells_it_the_carrier_is_the_one_that_a_deploy_labelled() -> None:
    unversioned = replace(spec("b", HEAD[:8]), identity=Identity(None, "b", HEAD[:8]))
    web = Service("1", "web", "s_web", 1, unversioned)
    other = Service("2", "db", "s_db", 1, spec("a"))
    assert carrier([other, web]) == web
    assert carrier([other, web, replace(web, id="3", name="twin")]) is None


def test_the_head_on_every_task_is_right() -> None:
    found = look(app(NEW, task("t1", "new"), previous=OLD))
    assert found.mismatch is None
    assert found.report.reason is None
    assert found.report.declared == NEW.identity
    assert found.report.previous == OLD.identity
    assert [(each.task, each.node, each.commit) for each in found.report.running] == [
        ("t1", "alpha", HEAD[:8])
    ]
    assert "7ae7b0f7 (0.9.0+3.5.0)" in found.summary


def test_another_healthy_commit_is_a_mismatch() -> None:
    found = look(app(OLD, task("t1", "old")))
    assert found.mismatch is Mismatch.NEVER_DEPLOYED
    assert found.report.reason == "never-deployed"
    assert found.summary == "app declares eb96de94 (0.9.0+3.5.0), not 7ae7b0f7c1d2"
    assert found.hint


def test_a_moved_label_is_not_enough() -> None:
    third = spec("third", "0123456789")
    assert look(app(third, task("t", "third"), previous=OLD)).mismatch is Mismatch.NEVER_DEPLOYED


def test_a_service_that_stayed_as_it_was_was_never_deployed_to() -> None:
    found = look(app(OLD, task("t1", "old")), app=OLD)
    assert found.mismatch is Mismatch.NEVER_DEPLOYED
    assert "still declares" in found.summary


def test_an_unlabelled_service_was_never_deployed_to() -> None:
    bare = spec("bare")
    assert look(app(bare, task("t", "bare"))).mismatch is Mismatch.NEVER_DEPLOYED


def test_an_ambiguous_label_is_said_to_be_one() -> None:
    found = look(
        app(NEW, task("t1", "new")), asked=Asked(HEAD, commits=[HEAD, HEAD[:8] + "0" * 32])
    )
    assert found.mismatch is Mismatch.NEVER_DEPLOYED
    assert "does not name one commit" in found.summary


@pytest.mark.parametrize(
    "state",
    [
        UpdateState.ROLLBACK_STARTED,
        UpdateState.ROLLBACK_PAUSED,
        UpdateState.ROLLBACK_COMPLETED,
    ],
)
def test_a_rollback_is_named_and_the_baseline_stands_in_for_the_cleared_previous_spec(
    state: UpdateState,
) -> None:
    found = look(app(OLD, task("t1", "old"), update=status(state)), app=OLD)
    assert found.mismatch is Mismatch.ROLLED_BACK
    assert found.report.previous == OLD.identity
    assert found.summary == (
        "Swarm rolled app back: it declares eb96de94 (0.9.0+3.5.0) again, not 7ae7b0f7c1d2"
    )


def test_a_label_only_upgrade_is_right() -> None:
    relabelled = spec("same", HEAD[:8])
    before = spec("same", BASE[:8])
    found = look(app(relabelled, task("t1", "same"), previous=before), app=before)
    assert found.mismatch is None
    assert found.report.running[0].commit == HEAD[:8]


def test_old_and_new_tasks_side_by_side_are_mixed_and_each_is_named() -> None:
    found = look(
        app(
            NEW,
            task("t1", "old"),
            task("t2", "new"),
            previous=OLD,
            update=status(UpdateState.UPDATING),
        )
    )
    assert found.mismatch is Mismatch.MIXED
    assert "the roll has not ended" in found.summary
    assert [each.commit for each in found.report.running] == [BASE[:8], HEAD[:8]]


def test_only_running_tasks_that_are_meant_to_run_are_listed() -> None:
    draining = replace(task("t1", "old"), desired=TaskState.SHUTDOWN)
    starting = task("t3", "new", TaskState.STARTING)
    found = look(app(NEW, draining, task("t2", "new"), starting, previous=OLD))
    assert [each.task for each in found.report.running] == ["t2"]
    assert found.mismatch is None


def test_a_task_of_a_spec_nobody_remembers_has_no_commit() -> None:
    found = look(app(NEW, task("t1", "ancient"), previous=OLD), app=OLD)
    assert found.report.running[0].commit is None
    assert found.mismatch is Mismatch.MIXED


def test_an_identical_redeploy_in_the_middle_of_a_roll_is_a_disturbance() -> None:
    found = look(app(NEW, task("t1", "old"), previous=NEW), app=OLD)
    assert found.mismatch is Mismatch.DISTURBED
    assert found.report.running[0].commit == BASE[:8]


def test_a_deploy_over_the_expected_one_is_a_disturbance() -> None:
    third = spec("third", "0123456789")
    assert look(app(third, task("t", "third"), previous=NEW)).mismatch is Mismatch.DISTURBED
    seen = Asked(HEAD, seen=True)
    assert look(app(third, task("t", "third")), asked=seen).mismatch is Mismatch.DISTURBED


def test_services_of_two_commits_are_a_mixed_stack() -> None:
    side = Service("id-web", "web", "d_web", 3, OLD, tasks=(task("w", "old"),))
    found = look(app(NEW, task("t1", "new")), side)
    assert found.mismatch is Mismatch.MIXED
    assert found.summary.startswith("web declares eb96de94")


def test_a_side_service_that_swarm_rolled_back_makes_the_stack_mixed() -> None:
    db = Service(
        "id-db",
        "db",
        "d_db",
        3,
        spec("db1"),
        update=status(UpdateState.ROLLBACK_COMPLETED),
        tasks=(task("d", "db1"),),
    )
    found = look(app(NEW, task("t1", "new")), db)
    assert found.mismatch is Mismatch.MIXED
    assert "Swarm rolled db back" in found.summary


def test_an_unlabelled_service_has_the_commit_of_the_deploy_that_set_its_spec() -> None:
    db = Service("id-db", "db", "d_db", 3, spec("db1"), tasks=(task("d", "db1"),))
    stack = (app(NEW, task("t1", "new")), db)
    assert look(*stack).report.running[1].commit is None
    assert look(*stack).mismatch is None
    recorded = Asked(HEAD, recorded={spec("db1").whole: BASE})
    assert look(*stack, asked=recorded).report.running[1].commit == BASE


def test_a_release_is_named_by_its_version_where_the_checkout_knows_its_commit() -> None:
    pinned = replace(spec("new"), identity=Identity("0.9.0+3.5.0", "discourse:new", None))
    stack = app(pinned, task("t1", "new"))
    assert look(stack).mismatch is Mismatch.NEVER_DEPLOYED
    right = look(stack, asked=Asked(HEAD, releases={"0.9.0+3.5.0": HEAD}))
    assert right.mismatch is None
    assert right.report.running[0].commit == HEAD
    wrong = look(stack, asked=Asked(HEAD, releases={"0.9.0+3.5.0": BASE}))
    assert wrong.mismatch is Mismatch.NEVER_DEPLOYED
    assert wrong.report.running[0].commit == BASE


def test_a_dirty_tree_is_accepted_only_when_ccci_made_all_of_the_dirt() -> None:
    dirty = spec("new", HEAD[:8], dirty=True)
    stack = app(dirty, task("t1", "new"))
    overlay = "compose.ccci.yml"
    assert look(stack).mismatch is Mismatch.DIRTY
    ours = Asked(HEAD, dirt=Dirt(frozenset({overlay}), frozenset({overlay})))
    accepted = look(stack, asked=ours)
    assert accepted.mismatch is None
    assert accepted.notes == ("+U is explained by ccci's own compose.ccci.yml",)
    assert accepted.report.running[0].commit == "7ae7b0f7"
    theirs = Asked(HEAD, dirt=Dirt(frozenset({overlay, "compose.yml"}), frozenset({overlay})))
    refused = look(stack, asked=theirs)
    assert refused.mismatch is Mismatch.DIRTY
    assert refused.summary.endswith("changed there: compose.yml")


def test_a_declared_commit_without_a_running_task_is_not_right() -> None:
    dead = task("t1", "new", TaskState.FAILED)
    assert look(app(NEW, dead)).mismatch is Mismatch.NOT_RUNNING
    assert look(app(NEW, dead)).hint == "`ccci converge d` says what its tasks die of"
    for idle in (replace(NEW, replicas=0), replace(NEW, mode=Mode.GLOBAL, replicas=None)):
        assert look(app(idle)).mismatch is Mismatch.NOT_RUNNING
    assert "asks for no replica" in look(app(replace(NEW, replicas=0))).summary


def test_a_job_that_carries_the_commit_has_to_have_run() -> None:
    job = replace(NEW, mode=Mode.REPLICATED_JOB)
    before = replace(task("t1", "new", TaskState.COMPLETE), iteration=0)
    for tasks, expected in (
        ((), Mismatch.NOT_RUNNING),
        ((before,), Mismatch.NOT_RUNNING),
        ((before, replace(before, id="t2", iteration=1)), None),
    ):
        assert look(replace(app(job, *tasks), iteration=1)).mismatch is expected


def test_without_an_expectation_what_runs_is_held_against_what_is_declared() -> None:
    nothing = Asked(None)
    assert look(app(OLD, task("t1", "old")), asked=nothing).mismatch is None
    mixed = look(app(NEW, task("t1", "old"), previous=OLD), asked=nothing)
    assert mixed.mismatch is Mismatch.MIXED
    rolled = look(
        app(OLD, task("t1", "old"), update=status(UpdateState.ROLLBACK_COMPLETED)), asked=nothing
    )
    assert rolled.mismatch is None
    assert rolled.notes


def test_every_mismatch_is_explained() -> None:
    assert set(MEANINGS) == set(Mismatch)


def test_what_the_commit_no_longer_has_is_listed_and_not_held_against_it() -> None:
    heir = replace(app(NEW, task("t2", "new")), id="id-cms", name="cms")
    left = app(OLD, task("t1", "old"))
    services = (heir, left)
    held = identify(services, heir, Asked(HEAD))
    assert held.mismatch is Mismatch.MIXED
    found = identify(services, heir, Asked(HEAD), left_over={"app"})
    assert found.mismatch is None
    assert [each.service for each in found.report.running] == ["cms", "app"]


def test_what_runs_nowhere_is_named_beside_what_runs() -> None:
    db = replace(app(replace(NEW, replicas=0)), id="id-db", name="db")
    found = look(app(NEW, task("t1", "new")), db)
    assert found.mismatch is None
    assert found.summary.endswith("runs (1 task); nothing of db runs")
