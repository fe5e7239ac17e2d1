"""A hundred runs that end at random moments, by random means, from two hosts: `make soak`."""

import os
import random
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from support.recipes.upgrade_bench import Bench, made
from support.sandbox.swarms import Swarm

from ccci.host import clock
from ccci.records import runs

RUNS = int(os.environ.get("CCCI_TEST_SOAK_RUNS", "100"))
LATEST = 14.0
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT, signal.SIGKILL)
READERS = ("stdout", "both")


@dataclass
class Tally:
    """What came of the runs so far; filled by two threads."""

    codes: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


def end_at_random(bench: Bench, seed: int, tally: Tally) -> None:
    """Start an upgrade, end it by a random means at a random moment, and note what it said."""
    dice = random.Random(seed)  # noqa: S311 -- a trial that can be repeated
    means = dice.choice([*SIGNALS, *SIGNALS, *READERS, "twice"])
    moment = dice.uniform(0.3, LATEST)
    with bench.upgrade("--deployer", "stack", "--lock-timeout", "10m") as running:
        assert running.stdout
        said: list[str] = []
        lost = threading.Event()

        def listen() -> None:
            assert running.stdout
            while not lost.is_set() and (line := running.stdout.readline()):
                said.append(line)

        reader = threading.Thread(target=listen)
        reader.start()
        try:
            running.wait(moment)
        except subprocess.TimeoutExpired:
            if isinstance(means, signal.Signals):
                running.send_signal(means)
            elif means == "twice":
                running.send_signal(signal.SIGTERM)
                running.send_signal(signal.SIGINT)
            else:
                lost.set()
        if lost.is_set():
            reader.join()
            running.stdout.close()
        code = running.wait(300)
        reader.join()
    tally.codes[f"{means}: {code}"] += 1
    text = "".join(said)
    if "Traceback" in text or "Exception ignored" in text or code in {1, 70}:
        tally.wrong.append(f"seed {seed}, {means} after {moment:.1f} s: {code}\n{text}")


@pytest.fixture
def hosts(swarm: Swarm, tmp_path: Path) -> Iterator[tuple[Bench, Bench]]:
    """Give one recipe on two hosts: two folders of state and of runs."""
    for name in ("a", "b"):
        (tmp_path / name).mkdir()
    with made(swarm, tmp_path / "a") as first:
        for name in ("user/servers/default", "tmp"):
            (tmp_path / "b" / name).mkdir(parents=True)
        yield first, replace(first, folder=tmp_path / "b")


def sweep(bench: Bench) -> "subprocess.CompletedProcess[str]":
    return subprocess.run(
        [sys.executable, "-m", "ccci", "sweep", "leftovers"],
        env=bench.environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
        timeout=900,
    )


@pytest.mark.soak
def test_a_hundred_runs_ended_at_random_leave_nothing_after_the_sweep(
    hosts: tuple[Bench, Bench],
) -> None:
    tally = Tally()
    seeds = iter(range(RUNS))
    turn = threading.Lock()

    def work(bench: Bench) -> None:
        while True:
            with turn:
                seed = next(seeds, None)
            if seed is None:
                return
            end_at_random(bench, seed, tally)
            # Now and then another pipeline sweeps, while somebody's run may live.
            if seed % 25 == 24 and "Traceback" in sweep(bench).stdout:
                tally.wrong.append(f"the sweep after {seed}")

    begun = clock.monotonic()
    threads = [threading.Thread(target=work, args=(bench,)) for bench in hosts]
    for each in threads:
        each.start()
    for each in threads:
        each.join()
    swept = [sweep(bench) for bench in (*hosts, *hosts)]
    took = clock.monotonic() - begun
    print(f"\n{RUNS} runs in {took:.0f} s: {dict(sorted(tally.codes.items()))}")
    assert tally.wrong == []
    assert [each.returncode for each in swept[2:]] == [0, 0], swept[-1].stdout
    assert [bench.left() for bench in hosts] == [[], []]
    told = [each for bench in hosts for each in runs.recent(bench.folder / "runs")]
    # Nobody's living run was touched: whoever ended by itself, ended with its own verdict.
    assert {each.verdict for each in told} <= {"converged", "interrupted", None}
