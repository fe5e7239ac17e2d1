"""What makes a machine able to run ccci: raw answers of its tools in, checks out. Pure."""

import re
from collections.abc import Iterable, Sequence
from datetime import datetime

from ccci.errors import CcciError, EngineUnavailable
from ccci.exits import Verdict
from ccci.host.counting import counted
from ccci.report.parts import Check, Health
from ccci.swarm.decode.info import Info, Version
from ccci.swarm.engine import answers, errors

_SKEW = 2.0
_SHOWN = 60
_LOW, _TOO_LOW = 2 * 10**9, 2 * 10**8


def unreachable(name: str, error: CcciError) -> Check:
    """Return the check of something needed that refused us."""
    return Check(name, Health.MISSING, error.message, error.hint)


def engine(version: Version, info: Info) -> Check:
    """Return the check of an Engine that answered `/version` and `/info`."""
    found = f"{version.release or 'unknown'} (API {version.api or 'unknown'}) on {info.name}"
    if answers.numbers(version.api) < answers.OLDEST:
        return Check(
            "engine",
            Health.WARNING,
            found,
            f"ccci has run against engines from {answers.OLDEST_ENGINE} on: upgrade this one",
        )
    return Check("engine", Health.OK, found)


def swarm(info: Info) -> Check:
    """Return the check that the Engine is a manager. Raise EngineError where it makes no sense."""
    try:
        errors.check_manager(info.membership)
    except EngineUnavailable as error:
        return unreachable("swarm", error)
    managers, nodes = info.managers, info.nodes
    found = f"manager ({managers} of {counted(nodes, 'node')} manage)"
    if managers and managers % 2 == 0:
        # An even number of managers bears no more losses than one fewer (Raft quorum).
        return Check("swarm", Health.WARNING, found, "an odd number of managers keeps quorum best")
    return Check("swarm", Health.OK, found)


def clock(engines: str, before: str, after: str) -> Check:
    """Compare the Engine's clock with ours, read before and after it was asked (RFC 3339)."""
    try:
        theirs, earliest, latest = (_moment(text) for text in (engines, before, after))
    except (ValueError, OverflowError):
        told = engines[:_SHOWN]
        return Check("clock", Health.WARNING, f"the Engine's time is unreadable: {told!r}")
    skew = min(0.0, theirs - earliest) + max(0.0, theirs - latest)
    if abs(skew) > _SKEW:
        ahead = "ahead of" if skew > 0 else "behind"
        return Check(
            "clock",
            Health.WARNING,
            f"the Engine is {abs(skew):.0f} s {ahead} this machine",
            "verdicts do not depend on it, but times in reports do: synchronise both clocks",
        )
    return Check("clock", Health.OK, "agrees with the Engine's")


def disk(name: str, path: str, free: int) -> Check:
    """Return the check of the free bytes of the file system of `path`."""
    found = f"{free / 10**9:.1f} GB free at {path}"
    if free < _TOO_LOW:
        return Check(name, Health.MISSING, found, "make room: nothing can be pulled or recorded")
    if free < _LOW:
        return Check(name, Health.WARNING, found, "make room: pulls may fail in the middle")
    return Check(name, Health.OK, found)


def docker_cli(version: str, deploy_help: str, stack_help: str) -> Check:
    """Return the check of the docker CLI from what it prints of itself."""
    found = version.strip().split(",")[0].removeprefix("Docker version ") or "unknown"
    # `stack deploy --detach` came with CLI 26.0, `stack config` with 23.0 (docker/cli releases).
    lacks = [
        what
        for what, there in (
            ("stack deploy --detach", "--detach" in deploy_help),
            ("stack config", re.search(r"^\s+config\s", stack_help, re.MULTILINE) is not None),
        )
        if not there
    ]
    if lacks:
        return Check(
            "docker CLI",
            Health.WARNING,
            f"{found}, without {' and '.join(f'`{what}`' for what in lacks)}",
            "ccci copes; a CLI from 26.0 on has both",
        )
    return Check("docker CLI", Health.OK, found)


def git(version: str) -> Check:
    """Return the check of git from its `--version`."""
    return Check("git", Health.OK, version.strip().removeprefix("git version "))


def abra(version: str, lacks: Sequence[str] = ()) -> Check:
    """Return the check of abra from its version and the flags that it lacks."""
    if lacks:
        return Check(
            "abra",
            Health.WARNING,
            f"{version}, without {', '.join(lacks)}",
            "upgrade abra, or pass `--deployer stack`",
        )
    return Check("abra", Health.OK, version)


def leftovers(stacks: Sequence[str], runs: int) -> Check:
    """Return the check of what killed runs of this machine left on the swarm."""
    if not stacks:
        return Check("leftovers", Health.OK, f"none, of {runs} recorded runs")
    return Check(
        "leftovers",
        Health.WARNING,
        f"killed runs left {', '.join(stacks)}",
        "`ccci sweep leftovers` removes them",
    )


def optional(check: Check, hint: str) -> Check:
    """Return a missing check as a warning: there is another way, which `hint` names."""
    if check.health is not Health.MISSING:
        return check
    return Check(check.name, Health.WARNING, check.found, hint)


def verdict(checks: Iterable[Check]) -> Verdict:
    """Return `unable` when something needed is missing, else `done`."""
    missing = any(check.health is Health.MISSING for check in checks)
    return Verdict.UNABLE if missing else Verdict.DONE


def tell(checks: Sequence[Check]) -> list[str]:
    """Return the checks as aligned lines, each followed by its next step where it has one."""
    width = max((len(check.name) for check in checks), default=0)
    lines = []
    for check in checks:
        lines.append(f"{check.health.value:<8} {check.name:<{width}}  {check.found}")
        if check.hint:
            lines.append(f"{'':<8} {'':<{width}}  next: {check.hint}")
    return lines


def summary(checks: Sequence[Check]) -> str:
    """Return the outcome in one sentence."""
    missing = [check.name for check in checks if check.health is Health.MISSING]
    warned = [check.name for check in checks if check.health is Health.WARNING]
    if missing:
        return f"this machine is not able: {', '.join(missing)}"
    return "this machine is able" + (f"; worth a look: {', '.join(warned)}" if warned else "")


def _moment(text: str) -> float:
    return datetime.fromisoformat(text).timestamp()
