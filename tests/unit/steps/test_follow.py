"""Following a stack with COMMAND, on a watch that plays what it is told to."""

from dataclasses import fields, replace
from typing import Any

import pytest
from support.sandbox.rollouts import baseline, look, service, task

from ccci.errors import EngineError, EngineUnavailable, Interrupted
from ccci.exits import Verdict
from ccci.host import interrupts
from ccci.steps.follow import Options, Outcome, follow
from ccci.swarm.judge.refusals import refusal
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import CauseCode, Evidence, Observation, Service, Task
from ccci.swarm.watching.fake import FakeCommand, FakeWatch
from ccci.swarm.watching.protocol import End, ServiceEnd

OLD = service("base", task("a1", template="base"))
BASE = baseline(OLD)
OLD_DIRTY = task("a1", template="base", up_to_date=False)
QUICK = Options(timeout=60.0, soak=2.0)


def rolled(*tasks_: Task, update: str | None = None, **changes: Any) -> Service:
    return service("head", *tasks_, version=2, previous=OLD.spec, update=update, **changes)


ROLLING = look(1, rolled(OLD_DIRTY, task("b1", "starting"), update="updating"))
CONVERGED = look(3, rolled(task("b1"), update="completed"))
ROLLED_BACK = look(
    3,
    replace(
        OLD,
        version=3,
        previous=rolled().spec,
        update=rolled(update="rollback_completed").update,
        tasks=(task("a1", template="base"), task("b1", "failed", exit_code=3)),
    ),
)
UNTOUCHED = look(1, OLD)


class View:
    """Keeps what it was shown."""

    def __init__(self) -> None:
        self.shown: list[Rollout] = []
        self.closed = False

    def show(self, rollout: Rollout, seen: Observation) -> None:
        assert seen.at >= 0
        self.shown.append(rollout)

    def close(self) -> None:
        self.closed = True


def run(
    *looks: Observation | EngineError | EngineUnavailable,
    command: FakeCommand | None = None,
    options: Options = QUICK,
    before: Any = BASE,
    excuses: Any = lambda _code, _output: False,
    evidence: dict[str, Evidence] | None = None,
) -> tuple[Outcome, FakeWatch]:
    watch = FakeWatch([replace(each, command=None) if isinstance(each, Observation) else each
                       for each in looks], evidence=evidence)  # fmt: skip
    view = View()
    given = command
    outcome = follow(
        watch,
        baseline=before,
        options=options,
        view=view,
        start=(lambda: given) if given is not None else None,
        excuses=excuses,
    )
    assert view.closed
    assert view.shown
    return outcome, watch


def test_a_deploy_that_converges_and_stays_passes() -> None:
    outcome, watch = run(ROLLING, CONVERGED, command=FakeCommand())
    assert outcome.verdict is Verdict.CONVERGED
    assert outcome.command_code == 0
    assert watch.now() >= 5.0  # its task was soaked for two seconds
    assert watch.recorded.ended == [
        End(
            Verdict.CONVERGED,
            Verdict.CONVERGED,
            {"app": ServiceEnd(Verdict.CONVERGED)},
        )
    ]
    assert [each.baseline for each in watch.recorded.begun] == [BASE]


def test_what_the_user_chose_is_what_is_judged_by() -> None:
    options = Options(timeout=7.0, soak=2.0, fail_fast=True, services=frozenset({"app"}))
    _, watch = run(ROLLING, CONVERGED, command=FakeCommand(), options=options)
    policy = watch.recorded.begun[0].policy
    assert (policy.timeout, policy.soak, policy.fail_fast) == (7.0, 2.0, True)
    assert policy.services == {"app"}


