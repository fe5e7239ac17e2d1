"""What was run, newest first: which runs are meant, and the document that tells of them."""

from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.host import clock, durations
from ccci.host.json_values import APART, FLAT, to_json
from ccci.records import runs
from ccci.records.rates import Rate, rates
from ccci.records.record import Record

SCHEMA = "ccci.runs/1"
BEING_MADE = "being made"
KILLED = "killed"
_JUDGING = ("converge", "identity")


@dataclass(frozen=True, slots=True)
class Request:
    """Which runs are meant: all of them without any of these.

    `target` is any of a run's names. `since` is a time as `durations.since` reads it, `verdicts`
    are words of the enum, `limit` is how many runs are listed at most.
    """

    target: str | None = None
    recipe: str | None = None
    stack: str | None = None
    since: str | None = None
    verdicts: tuple[str, ...] = ()
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class RunEntry:
    """A recorded run: its record, the folder of its files, and what it left."""

    record: Record = field(metadata={FLAT: True})
    folder: str
    subject: str
    """The recipe, else the stack."""
    left: str | None
    """`nothing`, `the app, kept`, `unverified`; None where the run deploys nothing itself."""
    state: str
    """`over`, `being made` or `killed`."""


@dataclass(frozen=True, slots=True)
class Runs:
    """Recorded runs of a folder, newest first, and how often they failed."""

    folder: str
    since: str | None
    runs: tuple[RunEntry, ...]
    rates: tuple[Rate, ...] = ()
    counted: tuple[Record, ...] = field(default=(), metadata={APART: True})
    """The runs that the rates are of: all that are meant, however few are listed."""


def listed(folder: Path, request: Request) -> Runs:
    """Return the recorded runs that are meant. Raise UsageError for a time or verdict that is none.

    The rates are those of all that is meant, whatever their verdicts and however many are listed.
    """
    now = datetime.fromisoformat(clock.now())
    since = durations.since(request.since, now, "--since") if request.since else None
    known = {each.value for each in Verdict}
    for verdict in request.verdicts:
        if verdict not in known:
            words = ", ".join(sorted(known))
            raise UsageError(f"--verdict {verdict} is no verdict", f"known are {words}")
    named = [each for each in runs.recent(folder, target=request.target) if _meant(each, request)]
    found = [each for each in named if since is None or _began(each) >= since]
    before = None
    if since is not None:
        earlier = since - min(now - since, since - _LONG_AGO)
        before = [each for each in named if earlier <= _began(each) < since]
    shown = [each for each in found if not request.verdicts or each.verdict in request.verdicts]
    return Runs(
        str(folder),
        _told(since),
        tuple(_entry(folder, each) for each in shown[: request.limit]),
        rates(found, before),
        tuple(found),
    )


def document(found: Runs) -> dict[str, Any]:
    """Return the runs as the one JSON document that `--json` prints."""
    return {"schema": SCHEMA, **to_json(found)}


def _meant(record: Record, request: Request) -> bool:
    stack = record.stack or (record.target if record.command in _JUDGING else None)
    return request.recipe in {None, record.recipe} and request.stack in {None, stack}


def _began(record: Record) -> datetime:
    """Return when a run began; long ago where its record does not say."""
    try:
        found = datetime.fromisoformat(record.started_at)
    except ValueError:
        return _LONG_AGO
    return found if found.tzinfo else _LONG_AGO


_LONG_AGO = datetime.fromisoformat("0001-01-02T00:00:00+00:00")


def _told(moment: datetime | None) -> str | None:
    if moment is None:
        return None
    return moment.isoformat(timespec="seconds").replace("+00:00", "Z")


def _entry(folder: Path, record: Record) -> RunEntry:
    state = "over"
    if record.finished_at is None:
        state = BEING_MADE if runs.is_alive(folder, record) else KILLED
    return RunEntry(record, str(folder / record.id), record.subject, _left(record), state)


def _left(record: Record) -> str | None:
    if record.gone:
        return "nothing"
    if record.stack is None or record.keep is None:
        return None
    return "the app, kept" if record.keep else "unverified"
