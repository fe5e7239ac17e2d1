"""Measure the budgets of the design, section 10, and print them beside the docker CLI's."""

import argparse
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from rich.console import Console
from rich.table import Table

sys.path.insert(0, str(Path(__file__).parents[1]))

from support.sandbox.swarms import Swarm, deploys_detached, of_sandbox

from bench import sweep
from bench.rollouts import Stage, Watched, stage
from bench.startup import SWEEP, startup
from ccci.sandbox import lifecycle as life
from ccci.sandbox.layout import Sandbox

CONSOLE = Console(width=118, highlight=False)
Seen = dict[tuple[str, str], list[Watched]]
"""What was watched, by the kind of rollout and the client."""
Grown = dict[int, Seen]
"""The same, by the number of services in the stack."""


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="make bench", description=__doc__)
    parser.add_argument("--services", type=int, nargs="*", default=[1, 10, 100])
    parser.add_argument("--times", type=int, default=3, help="rollouts of each kind and client")
    asked = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that the sandbox goes, too
    _startup()
    clients = ["docker", "ccci"] if deploys_detached("docker") else ["ccci"]
    if len(clients) == 1:
        CONSOLE.print("This docker CLI cannot watch a stack's rollout (`--detach`, from 26.0).\n")
    with _swarm() as swarm:
        grown: Grown = {}
        for services in asked.services:
            with stage(swarm, services) as each:
                times = asked.times if services == 1 else 1
                seen = _watch_all(each, clients, times)
            _show(seen, services)
            _budgets(seen, clients)
            grown[services] = seen
        _growth(grown)
    CONSOLE.print()
    sweep.main()


@contextmanager
def _swarm() -> Iterator[Swarm]:
    folder = Path(f"/tmp/ccci-bench-{os.getpid()}")
    sandbox = Sandbox(folder)
    life.up(sandbox, print)
    try:
        yield of_sandbox(sandbox)
    finally:
        life.down(folder)


def _startup() -> None:
    times = startup()
    table = Table("program", "seconds, median", title="Start-up", title_justify="left")
    for name, seconds in times.items():
        table.add_row(name, f"{seconds:.3f}")
    CONSOLE.print(table)
    ratio = times["ccci --version"] / times["python -c 'import typer'"]
    _budget("ccci --version / import typer", ratio, 1.0, "x")
    _budget(SWEEP, times[SWEEP], 0.15, "s")


def _watch_all(on: Stage, clients: list[str], times: int) -> Seen:
    """Let the clients watch rollouts of each kind in turns, each begun from a settled stack."""
    seen: Seen = {}
    for kind, count in (("crash", times), ("good", times), ("slow", 1)):
        for _ in range(count):
            for client in clients:
                on.settle()
                seen.setdefault((kind, client), []).append(on.watch(client, kind))
    return seen


def _show(seen: Seen, services: int) -> None:
    table = Table(
        "rollout", "client", "exit", "ended after Swarm", "of it soak", "requests",
        "a second, quiet", "memory MiB", "processor s",
        title=f"\nOne of {services} services rolls", title_justify="left",
    )  # fmt: skip
    for (kind, client), watched in seen.items():
        table.add_row(*_row(kind, client, watched))
    CONSOLE.print(table)


def _growth(grown: Grown) -> None:
    """Print how the cost grows with the number of services in the stack."""
    table = Table(
        "services", "client", "after a rollback", "after a success, without soak",
        "requests a second, quiet", "memory MiB", "processor s, quiet roll",
        title="\nGrowth", title_justify="left",
    )  # fmt: skip
    for services, seen in grown.items():
        for client in dict.fromkeys(client for _, client in seen):
            (quiet,) = seen["slow", client]
            table.add_row(
                str(services),
                client,
                _lag(seen["crash", client], soak=True),
                _lag(seen["good", client], soak=False),
                f"{quiet.rate:.2f}",
                f"{quiet.client.memory:.0f}",
                f"{quiet.client.processor:.2f}",
            )
    CONSOLE.print(table)


def _row(kind: str, client: str, watched: list[Watched]) -> tuple[str, ...]:
    names = {"crash": "rolled back", "good": "succeeds", "slow": "a quiet minute"}
    return (
        names[kind],
        client,
        ", ".join(sorted({"-" if each.gave_up else str(each.client.code) for each in watched})),
        _lag(watched, soak=True),
        f"{median(each.soak for each in watched):.1f} s" if client == "ccci" else "",
        f"{median(each.requests for each in watched):.0f}",
        f"{median(each.rate for each in watched):.2f}" if kind == "slow" else "",
        f"{max(each.client.memory for each in watched):.0f}",
        f"{median(each.client.processor for each in watched):.2f}",
    )


def _lag(watched: list[Watched], *, soak: bool) -> str:
    lag = median(each.lag - (0 if soak else each.soak) for each in watched)
    return f"{'not even at ' if any(each.gave_up for each in watched) else ''}{lag:+.2f} s"


def _budgets(seen: Seen, clients: list[str]) -> None:
    ours = [each for (_, client), watched in seen.items() if client == "ccci" for each in watched]
    failed = median(each.decision for each in seen["crash", "ccci"])
    # Evidence of a failure may take two seconds more: it is what the verdict is for.
    _budget("from Swarm's terminal event to the verdict, rolled back", failed, 2.1, " s")
    good = median(each.decision for each in seen["good", "ccci"])
    _budget("from Swarm's terminal event to the verdict, succeeds, less the soak", good, 0.1, " s")
    _budget("memory", max(each.client.memory for each in ours), 80, " MiB")
    if "docker" in clients:
        (mine,), (theirs,) = seen["slow", "ccci"], seen["slow", "docker"]
        if theirs.rate:
            _budget("requests on a quiet roll, ccci / docker", mine.rate / theirs.rate, 0.1, "x")


def _budget(what: str, value: float, limit: float, unit: str) -> None:
    verdict = "within" if value < limit else f"OVER by {value - limit:.2f}{unit}"
    CONSOLE.print(f"  {what}: {value:.2f}{unit}, budget {limit:g}{unit}: {verdict}")


if __name__ == "__main__":
    main()