def test_a_rollback_fails_with_the_evidence_that_was_taken() -> None:
    found = Evidence("b1", local=True, exit_code=3, logs=("no such table",))
    outcome, _ = run(ROLLING, ROLLED_BACK, command=FakeCommand(), evidence={"b1": found})
    assert outcome.verdict is Verdict.ROLLED_BACK
    (lane,) = outcome.timeline.lanes
    assert [(bar.task, bar.exit_code) for bar in lane.bars if bar.died] == [("b1", 3)]
    cause = outcome.services[0].cause
    assert cause is not None
    assert cause.code is CauseCode.EXIT_NONZERO
    assert cause.logs == ("no such table",)


def test_a_command_that_fails_before_it_changes_anything_is_told_at_once() -> None:
    outcome, watch = run(UNTOUCHED, command=FakeCommand(3, output="bad compose file\n\n"))
    assert outcome.verdict is Verdict.DEPLOY_FAILED
    assert outcome.summary == "COMMAND exited with 3 and changed no service: bad compose file"
    assert outcome.services == ()
    assert watch.now() == 1.0  # nothing was waited for


def test_a_command_that_touched_nothing_is_unable_and_nothing_is_judged() -> None:
    outcome, watch = run(UNTOUCHED, command=FakeCommand())
    assert outcome.verdict is Verdict.UNABLE
    assert "did not touch" in outcome.summary
    assert outcome.services == ()
    assert watch.now() == 1.0


def test_a_command_that_may_touch_nothing_is_judged() -> None:
    options = replace(QUICK, allow_untouched=True)
    outcome, _ = run(UNTOUCHED, command=FakeCommand(), options=options)
    assert outcome.verdict is Verdict.UNCHANGED


def test_a_command_that_fails_is_no_pass_even_where_what_it_changed_runs() -> None:
    outcome, watch = run(ROLLING, CONVERGED, command=FakeCommand(1, output="lost its network"))
    assert outcome.verdict is Verdict.DEPLOY_FAILED
    assert "exited with 1, though what it changed does run: lost its network" in outcome.summary
    (end,) = watch.recorded.ended
    assert (end.verdict, end.judged) == (Verdict.DEPLOY_FAILED, Verdict.CONVERGED)


def test_an_impatient_command_is_excused_where_our_own_verdict_is_good() -> None:
    outcome, _ = run(
        ROLLING,
        CONVERGED,
        command=FakeCommand(1, output="timed out"),
        excuses=lambda code, output: (code, output) == (1, "timed out"),
    )
    assert outcome.verdict is Verdict.CONVERGED
    assert any("impatience" in each for each in outcome.notes)


def test_no_excuse_makes_a_failing_verdict_good() -> None:
    outcome, _ = run(
        ROLLING, ROLLED_BACK, command=FakeCommand(1), excuses=lambda _code, _output: True
    )
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert "COMMAND exited with 1" in outcome.notes


@pytest.mark.parametrize(
    ("output", "cause", "way_out"),
    [
        (
            "only updates to Labels are allowed",
            CauseCode.CONFIG_IMMUTABLE,
            "version",
        ),
        ("update out of sequence", CauseCode.CONFLICT, "again"),
        ("something else", None, ""),
    ],
)
def test_what_the_engine_refused_is_read_from_commands_words(
    output: str, cause: CauseCode | None, way_out: str
) -> None:
    for looks in ((UNTOUCHED,), (ROLLING, CONVERGED)):
        outcome, _ = run(*looks, command=FakeCommand(1, output=output))
        assert outcome.verdict is Verdict.DEPLOY_FAILED
        assert outcome.refusal is cause
        assert outcome.hint == refusal(output, output).hint
        assert way_out in outcome.hint


def test_a_command_that_hangs_is_ended_at_the_deadline() -> None:
    command = FakeCommand(looks=None)
    outcome, watch = run(ROLLING, command=command, options=replace(QUICK, timeout=9.0))
    assert outcome.verdict is Verdict.TIMED_OUT
    assert command.ended_by_us
    assert watch.now() == 10.0  # it began at the first look, at 1


def test_a_command_that_hangs_is_ended_at_a_failing_verdict() -> None:
    command = FakeCommand(looks=None)
    outcome, _ = run(ROLLING, ROLLED_BACK, command=command)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert command.ended_by_us
    assert outcome.command_code is None


