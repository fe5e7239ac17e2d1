"""A revision put on a stack that is played: followed, identified, and only then passed."""

from contextlib import AbstractContextManager
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from support.played import Script
from support.sandbox.rollouts import look, service, task

from ccci.actions import upgrade
from ccci.actions.upgrade import Request, _on_the_swarm
from ccci.deployers import App, Deployment, Revision
from ccci.deployers.plan import DeployPlan
from ccci.errors import CcciError, DeployRefused, EngineUnavailable, Interrupted, UsageError
from ccci.exits import Verdict
from ccci.recipe import checkouts, stack_file
from ccci.recipe.base import Base
from ccci.report.model import Status
from ccci.steps import Steps, revision
from ccci.steps.after import confirmed, health
from ccci.steps.before import early, moved_tags
from ccci.steps.before.preparation import BASE, HEAD, Ready
from ccci.steps.follow import Options
from ccci.steps.revision import Judged, deploy_revision
from ccci.steps.rolling import base_soak, rehearsal, rollout
from ccci.steps.workspace import Choices, Workspace
from ccci.swarm.labels import STACK_LABEL
from ccci.swarm.model import Identity, Observation, Service, Task
from ccci.swarm.watching.fake import FakeWatch
from ccci.terminal.output import Output

COMMIT = "abcdef12" + "0" * 32
OTHER = "99999999" + "0" * 32
APP = App("shop", "shop.test", "stack", Path("/nowhere"))
OLD = service("base", task("a1", template="base"))
BEFORE = look(0, OLD, command=None)
LABELLED = Identity("1.0", "image:head", COMMIT[:8])


class Plays:
    """Lets each deploy be seen as `seen`, and looks after it be `after`, the last for ever."""

    def __init__(self) -> None:
        self._seen, self._after = BEFORE, [BEFORE]

    def __call__(self, seen: Observation, *after: Observation) -> None:
        self._seen, self._after = replace(seen, command=None), list(after)

    def opened(self, engine: object, stack: str, **known: Any) -> AbstractContextManager[FakeWatch]:
        return FakeWatch([self._seen], before=BEFORE).opened(engine, stack, **known)

    def observed(self, _engine: object, _stack: str) -> Observation:
        return self._after.pop(0) if self._after[1:] else self._after[0]


def converged(commit: str = COMMIT) -> Observation:
    labelled = replace(LABELLED, commit=commit[:8])
    new: Task = task("b1", template="head", since=99.0)
    made: Service = service("head", new, version=2, previous=OLD.spec, update="completed")
    return look(9, replace(made, spec=replace(made.spec, identity=labelled)))


ROLLED_BACK = look(
    9,
    replace(
        OLD,
        version=3,
        previous=service("head").spec,
        update=service("x", update="rollback_completed").update,
        tasks=(task("a1", template="base"), task("b1", "failed", template="head", exit_code=3)),
    ),
)


@pytest.fixture
def plays() -> Plays:
    """Give what a test tells how its deploys are seen."""
    return Plays()


@pytest.fixture
def workspace(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, plays: Plays) -> Workspace:
    """Give a workspace whose deploys are played."""
    output = Output()
    run = SimpleNamespace(
        path=lambda name: tmp_path / name,
        note=lambda **_: None,
        folder=tmp_path,
        trouble=[],
        record=SimpleNamespace(keep=False),
    )
    engine = SimpleNamespace(host="unix:///x", services=lambda *_: [], configs=lambda *_: [])
    deployer = SimpleNamespace(
        name="stack", excuses=lambda _code, _output: False, plan=lambda *_: None
    )
    made = Workspace(
        cast("Any", run),
        cast("Any", None),
        cast("Any", None),
        cast("Any", engine),
        cast("Any", deployer),
        Choices(options=Options(timeout=60.0, soak=1.0)),
        Steps(output),
        output,
        opens=plays.opened,
        observes=plays.observed,
    )
    plan = SimpleNamespace(
        stack=SimpleNamespace(services={"app": {}}), carrier="app", images={}, app=APP, labels={}
    )
    deployment = Deployment(("deploy",), {}, tmp_path)
    ready = Ready(deployment, cast("DeployPlan", plan))
    monkeypatch.setattr(revision, "prepare", lambda *_: ready)
    monkeypatch.setattr(rollout, "Running", Script())
    monkeypatch.setattr(confirmed, "AGAIN_AFTER", 0.0)
    monkeypatch.setattr(checkouts, "dirty_paths", lambda *_: ())
    monkeypatch.setattr(checkouts, "abbreviated_by", lambda *_: (COMMIT, OTHER))
    monkeypatch.setattr(stack_file, "labels", lambda *_: {})
    return made


