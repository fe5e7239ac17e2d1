"""What the spec that failed changed, by the names that people write in compose files. Pure."""

import re
from collections.abc import Iterable

from ccci.host.masking import HIDDEN
from ccci.report.parts import Difference
from ccci.swarm.decode.fields import Field, differing
from ccci.swarm.judge.history import History
from ccci.swarm.labels import OF_ABRA, OF_DOCKER
from ccci.swarm.model import Spec

MOST = 50


_WORDS: tuple[tuple[str, str], ...] = (
    ("Image", "image"),
    ("Command", "entrypoint"),
    ("Args", "command"),
    ("Env.", "environment "),
    ("Resources.Limits.MemoryBytes", "deploy.resources.limits.memory"),
    ("Resources.Limits.NanoCPUs", "deploy.resources.limits.cpus"),
    ("Resources.Limits.Pids", "deploy.resources.limits.pids"),
    ("Resources.Reservations.MemoryBytes", "deploy.resources.reservations.memory"),
    ("Resources.Reservations.NanoCPUs", "deploy.resources.reservations.cpus"),
    ("Mounts.", "volume at "),
    ("Configs.", "config "),
    ("Secrets.", "secret "),
    ("Healthcheck.", "healthcheck."),
    ("Healthcheck", "healthcheck"),
    ("UpdateConfig.", "deploy.update_config."),
    ("RollbackConfig.", "deploy.rollback_config."),
    ("RestartPolicy.", "deploy.restart_policy."),
    ("Mode.Replicated.Replicas", "deploy.replicas"),
    ("Mode.", "deploy.mode."),
    ("Placement.", "deploy.placement."),
    ("Ports", "ports"),
    ("Networks", "networks"),
    ("User", "user"),
    ("Hostname", "hostname"),
    ("Dir", "working_dir"),
    ("StopGracePeriod", "stop_grace_period"),
    ("StopSignal", "stop_signal"),
    ("ForceUpdate", "--force"),
    ("Labels.", "label "),
)
"""How the Engine's fields are called in a compose file, the most telling ones first."""

_TOLD_BY_THE_IDENTITY = (f"label {OF_DOCKER}", f"label {OF_ABRA}")
_NOTHING = {"null", "{}", "[]", '""', "0 B", "0 cores", "0s"}
"""Values that say no more than that the field is not set."""


def of(history: History) -> tuple[Difference, ...]:
    """Return what was changed by the spec that was asked for, as far as both are known.

    It is compared with the one that Swarm put back, else with the one there was before.
    """
    target, base = history.asked.target, history.asked.before
    if target is None or history.since.gone is not None:
        return ()
    if history.rolling_back:
        before: Spec | None = history.service.spec
    else:
        before = next(
            (each for each in _befores(history, base.spec if base else None) if each.raw), None
        )
    return between(before, target) if before is not None else ()


def _befores(history: History, base: Spec | None) -> Iterable[Spec]:
    """Return what the service was before: a baseline that was saved holds no whole spec."""
    previous = history.service.previous
    if base is not None:
        yield base
        if previous is not None and previous.whole == base.whole:
            yield previous
    elif previous is not None and history.asked.ours is not None:
        yield previous


def between(before: Spec, after: Spec) -> tuple[Difference, ...]:
    """Return the fields in which two specs differ, the most telling ones first."""
    if not before.raw or not after.raw or before.whole == after.whole:
        return ()
    found = [_difference(each) for each in differing(before.raw, after.raw)]
    told = {
        each.field: each
        for each in sorted(found, key=_rank)
        if each.before != each.after or each.before == HIDDEN
        if not each.field.startswith(_TOLD_BY_THE_IDENTITY)
    }
    return tuple(told.values())[:MOST]


def _rank(difference: Difference) -> tuple[int, str]:
    words = [said for _, said in _WORDS]
    at = next((n for n, said in enumerate(words) if difference.field.startswith(said)), len(words))
    return at, difference.field


def _difference(field: Field) -> Difference:
    name = _called(field.path)
    return Difference(name, _said(field.before), _said(field.after))


def _called(path: str) -> str:
    for engine, said in _WORDS:
        if path == engine:
            return said
        if engine.endswith(".") and path.startswith(engine):
            rest = path[len(engine) :]
            return said + (rest if said.endswith(" ") else _snake(rest))
    return path


def _snake(text: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "_", text).lower()


def _said(text: str) -> str:
    return "" if text in _NOTHING else text