def test_a_pass_waits_for_the_end_of_the_command() -> None:
    outcome, watch = run(ROLLING, CONVERGED, command=FakeCommand(looks=20))
    assert outcome.verdict is Verdict.CONVERGED
    assert watch.now() > 18


def test_an_engine_that_goes_away_and_comes_back_changes_no_verdict() -> None:
    away = EngineError(500, "on fire")
    outcome, _ = run(ROLLING, away, away, replace(CONVERGED, at=9.0), command=FakeCommand())
    assert outcome.verdict is Verdict.CONVERGED


def test_an_engine_that_stays_away_says_nothing_of_the_recipe() -> None:
    away = EngineError(500, "on fire")
    outcome, _ = run(ROLLING, *[away] * 100, command=FakeCommand())
    assert outcome.verdict is Verdict.UNABLE
    assert "out of reach: on fire" in outcome.summary
    assert "`ccci converge stack` follows it on" in outcome.hint
    (only,) = outcome.services
    assert (only.verdict, only.cause) == (Verdict.INTERRUPTED, None)


@pytest.mark.parametrize("seen", [(), (CONVERGED,)])
def test_an_engine_that_never_comes_back_is_neither_a_pass_nor_a_removal(
    seen: tuple[Observation, ...],
) -> None:
    outcome, _ = run(*seen, EngineError(500, "on fire"))
    assert outcome.verdict is Verdict.UNABLE


def test_a_refusal_for_good_is_raised_with_the_command_ended() -> None:
    command = FakeCommand(looks=None)
    with pytest.raises(EngineUnavailable, match="locked"):
        follow(
            FakeWatch([EngineUnavailable("the swarm is locked")]),
            baseline=BASE,
            options=QUICK,
            view=View(),
            start=lambda: command,
        )
    assert command.ended_by_us