def deployed(workspace: Workspace, why: str = HEAD) -> Judged:
    return deploy_revision(workspace, APP, Revision(COMMIT), why, {})


def test_a_commit_that_runs_and_is_the_one_that_was_asked_for_passes(
    workspace: Workspace, plays: Plays
) -> None:
    plays(converged(), converged())
    judged = deployed(workspace)
    assert judged.verdict is Verdict.CONVERGED
    assert judged.identity is not None
    assert [each.name for each in workspace.steps.done] == ["head deploy", "head identity"]


def test_the_service_that_the_deploy_labelled_is_the_one_that_is_held_against_the_commit(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plays: Plays
) -> None:
    # The recipe's version is on `db`, and no service is named app: the Swarm alone would take `db`.
    plan = SimpleNamespace(
        stack=SimpleNamespace(services={"web": {}, "db": {}}),
        carrier="web",
        images={},
        app=APP,
        labels={},
    )
    monkeypatch.setattr(
        revision,
        "prepare",
        lambda *_: Ready(Deployment(("deploy",), {}, Path()), cast("DeployPlan", plan)),
    )
    (app,) = converged().services
    labelled = replace(LABELLED, version=None)
    spec = replace(app.spec, identity=labelled)
    web = replace(app, id="id-web", name="web", full_name="stack_web", spec=spec)
    db = service("head", task("d1", template="head"), name="db")
    db = replace(db, spec=replace(db.spec, identity=Identity("1.0", "image:db", None)))
    plays(look(9, web, db), look(9, web, db))
    judged = deployed(workspace)
    assert judged.verdict is Verdict.CONVERGED
    assert judged.identity is not None
    assert judged.identity.declared == labelled


def test_one_empty_answer_after_a_pass_is_no_other_commit(
    workspace: Workspace, plays: Plays
) -> None:
    plays(converged(), look(10), converged())
    assert deployed(workspace).verdict is Verdict.CONVERGED


def test_a_stack_that_went_after_its_rollout_is_removed(workspace: Workspace, plays: Plays) -> None:
    plays(converged(), look(10))
    judged = deployed(workspace)
    assert judged.verdict is Verdict.REMOVED
    assert "somebody removed the stack since" in judged.summary


def test_another_commit_than_the_one_that_was_asked_for_is_no_pass(
    workspace: Workspace, plays: Plays
) -> None:
    plays(converged(OTHER), converged(OTHER))
    judged = deployed(workspace)
    assert judged.verdict is Verdict.WRONG_IDENTITY
    assert workspace.steps.done[-1].status is Status.FAILED
    assert judged.services[0].verdict is Verdict.CONVERGED  # what was judged stays


@pytest.mark.parametrize(
    ("version", "verdict"), [("1.0", Verdict.CONVERGED), ("2.0", Verdict.WRONG_IDENTITY)]
)
def test_a_release_that_is_pinned_has_to_be_the_one_that_is_declared(
    workspace: Workspace, plays: Plays, version: str, verdict: Verdict
) -> None:
    plays(converged(), converged())
    judged = deploy_revision(workspace, APP, Revision(COMMIT, version, chaos=False), HEAD, {})
    assert judged.verdict is verdict


def test_a_rollback_stays_one_whatever_the_labels_say(workspace: Workspace, plays: Plays) -> None:
    plays(ROLLED_BACK, ROLLED_BACK)
    judged = deployed(workspace)
    assert judged.verdict is Verdict.ROLLED_BACK
    assert judged.identity is not None
    assert workspace.steps.done[0].status is Status.FAILED


