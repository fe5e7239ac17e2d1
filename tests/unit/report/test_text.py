from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from ccci.exits import Verdict
from ccci.report.model import Report, RolledBack, ServiceReport, Status, Step, TaskReport
from ccci.report.parts import Followed, RunFolder
from ccci.report.text import tell
from ccci.swarm.identity import IdentityReport, RunningTask
from ccci.swarm.model import Cause, CauseCode, Identity, Transition

HEAD = Identity("0.9.0+3.5.0", "discourse:2", "7ae7b0f7", dirty=True)
BASE = Identity("0.7.0+3.3.1", "discourse:1", "eb96de94", dirty=True)

CAUSE = Cause(
    CauseCode.OOM_KILLED,
    "task t2 was killed, out of memory, after 42 s",
    "give it memory, or set `order: stop-first`",
    task="t2aaaaaaaaaaaaaaaa",
    exit_code=137,
    logs=("booting", "\x1b[31mallocating\x1b[0m"),
    health=("connection refused",),
    evidence="local",
)
APP = ServiceReport(
    "app",
    "id1",
    Verdict.ROLLED_BACK,
    detail="Swarm put the previous spec back",
    swarm="rollback_completed",
    runs="1/1 tasks, of the previous spec",
    cause=CAUSE,
    rolled_back=RolledBack(HEAD, BASE, "2026-01-01T12:00:50Z"),
    transitions=(
        Transition("2026-01-01T12:00:01.5Z", "updating"),
        Transition("2026-01-01T12:00:43.5Z", "rollback_started"),
    ),
    tasks=(
        TaskReport(
            "t2aaaaaaaaaaaaaaaa", "1", "alpha", "failed", "shutdown", "non-zero exit (137)",
            137, True, None, None,
        ),
    ),
)  # fmt: skip
DB = ServiceReport("db", "id2", Verdict.UNCHANGED, detail="nothing had to roll")
REPORT = Report("upgrade", Verdict.ROLLED_BACK, "Swarm rolled app back", services=(DB, APP))


def test_the_whole_story_of_a_rollback() -> None:
    assert tell(REPORT).splitlines() == [
        (
            "app  rolled back: 7ae7b0f7+U (0.9.0+3.5.0) -> eb96de94+U (0.7.0+3.3.1);"
            " 1/1 tasks, of the previous spec"
        ),
        "  because  task t2 was killed, out of memory, after 42 s [oom-killed]",
        "  probe    | connection refused",
        "  log      | booting",
        "           | allocating",
        "  when     12:00:01 updating, :43 rolling back (UTC)",
        "1 service had nothing to roll: db (nothing had to roll)",
        "  next     give it memory, or set `order: stop-first`",
        "ROLLED-BACK: Swarm rolled app back (exit 10); 1 of 2 services failed",
    ]


def test_the_worst_service_is_told_first() -> None:
    timed_out = ServiceReport("web", "id3", Verdict.TIMED_OUT)
    told = tell(replace(REPORT, services=(DB, timed_out, APP)))
    assert told.index("app  rolled back") < told.index("web  timed out") < told.index(": db")


def test_the_last_line_leaves_out_what_was_told_above_it() -> None:
    moved = "from 7ae7b0f7+U (0.9.0+3.5.0) to eb96de94+U (0.7.0+3.3.1)"
    summary = f"Swarm rolled app back {moved}, because {CAUSE.detail}"
    told = tell(replace(REPORT, summary=summary, services=(APP,)))
    assert told.splitlines()[-1] == "ROLLED-BACK: Swarm rolled app back: oom-killed (exit 10)"


def test_the_last_line_has_seconds_and_the_place_of_the_files() -> None:
    report = replace(
        REPORT,
        services=(APP,),
        started_at="2026-01-01T12:00:00Z",
        finished_at="2026-01-01T12:01:05.4Z",
        run=RunFolder("20260101-120000-a1b2c3", "/runs/20260101-120000-a1b2c3"),
    )
    assert tell(report).endswith(
        "(exit 10); took 65 s, told again by `ccci explain a1b2c3`, "
        "files in /runs/20260101-120000-a1b2c3"
    )


def test_a_run_that_no_list_has_is_told_again_by_its_folder() -> None:
    place = RunFolder("20260101-120000-a1b2c3", "/tmp/a b/ccci-run-20260101-120000-a1b2c3-x")
    assert place.told_again == "ccci explain '/tmp/a b/ccci-run-20260101-120000-a1b2c3-x'"
    report = replace(REPORT, services=(APP,), run=place)
    assert f"told again by `{place.told_again}`" in tell(report)


def test_a_row_without_content_is_no_row() -> None:
    told = tell(replace(REPORT, services=(ServiceReport("app", "id", Verdict.UNSTABLE),)))
    assert told.splitlines()[0] == "app  unstable"
    assert len(told.splitlines()) == 2


def test_remote_evidence_says_what_it_cannot_know() -> None:
    remote = replace(APP, cause=replace(CAUSE, evidence="remote", health=()))
    assert "no out-of-memory flag" in tell(replace(REPORT, services=(remote,)))


def test_tasks_that_ended_alike_are_counted_and_others_told() -> None:
    tasks = tuple(
        replace(APP.tasks[0], id=f"task{number}", error="task: non-zero exit (137)")
        for number in range(9)
    )
    other = replace(APP.tasks[0], id="other", error="no space left")
    cause = replace(CAUSE, task="task8")
    told = tell(replace(REPORT, services=(replace(APP, tasks=(*tasks, other), cause=cause),)))
    assert "(9 tasks alike) [oom-killed]" in told
    assert "also     other failed on alpha, exit 137: no space left" in told
    assert "task7" not in told