def test_an_interrupt_ends_the_command_and_keeps_what_was_known(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    command = FakeCommand(looks=None)
    watch = FakeWatch([replace(ROLLING, command=None)])
    checks = iter([False, False, True])

    def check() -> None:
        if next(checks):
            raise Interrupted(15)

    monkeypatch.setattr(interrupts, "check", check)
    outcome = follow(watch, baseline=BASE, options=QUICK, view=View(), start=lambda: command)
    assert outcome.verdict is Verdict.INTERRUPTED
    assert outcome.signal == 15
    assert outcome.summary == "terminated before the end; known so far: app: updating"
    assert outcome.hint == "`ccci converge stack` follows what is still in flight"
    assert command.ended_by_us
    assert watch.recorded.ended[0].judged is None
    (only,) = outcome.services
    assert (only.verdict, only.cause) == (Verdict.INTERRUPTED, None)


def test_an_interrupt_before_command_changed_anything_says_so(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    checks = iter([False, True])

    def check() -> None:
        if next(checks):
            raise Interrupted(2)

    monkeypatch.setattr(interrupts, "check", check)
    watch = FakeWatch([replace(UNTOUCHED, command=None)])
    command = FakeCommand(looks=None)
    outcome = follow(watch, baseline=BASE, options=QUICK, view=View(), start=lambda: command)
    assert outcome.hint == "COMMAND had changed no service by then: run it again"


ROLLING_BACK = look(
    2,
    replace(
        OLD,
        version=3,
        previous=rolled().spec,
        update=rolled(update="rollback_started").update,
        tasks=(task("a1", template="base"), task("b1", "failed", exit_code=3)),
    ),
)


def test_a_rollback_that_was_seen_outlives_an_interrupt(monkeypatch: pytest.MonkeyPatch) -> None:
    watch = FakeWatch([replace(each, command=None) for each in (ROLLING, ROLLING_BACK)])
    checks = iter([False, False, True])

    def check() -> None:
        if next(checks):
            raise Interrupted(15)

    monkeypatch.setattr(interrupts, "check", check)
    outcome = follow(watch, baseline=BASE, options=QUICK, start=FakeCommand)
    assert (outcome.verdict, outcome.signal) == (Verdict.ROLLED_BACK, 15)
    assert "terminated before" in outcome.notes[-1]
    assert outcome.services[0].cause is not None


def test_an_interrupt_while_evidence_is_collected_hides_no_verdict(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def interrupted(_: object, __: float) -> None:
        raise Interrupted(2)

    monkeypatch.setattr(FakeWatch, "settle_evidence", interrupted)
    outcome, _ = run(ROLLING, ROLLED_BACK, command=FakeCommand())
    assert (outcome.verdict, outcome.signal) == (Verdict.ROLLED_BACK, 2)


def test_a_stack_that_is_not_there_is_said() -> None:
    outcome, _ = run(look(1), before=None)
    assert outcome.verdict is Verdict.UNABLE
    assert "there is no stack stack" in outcome.summary


def test_a_stack_that_was_there_before_and_is_gone_is_removed() -> None:
    outcome, _ = run(look(1), look(2), look(8))
    assert outcome.verdict is Verdict.REMOVED


def test_a_service_that_is_not_there_is_said_by_name() -> None:
    options = replace(QUICK, services=frozenset({"db"}))
    outcome, _ = run(UNTOUCHED, before=None, options=options)
    assert outcome.verdict is Verdict.UNABLE
    assert outcome.summary == "stack has no service db"
    assert outcome.hint == "it has app"


REMOVES = FakeCommand(1, argv=("sh", "-c", "docker stack rm stack; false"), output="no network")


def test_a_command_that_removed_the_stack_and_failed_is_told_by_its_own_words() -> None:
    outcome, _ = run(look(1), command=REMOVES)
    assert outcome.verdict is Verdict.DEPLOY_FAILED
    assert outcome.summary == "COMMAND removed app, and then exited with 1: no network"


def test_a_command_that_removed_the_stack_on_purpose_is_told_so() -> None:
    outcome, _ = run(look(1), command=FakeCommand(argv=("docker", "stack", "rm", "stack")))
    assert outcome.verdict is Verdict.REMOVED
    assert outcome.summary == "app is gone: COMMAND removed it"
    assert "who removed" not in outcome.hint


BOTH = baseline(OLD, service("base", task("c1"), name="db"))


def test_a_command_that_removed_one_service_and_failed_is_not_said_to_run() -> None:
    outcome, _ = run(look(1, OLD), command=FakeCommand(1, output="no network"), before=BOTH)
    assert outcome.verdict is Verdict.DEPLOY_FAILED
    assert outcome.summary == (
        "COMMAND removed db, and exited with 1, though what is left does run: no network"
    )


def test_a_command_that_only_removed_a_service_is_told_so() -> None:
    outcome, _ = run(look(1, OLD), look(5, OLD), command=FakeCommand(), before=BOTH)
    assert outcome.verdict is Verdict.UNCHANGED
    assert outcome.summary == ("COMMAND removed db; 1 service: nothing had to roll, and stayed so")
    elsewhere, _ = run(look(1, OLD), look(5, OLD), before=BOTH)
    assert elsewhere.summary.startswith("the deploy removed db; ")


def test_commands_reason_stands_beside_a_service_that_fails() -> None:
    refused = FakeCommand(1, output="failed to update service stack_web: port is taken\n\n")
    outcome, _ = run(ROLLING, ROLLED_BACK, command=refused)
    assert outcome.verdict is Verdict.ROLLED_BACK
    assert "COMMAND exited with 1: failed to update service stack_web: port is taken" in (
        outcome.notes
    )


def test_the_judge_goes_by_each_option_that_has_its_name() -> None:
    options = Options(
        timeout=60.0, soak=2.0, fail_fast=True, services=frozenset({"web"}), brief=True
    )
    for each in fields(options.policy):
        assert getattr(options.policy, each.name) == getattr(options, each.name)
