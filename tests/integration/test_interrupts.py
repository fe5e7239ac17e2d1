"""Cancelled at any step, an upgrade leaves nothing: everything is counted, on swarm and disk."""

import signal
from collections.abc import Iterator
from pathlib import Path

import pytest
from support.recipes.upgrade_bench import Bench, made, read_until, rest_of
from support.sandbox.swarms import Swarm

from ccci.recipe.naming import domain_of
from ccci.records import runs

STEPS = (
    *("fetch", "head", "base", "lock"),
    *("base checkout", "base secrets", "base check", "base images", "base deploy"),
    *("head checkout", "head deploy", "head identity", "teardown"),
)


@pytest.fixture
def bench(swarm: Swarm, tmp_path: Path) -> Iterator[Bench]:
    with made(swarm, tmp_path) as given:
        yield given


@pytest.mark.parametrize("deployer", ["stack", "abra"])
def test_an_upgrade_that_is_left_alone_leaves_nothing(bench: Bench, deployer: str) -> None:
    with bench.upgrade("--deployer", deployer) as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    assert bench.left() == []
    (record,) = runs.recent(bench.folder / "runs")
    assert record.gone
    assert record.deployer == deployer


@pytest.mark.parametrize(
    ("deployer", "step"),
    [("stack", step) for step in STEPS]
    + [("abra", step) for step in ("base secrets", "base deploy", "head deploy", "teardown")],
)
def test_cancelled_at_any_step_it_leaves_nothing(bench: Bench, deployer: str, step: str) -> None:
    with bench.upgrade("--deployer", deployer) as running:
        read_until(running, f"{step} …")
        running.send_signal(signal.SIGTERM)
        said = rest_of(running)
        assert running.wait(10) == 143, said
    assert bench.left() == [], said
    (record,) = runs.recent(bench.folder / "runs")
    # What was decided before the teardown stays decided.
    assert record.verdict == ("converged" if step == "teardown" else "interrupted")
    assert record.exit_code == 143


def test_a_second_signal_does_not_cut_the_cleanup_short(bench: Bench) -> None:
    with bench.upgrade("--deployer", "stack") as running:
        read_until(running, "head deploy …")
        running.send_signal(signal.SIGINT)
        read_until(running, "teardown …")
        running.send_signal(signal.SIGTERM)
        running.send_signal(signal.SIGINT)
        said = rest_of(running)
        assert running.wait(10) == 130, said
    assert bench.left() == [], said


@pytest.mark.parametrize("deployer", ["stack", "abra"])
@pytest.mark.parametrize("step", ["base deploy", "head deploy", "teardown"])
def test_what_a_killed_upgrade_left_is_removed_by_the_next_one(
    bench: Bench, deployer: str, step: str
) -> None:
    with bench.upgrade("--deployer", deployer) as running:
        read_until(running, f"{step} …")
        running.send_signal(signal.SIGKILL)
        running.wait(10)
    with bench.upgrade("--deployer", deployer, "--lock-timeout", "0") as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    # The base was really deployed again: nothing was taken for an app that is meant to stay.
    assert "base deploy: converged" in said
    assert bench.left() == []
    assert all(record.gone for record in runs.recent(bench.folder / "runs"))


def test_data_that_no_run_made_is_used_named_and_left(bench: Bench) -> None:
    bench.swarm.docker("volume", "create", f"{bench.stack}_data")
    with bench.upgrade("--deployer", "stack") as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    assert f"volume {bench.stack}_data" in said
    assert bench.left() == [f"volume {bench.stack}_data"]


def test_an_env_that_no_run_made_is_not_put_at_risk(bench: Bench) -> None:
    domain = domain_of("shop", bench.head)
    env_file = bench.folder / "user" / "servers" / "default" / f"{domain}.env"
    env_file.write_text("TYPE=shop\n")
    with bench.upgrade("--deployer", "abra") as running:
        said = rest_of(running)
        assert running.wait(10) == 3, said
    assert bench.left() == [f"file {env_file}"]


@pytest.mark.parametrize("deployer", ["stack", "abra"])
def test_the_folder_of_a_run_tells_what_was_done(bench: Bench, deployer: str) -> None:
    with bench.upgrade("--deployer", deployer, "--output", str(bench.folder / "out")) as running:
        said = rest_of(running)
        assert running.wait(10) == 0, said
    (record,) = runs.recent(bench.folder / "runs")
    kept = {path.name for path in (bench.folder / "runs" / record.id).iterdir()}
    expected = {runs.RECORD, runs.REPORT, runs.TRACE, runs.DEPLOYER_LOG, runs.COMPOSE}
    assert expected <= kept
    assert expected <= {path.name for path in (bench.folder / "out").iterdir()}
    merged = (bench.folder / "runs" / record.id / runs.COMPOSE).read_text()
    assert f"{bench.stack}_db_password_v1" in merged
    assert "echo new" in merged
