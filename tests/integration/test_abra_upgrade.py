"""An upgrade through abra, while abra fails in the ways it is known for."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recipes.upgrade_bench import Bench, made, rest_of
from support.sandbox.swarms import Swarm

from ccci.records import runs


@pytest.fixture
def bench(swarm: Swarm, tmp_path: Path) -> Iterator[Bench]:
    with made(swarm, tmp_path) as given:
        yield given


def upgrade(bench: Bench, mode: str, *words: str) -> tuple[int, str]:
    """Upgrade with a stand-in that plays this mode; return the exit code and all that was said."""
    with bench.upgrade("--deployer", "abra", *words, STAND_IN_ABRA_MODE=mode) as running:
        said = rest_of(running)
        return running.wait(20), said


@pytest.mark.parametrize("mode", ["impatient", "timed-out"])
def test_its_impatience_is_no_verdict(bench: Bench, mode: str) -> None:
    code, said = upgrade(bench, mode)
    assert code == 0, said
    assert "out of impatience; the verdict is ours" in said
    assert bench.left() == []


def test_one_that_hangs_is_ended_at_the_deadline(bench: Bench) -> None:
    code, said = upgrade(bench, "hang", "--timeout", "12s")
    assert code == 17, said
    assert bench.left() == [], said


def test_a_crash_of_it_is_no_pass(bench: Bench) -> None:
    code, said = upgrade(bench, "crash")
    assert code == 17, said
    assert "137" in said
    assert bench.left() == [], said


def test_what_it_prints_is_kept_without_secrets_and_escapes(bench: Bench) -> None:
    code, said = upgrade(bench, "leak,terminal", "--env", "SMTP_PASSWORD=correct-horse-battery")
    assert code == 0, said
    (record,) = runs.recent(bench.folder / "runs")
    folder = bench.folder / "runs" / record.id
    log = (folder / runs.DEPLOYER_LOG).read_text()
    assert "SMTP_PASSWORD=***" in log
    assert "\x1b" not in log
    assert "DEPLOY OVERVIEW" in log
    for path in folder.iterdir():
        assert not path.is_file() or "correct-horse" not in path.read_text(), path
    assert "correct-horse" not in said


def test_an_abra_without_the_flags_it_needs_is_unable(bench: Bench) -> None:
    code, said = upgrade(bench, "no-chaos-flag")
    assert code == 3, said
    assert "make abra" in said
    assert bench.left() == [], said


def test_an_undeploy_that_fails_does_not_leave_the_app(bench: Bench) -> None:
    code, said = upgrade(bench, "undeploy-fails")
    assert code == 0, said
    assert "unable to undeploy" in said
    assert bench.left() == [], said
