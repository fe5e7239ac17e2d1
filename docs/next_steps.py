"""The next steps of each cause, for its page: every situation that a test holds."""

import re
from collections.abc import Iterator
from pathlib import Path

from ccci.swarm.judge.next_steps import by_log, by_probe
from ccci.swarm.model import CauseCode

SITUATIONS = Path(__file__).parents[1] / "tests/unit/swarm/judge/next-steps.txt"
_SITUATION = re.compile(
    r"^(?P<title>.+) \[(?P<code>[a-z-]+)\]\n(?:  .*\n)*?  next: (?P<step>.+)$", re.MULTILINE
)


def situations() -> Iterator[tuple[CauseCode, list[tuple[str, str]]]]:
    """Yield each cause with its situations and their next steps; of equal steps the first."""
    found: dict[CauseCode, dict[str, str]] = {}
    for each in _SITUATION.finditer(SITUATIONS.read_text(encoding="utf-8")):
        steps = found.setdefault(CauseCode(each["code"]), {})
        steps.setdefault(each["step"], each["title"])
    for code in CauseCode:
        if code in found:
            yield code, [(title, step) for step, title in found[code].items()]


def of_logs() -> list[str]:
    """Return what the last words of a log ask for."""
    return list(dict.fromkeys(by_log.steps()))


def of_probes() -> list[str]:
    """Return what the last words of a probe ask for."""
    every = (*by_probe.unrun(), *by_probe.rows())
    return list(dict.fromkeys(reading.step.format(timeout="") for _, reading in every))
