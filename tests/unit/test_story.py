from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.exits import Verdict
from ccci.report import (
    IdentityReport,
    Report,
    RolledBack,
    RunningTask,
    ServiceReport,
    Status,
    Step,
    TaskReport,
)
from ccci.story import plain, tell
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
        "ROLLED-BACK: Swarm rolled app back (exit 10)",
        "  app: rolled-back",
        "    what         Swarm put the previous spec back",
        "    Swarm says   rollback_completed",
        "    what runs    1/1 tasks, of the previous spec",
        "    in between   12:00:01 updating, 12:00:43 rollback_started",
        "    rolled back  from 7ae7b0f7+U (0.9.0+3.5.0)",
        "                 to eb96de94+U (0.7.0+3.3.1), at 2026-01-01T12:00:50Z",
        "    task         t2aaaaaaaaaa (slot 1 on alpha) failed, exit 137: non-zero exit (137)",
        "    because      task t2 was killed, out of memory, after 42 s [oom-killed]",
        "    evidence     local: container inspected on this node",
        "    probe        | connection refused",
        "    log          | booting",
        "    log          | allocating",
        "    next         give it memory, or set `order: stop-first`",
        "  db: unchanged - nothing had to roll",
    ]


def test_the_worst_service_is_told_first() -> None:
    timed_out = ServiceReport("web", "id3", Verdict.TIMED_OUT)
    told = tell(replace(REPORT, services=(DB, timed_out, APP)))
    assert told.index("app: rolled-back") < told.index("web: timed-out") < told.index("db: unch")


def test_a_service_without_an_update_status_says_so() -> None:
    told = tell(replace(REPORT, services=(ServiceReport("app", "id", Verdict.UNSTABLE),)))
    assert "Swarm says   nothing (no update status)" in told


def test_remote_evidence_says_what_it_cannot_know() -> None:
    remote = replace(APP, cause=replace(CAUSE, evidence="remote", health=()))
    assert "no out-of-memory flag" in tell(replace(REPORT, services=(remote,)))


def test_tasks_that_ended_alike_are_told_once() -> None:
    tasks = tuple(replace(APP.tasks[0], id=f"task{number}") for number in range(9))
    other = replace(APP.tasks[0], id="other", slot="2")
    told = tell(replace(REPORT, services=(replace(APP, tasks=(*tasks, other)),)))
    assert "task8 (slot 1 on alpha) failed, exit 137: non-zero exit (137) (9 of them)" in told
    assert "other (slot 2 on alpha) failed, exit 137: non-zero exit (137)\n" in told
    assert "task7" not in told


def test_many_kinds_of_failed_tasks_are_cut_to_the_last_ones() -> None:
    tasks = tuple(
        replace(APP.tasks[0], id=f"task{number}", error=f"kind {number}") for number in range(9)
    )
    told = tell(replace(REPORT, services=(replace(APP, tasks=tasks),)))
    assert "kind 8" in told
    assert "kind 4" not in told
    assert "and others before" in told


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
    assert told.splitlines()[1:] == [
        "  identity: never-deployed",
        "    expected     7ae7b0f7c1d2e3f405162738495a6b7c8d9e0f1a",
        "    declared     eb96de94+U (0.7.0+3.3.1)",
        "    previous     nothing",
        "    running      app t1 on alpha: commit unknown",
        "                 db t2: x",
        "  passed   fetch, base deploy 9 s",
        "  failed   head: 13: see above",
        "  skipped  health: nothing to speak to",
        "  skipped  teardown",
        "  note: the overlay was used",
        "Next: look at the deploy",
    ]


def test_the_deadline_is_told_with_its_arithmetic_where_something_failed() -> None:
    extra = {"deadline": "95s for app = 30s to start + 65s"}
    failed = replace(REPORT, verdict=Verdict.TIMED_OUT, extra=extra)
    assert "  deadline: 95s for app = 30s to start + 65s" in tell(failed).splitlines()
    passed = replace(REPORT, verdict=Verdict.CONVERGED, services=(), extra=extra)
    assert "deadline" not in tell(passed)


def test_nothing_running_is_said() -> None:
    report = Report("identity", Verdict.UNSTABLE, "s", identity=IdentityReport(None, None, None))
    assert "running      nothing" in tell(report)


@pytest.mark.parametrize(
    ("given_text", "shown"),
    [
        ("\x1b[2J\x1b[1;31mred\x1b[0m", "red"),
        ("\x1b]0;title\x07after", "after"),
        ("a\rb\x00c", "abc"),
        ("tab\tstays, so does é", "tab\tstays, so does é"),
    ],
)
def test_what_a_container_prints_cannot_drive_the_terminal(given_text: str, shown: str) -> None:
    assert plain(given_text) == shown


@given(st.text())
def test_no_control_character_survives(text: str) -> None:
    assert all(each == "\t" or each.isprintable() or ord(each) > 0x9F for each in plain(text))


@given(st.sampled_from(Verdict), st.text(), st.text())
def test_any_report_can_be_told(verdict: Verdict, detail: str, log: str) -> None:
    service = replace(APP, verdict=verdict, detail=detail, cause=replace(CAUSE, logs=(log,)))
    told = tell(Report("converge", verdict, "sentence", services=(service,)))
    assert told.startswith(f"{verdict.value.upper()}: sentence (exit {verdict.exit_code})")