def test_a_head_whose_health_path_does_not_answer_failed(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plays: Plays
) -> None:
    plays(converged(), converged())
    wanted = SimpleNamespace(path="/up")
    monkeypatch.setattr(health, "wanted", lambda *_: wanted)
    monkeypatch.setattr(health, "front", lambda *_: "app")
    monkeypatch.setattr(stack_file, "publishing", lambda _: ())
    monkeypatch.setattr(health, "ask", lambda *_: "/up answers 500")
    # Taken while it runs: the teardown leaves nobody to ask.
    monkeypatch.setattr(health, "last_words", lambda *_: ("t1", ("no database",)))
    judged = deployed(workspace)
    assert judged.verdict is Verdict.FAILED
    assert judged.summary == "app runs, but /up answers 500"
    (app,) = judged.services
    assert (app.verdict, app.cause and app.cause.logs) == (Verdict.FAILED, ("no database",))
    assert "mend what keeps app from serving /up" in judged.hint
    monkeypatch.setattr(health, "ask", lambda *_: None)
    assert deployed(workspace).verdict is Verdict.CONVERGED


@pytest.mark.parametrize("fixed", [frozenset(), frozenset({"health-service"})])
def test_a_service_to_be_asked_that_the_head_has_not_is_refused_before_it_is_deployed(
    workspace: Workspace, fixed: frozenset[str]
) -> None:
    chosen = replace(
        workspace.choices, health_path="/", health_service="web", health_status="200", fixed=fixed
    )
    refused = UsageError if fixed else DeployRefused
    with pytest.raises(refused, match=r"web.* is no service of this commit"):
        deployed(replace(workspace, choices=chosen))
    assert workspace.steps.done == []


def test_a_base_without_the_service_that_the_head_is_asked_by_is_asked_by_its_own_front(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plays: Plays
) -> None:
    plays(converged(), converged())
    asked: list[str] = []
    monkeypatch.setattr(stack_file, "publishing", lambda _: ())
    monkeypatch.setattr(health, "ask", lambda _engine, name, _wanted: asked.append(name))
    chosen = replace(workspace.choices, health_path="/", health_service="web")
    found = deployed(replace(workspace, choices=chosen), BASE)
    assert (found.verdict, asked) == (Verdict.CONVERGED, ["stack_app"])


@pytest.mark.parametrize("keep", [True, False])
def test_a_tag_that_moved_is_told_with_whether_the_app_stays(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plays: Plays, *, keep: bool
) -> None:
    plays(converged(), converged())
    asked: list[bool] = []

    def notes(*_: object, stays: bool) -> tuple[str, ...]:
        asked.append(stays)
        return ()

    monkeypatch.setattr(moved_tags, "notes", notes)
    cast("Any", workspace.run).record.keep = keep
    deployed(workspace)
    assert asked == [keep]


def test_a_rehearsal_that_fails_is_a_failure(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plays: Plays
) -> None:
    plays(converged(), converged())
    judged = deployed(workspace)
    found = rehearsal.Rehearsed("it was not rolled back", "set a policy")
    monkeypatch.setattr(rehearsal, "rehearse", lambda *_: found)
    failed = revision.rehearsed(workspace, APP, judged)
    assert (failed.verdict, failed.summary) == (Verdict.FAILED, "it was not rolled back")
    monkeypatch.setattr(rehearsal, "rehearse", lambda *_: rehearsal.Rehearsed())
    assert revision.rehearsed(workspace, APP, judged) is judged


def test_a_service_that_the_head_dropped_is_told_and_removed_only_with_prune(
    workspace: Workspace, plays: Plays
) -> None:
    plays(converged(), converged())
    deleted: list[str] = []
    old = {"ID": "w", "Spec": {"Name": "stack_worker", "Labels": {STACK_LABEL: "stack"}}}
    engine = SimpleNamespace(
        host="unix:///x", services=lambda *_: [old], configs=lambda *_: [], delete=deleted.append
    )
    kept = replace(workspace, engine=cast("Any", engine))
    judged = deployed(kept)
    assert (
        "worker is not in this commit any more and still runs: --prune removes it" in judged.notes
    )
    assert deleted == []
    pruning = replace(kept, choices=replace(kept.choices, prune=True))
    judged = deployed(pruning)
    assert "worker is not in this commit any more: removed" in judged.notes
    assert deleted == ["/services/w"]