def test_many_kinds_of_failed_tasks_are_cut_to_the_last_ones() -> None:
    tasks = tuple(
        replace(APP.tasks[0], id=f"task{number}", error=f"kind {number}") for number in range(9)
    )
    cause = replace(CAUSE, task="task0")
    told = tell(replace(REPORT, services=(replace(APP, tasks=tasks, cause=cause),)))
    assert "kind 8" in told
    assert "kind 4" not in told
    assert "6 other ends" in told


def test_tasks_of_an_older_spec_are_no_evidence() -> None:
    old = replace(APP.tasks[0], id="old", error="kind old", up_to_date=False)
    told = tell(replace(REPORT, services=(replace(APP, tasks=(*APP.tasks, old)),)))
    assert "kind old" not in told


def test_identity_steps_notes_and_the_next_step_are_told() -> None:
    told = tell(
        Report(
            "identity",
            Verdict.WRONG_IDENTITY,
            "app declares another commit",
            identity=IdentityReport(
                "7ae7b0f7c1d2e3f405162738495a6b7c8d9e0f1a",
                BASE,
                None,
                (
                    RunningTask("app", "t1", "alpha", "i", None),
                    RunningTask("db", "t2", "", "i", "x"),
                    RunningTask("db", "t3", "", "i", "x"),
                ),
                "never-deployed",
            ),
            steps=(
                Step("fetch", Status.PASSED, 0.2),
                Step("base deploy", Status.PASSED, 9.25, "not shown"),
                Step("head", Status.FAILED, 0.5, "13: app declares another commit"),
                Step("health", Status.SKIPPED, 0.0, "nothing to speak to"),
                Step("teardown", Status.SKIPPED, 0.0),
            ),
            notes=("the overlay was used",),
            hint="look at the deploy",
        )
    )
    assert told.splitlines() == [
        "identity  never deployed",
        "  expected 7ae7b0f7c1d2e3f405162738495a6b7c8d9e0f1a",
        "  declared eb96de94+U (0.7.0+3.3.1)",
        "  running  app: commit unknown (t1 on alpha)",
        "  running  db: x (t2, t3)",
        "steps      2 passed (9 s); failed: head; skipped: health (nothing to speak to), teardown",
        "  note     the overlay was used",
        "  next     look at the deploy",
        "WRONG-IDENTITY: app declares another commit (exit 13)",
    ]


def test_an_identity_that_the_services_tell_already_is_not_told_again() -> None:
    identity = IdentityReport("7ae7b0f7", BASE, HEAD, (), "rolled-back")
    assert "identity" not in tell(replace(REPORT, identity=identity))


def test_the_deadline_is_told_with_its_arithmetic_where_it_mattered() -> None:
    followed = Followed(deadline="95s for app = 30s to start + 65s")
    failed = replace(REPORT, verdict=Verdict.TIMED_OUT, rollout=followed)
    assert "  deadline 95s for app = 30s to start + 65s" in tell(failed).splitlines()
    stepped = replace(failed, steps=(Step("head deploy", Status.FAILED, 95.0),))
    assert "30s to start + 65s, for the rollout alone" in tell(stepped)
    for verdict in (Verdict.CONVERGED, Verdict.ROLLED_BACK):
        assert "deadline" not in tell(replace(REPORT, verdict=verdict, rollout=followed))


def test_it_is_said_that_swarm_goes_on_with_what_was_not_done() -> None:
    services = tuple(
        ServiceReport(name, name, verdict, swarm=swarm)
        for name, verdict, swarm in (
            ("late", Verdict.TIMED_OUT, "updating"),
            ("stuck", Verdict.STALLED, None),
            ("held", Verdict.STALLED, "paused"),
            ("dead", Verdict.UNSTABLE, None),
        )
    )
    report = Report("converge", Verdict.STALLED, "s", stack="a b", services=services)
    assert (
        "  at end   Swarm was still at work on late, stuck, by itself; `ccci converge 'a b'` tells "
        "what became of it"
    ) in tell(report).splitlines()
    paused = ServiceReport("half", "half", Verdict.PAUSED, swarm="paused")
    held = tell(replace(report, verdict=Verdict.PAUSED, services=(paused,)))
    assert "  at end   Swarm goes no further with half until the next deploy" in held.splitlines()
    kept = replace(report, steps=(Step("teardown", Status.SKIPPED, 0.0, "the app stays"),))
    assert "Swarm was still at work" in tell(kept)
    removed = replace(report, steps=(Step("teardown", Status.PASSED, 7.0),))
    for other in (removed, replace(report, verdict=Verdict.UNABLE), REPORT):
        assert "  at end " not in tell(other)


def test_nothing_running_is_said() -> None:
    report = Report("identity", Verdict.UNSTABLE, "s", identity=IdentityReport(None, None, None))
    assert "running  nothing" in tell(report)


@given(st.sampled_from(Verdict), st.text(), st.text())
def test_any_report_can_be_told(verdict: Verdict, detail: str, log: str) -> None:
    service = replace(APP, verdict=verdict, detail=detail, cause=replace(CAUSE, logs=(log,)))
    told = tell(Report("converge", verdict, "sentence", services=(service,)))
    last = f"{verdict.value.upper()}: sentence (exit {verdict.exit_code})"
    assert told.splitlines()[-1].startswith(last)


def test_a_service_that_was_interrupted_is_not_counted_as_failed() -> None:
    services = (
        ServiceReport("asked", "a", Verdict.INTERRUPTED, "updating"),
        ServiceReport("bad", "b", Verdict.UNSTABLE, "it dies"),
        ServiceReport("good", "c", Verdict.CONVERGED, "runs"),
    )
    told = tell(Report("upgrade", Verdict.INTERRUPTED, "interrupted", services=services))
    assert "1 of 3 services failed" in told
    assert told.index("bad  unstable") < told.index("asked  interrupted")