def test_what_was_seen_before_the_engine_went_away_is_told(workspace: Workspace) -> None:
    rolling = look(5, service("head", task("b1", "starting"), version=2, update="updating"))
    away = [replace(rolling, at=at, unreachable="timed out") for at in (30.0, 60.0, 120.0)]
    listings: list[list[object]] = [[]]

    def services(*_: object) -> list[object]:
        if not listings:
            raise EngineUnavailable("timed out", "")
        return listings.pop()

    def opened(engine: object, stack: str, **known: Any) -> AbstractContextManager[FakeWatch]:
        looks = [replace(each, command=None) for each in (rolling, *away)]
        return FakeWatch(looks, before=BEFORE).opened(engine, stack, **known)

    engine = SimpleNamespace(host="unix:///x", services=services, configs=lambda *_: [])
    judged = deployed(replace(workspace, engine=cast("Any", engine), opens=opened))
    assert judged.verdict is Verdict.UNABLE
    assert "out of reach: timed out" in judged.summary
    assert [each.name for each in judged.services] == ["app"]


# An upgrade: the base first, and the head only on a base that runs.

BASE_AT = Base(OTHER, "0.9.0+1")


@pytest.fixture
def stages(monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """Give what each stage comes to; the keys in the order in which the stages were deployed."""
    results: dict[str, Any] = {"deployed": []}

    def deploy(
        _workspace: object, _app: object, _revision: object, why: str, recorded: Any, _ready: object
    ) -> Any:
        results["deployed"].append((why, dict(recorded)))
        found = results[why]
        if isinstance(found, CcciError):
            raise found
        return found

    monkeypatch.setattr(upgrade, "deploy_revision", deploy)
    monkeypatch.setattr(upgrade, "prepare", lambda *_: None)
    monkeypatch.setattr(early, "read_head", lambda *_: None)
    monkeypatch.setattr(early, "require", lambda *_: None)
    monkeypatch.setattr(upgrade, "check_out", lambda *_: None)
    monkeypatch.setattr(upgrade, "create_app", lambda *_: None)
    monkeypatch.setattr(upgrade, "edit_env", lambda *_: None)
    monkeypatch.setattr(upgrade, "take_over", lambda *_, **__: ())
    return results


def judged(workspace: Workspace, plays: Plays, seen: Observation) -> Judged:
    plays(seen, seen)
    return deployed(workspace)


def upgraded(workspace: Workspace, *, rehearse: bool = False) -> Any:
    request = Request("shop", "main", workspace.choices, rehearse=rehearse)
    return _on_the_swarm(request, workspace, APP, BASE_AT, COMMIT, upgrade_only=False)


def test_the_head_is_deployed_on_a_base_that_runs(
    workspace: Workspace, stages: dict[str, Any], plays: Plays
) -> None:
    good = judged(workspace, plays, converged())
    stages |= {BASE: replace(good, specs={"whole": "99999999"}), HEAD: good}
    report = upgraded(workspace)
    assert report.verdict is Verdict.CONVERGED
    assert report.summary == "abcdef12 runs, upgraded from 0.9.0+1"
    # The head's identity knows what the base set.
    assert stages["deployed"] == [(BASE, {}), (HEAD, {"whole": "99999999"})]


def test_no_head_is_deployed_on_a_base_that_failed(
    workspace: Workspace, stages: dict[str, Any], plays: Plays
) -> None:
    stages |= {BASE: judged(workspace, plays, ROLLED_BACK)}
    report = upgraded(workspace)
    assert report.verdict is Verdict.BASE_BROKEN
    assert "so the head abcdef12 was not tested" in report.summary
    assert [why for why, _ in stages["deployed"]] == [BASE]
    assert report.upgrade is not None
    assert report.upgrade.base_verdict is Verdict.ROLLED_BACK


@pytest.mark.parametrize("verdict", [Verdict.UNABLE, Verdict.INTERRUPTED])
def test_a_base_of_which_nothing_can_be_said_breaks_nothing(
    workspace: Workspace, stages: dict[str, Any], plays: Plays, verdict: Verdict
) -> None:
    stages |= {BASE: replace(judged(workspace, plays, converged()), verdict=verdict)}
    report = upgraded(workspace)
    assert report.verdict is verdict
    assert "while the base 0.9.0+1 came up" in report.summary
    assert [why for why, _ in stages["deployed"]] == [BASE]


def test_a_base_that_is_refused_is_broken_and_anything_else_is_our_own_trouble(
    workspace: Workspace, stages: dict[str, Any]
) -> None:
    stages[BASE] = DeployRefused("no such image", "")
    assert upgraded(workspace).verdict is Verdict.BASE_BROKEN
    stages[BASE] = CcciError("the registry is away")
    with pytest.raises(CcciError, match="registry"):
        upgraded(workspace)


def test_a_head_is_not_blamed_where_its_base_fails_as_well(
    workspace: Workspace, stages: dict[str, Any], monkeypatch: pytest.MonkeyPatch, plays: Plays
) -> None:
    good = judged(workspace, plays, converged())
    bad = judged(workspace, plays, ROLLED_BACK)
    stages |= {BASE: good, HEAD: bad}
    again = replace(bad.outcome, verdict=Verdict.UNSTABLE, summary="app: crash loop")
    monkeypatch.setattr(base_soak, "again", lambda *_: base_soak.Again(again))
    report = upgraded(workspace)
    assert report.verdict is Verdict.BASE_BROKEN
    assert "nothing is known of the head abcdef12" in report.summary
    assert "crash loop" in report.summary
    assert report.upgrade is not None
    assert report.upgrade.base_verdict is Verdict.UNSTABLE
    monkeypatch.setattr(base_soak, "again", lambda *_: base_soak.Again(None, ("db, too",), 15))
    monkeypatch.setattr(base_soak, "doubts", lambda *_: ("it was looked at for less",))
    report = upgraded(workspace)
    assert report.verdict is Verdict.ROLLED_BACK
    assert report.notes[-2:] == ("db, too", "it was looked at for less")
    assert report.exit_code == 143


def test_a_signal_while_a_base_that_is_up_was_looked_at_ends_the_run(
    workspace: Workspace, stages: dict[str, Any], plays: Plays
) -> None:
    good = judged(workspace, plays, converged())
    stages |= {BASE: replace(good, outcome=replace(good.outcome, signal=15)), HEAD: good}
    with pytest.raises(Interrupted) as stopped:
        upgraded(workspace)
    assert stopped.value.exit_code == 143


@pytest.mark.parametrize(("why", "brief"), [(BASE, True), (HEAD, False)])
def test_only_the_base_is_soaked_briefly(
    workspace: Workspace, monkeypatch: pytest.MonkeyPatch, plays: Plays, why: str, *, brief: bool
) -> None:
    plays(converged(), converged())
    asked: list[object] = []
    whole = base_soak.whole

    def look(*arguments: Any) -> Any:
        asked.append(arguments[2])
        return whole(*arguments)

    monkeypatch.setattr(base_soak, "whole", look)
    found = deployed(workspace, why)
    assert found.outcome.rollout.policy.brief is brief
    assert len(asked) == brief


def test_a_head_that_failed_is_not_rehearsed(
    workspace: Workspace, stages: dict[str, Any], monkeypatch: pytest.MonkeyPatch, plays: Plays
) -> None:
    good = judged(workspace, plays, converged())
    bad = replace(good, verdict=Verdict.UNSTABLE, summary="it dies")
    rehearsals: list[Judged] = []

    def rehearsed(_workspace: object, _app: object, stage: Judged) -> Judged:
        rehearsals.append(stage)
        return stage

    monkeypatch.setattr(upgrade, "rehearsed", rehearsed)
    stages |= {BASE: good, HEAD: bad}
    assert upgraded(workspace, rehearse=True).verdict is Verdict.UNSTABLE
    assert rehearsals == []
    stages[HEAD] = good
    assert upgraded(workspace, rehearse=True).verdict is Verdict.CONVERGED
    assert rehearsals == [good]
