"""A rollout in a log, as a person would tell it: what begins, what dies, what is done, what waits.

Thirty services that come up take a dozen lines; `-v` gives a line for each change instead.
"""

from collections.abc import Iterator

from ccci.swarm.judge.diagnose import diagnose
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.model import Observation
from ccci.terminal.output import Output
from ccci.terminal.rows import Row, clock_face, rows

_BEGUN = {"starting", "updating", "waiting", "soaking"}
_TOGETHER = 5.0
"""Seconds within which what goes well is told in one line."""
_PATIENCE = 20.0
"""Seconds without a word after which a log says what it waits for."""
_AGAIN = 60.0
_NAMED = 3
_FEW = 3
"""So many services are told one by one."""
_EACH, _FIVES, _TENS = 3, 5, 10


def lines_for(output: Output) -> "Lines":
    """Return the lines of a log, all of them where they were asked for."""
    return Lines(output) if output.verbosity > 0 else Digest(output)


class Lines:
    """A line for each service that changed, and never a redraw."""

    def __init__(self, output: Output) -> None:
        """Print to `output`, from now on."""
        self._output = output
        self._shown: dict[str, str] = {}

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Print what changed since the last look."""
        for key, text in _news(rollout, seen):
            if self._shown.get(key, "") != text:
                self._shown[key] = text
                if text:
                    elapsed = clock_face(seen.at - rollout.started_at)
                    self._output.progress(f"{elapsed:>6}  {text}")

    def close(self) -> None:
        """Do nothing: lines need no end."""


def _news(rollout: Rollout, seen: Observation) -> list[tuple[str, str]]:
    """Return what a log should say of a look, by what it is about; empty text says nothing."""
    if seen.unreachable is not None:
        return [("/engine", f"the Engine is out of reach: {seen.unreachable}")]
    news = [("/engine", "")]
    # Before COMMAND's first change the deadline is that of what was there before.
    if seen.command is None or rollout.touched:
        news.append(("/deadline", f"deadline: {rollout.arithmetic}"))
    return news + [(row.name, str(row)) for row in rows(rollout)]


class Digest(Lines):
    """The few lines of a rollout that somebody who waits for it would want to hear."""

    def __init__(self, output: Output) -> None:
        """Print to `output`, from now on."""
        super().__init__(output)
        self._begun: set[str] = set()
        self._steady: set[str] = set()
        self._trouble: dict[str, str] = {}
        self._deaths = Deaths()
        self._pending: dict[str, list[Row]] = {"updating": [], "steady": []}
        self._flushed_at = -_TOGETHER
        self._spoke_at: float | None = None
        self._patience = _PATIENCE
        self._elapsed = 0.0
        self._total = 0

    def show(self, rollout: Rollout, seen: Observation) -> None:
        """Print what is worth a word since the last look."""
        self._elapsed = seen.at - rollout.started_at
        if self._spoke_at is None:
            self._spoke_at = self._elapsed
        if seen.unreachable is not None:
            self._once("/engine", f"the Engine is out of reach: {seen.unreachable}")
            return
        if self._shown.pop("/engine", ""):
            self._say("the Engine answers again")
        if seen.command is None or (rollout.touched and seen.command.code is not None):
            self._once("/deadline", f"deadline: {rollout.arithmetic}")
        found = rows(rollout)
        self._total = len(found)
        for death in self._deaths.news(rollout):
            self.flush()
            self._say(death)
        for row in found:
            self._progress_of(row)
        if self._elapsed - self._flushed_at >= _TOGETHER:
            self.flush()
        self._wait(found)

    def close(self) -> None:
        """Print what is still held back."""
        self.flush()

    def flush(self) -> None:
        """Print the services that began or held since the last time, many of a kind in one line."""
        for word, held in self._pending.items():
            if not held:
                continue
            if self._total <= _FEW or (word == "updating" and len(held) == 1):
                lines = [str(row) for row in held]
            else:
                count = len(self._begun if word == "updating" else self._steady)
                names = ", ".join(sorted(row.name for row in held))
                lines = [f"{word} ({count} of {self._total}): {names}"]
            for line in lines:
                self._say(line)
            self._flushed_at = self._elapsed
            held.clear()

    def _say(self, text: str) -> None:
        self._output.progress(f"{clock_face(self._elapsed):>6}  {text}")
        self._spoke_at, self._patience = self._elapsed, _PATIENCE

    def _once(self, key: str, text: str) -> None:
        if self._shown.get(key, "") != text:
            self._shown[key] = text
            self._say(text)

    def _progress_of(self, row: Row) -> None:
        if row.phase == "steady" or (row.passed and not row.open and row.phase != "soaking"):
            if row.name not in self._steady:
                self._steady.add(row.name)
                self._begun.add(row.name)
                self._pending["steady"].append(row)
        elif row.phase in _BEGUN:
            self._steady.discard(row.name)
            if row.name not in self._begun:
                self._begun.add(row.name)
                self._pending["updating"].append(row)
        elif row.phase != "as before":
            self._steady.discard(row.name)
            if self._trouble.get(row.name) != row.phase:
                self._trouble[row.name] = row.phase
                self.flush()
                self._say(f"{row.name}: {row.phase.replace('-', ' ')}: {row.runs}")

    def _wait(self, found: tuple[Row, ...]) -> None:
        """Say what is waited for where nothing was said for long."""
        if self._spoke_at is None or self._elapsed - self._spoke_at < self._patience:
            return
        open_rows = [row for row in found if row.name not in self._steady]
        told = ", ".join(f"{row.name} ({row.runs})" for row in open_rows[:_NAMED])
        more = f" and {len(open_rows) - _NAMED} more" if len(open_rows) > _NAMED else ""
        waiting = f"; waiting for {told}{more}" if open_rows else ""
        self._say(f"{len(self._steady)} of {self._total} steady{waiting}")
        self._patience = _AGAIN


class Deaths:
    """The tasks that failed while somebody watched, each told with its reason when it is seen."""

    def __init__(self) -> None:
        """Know of none yet."""
        self._told: set[str] = set()
        self._counts: dict[tuple[str, str], int] = {}

    def news(self, rollout: Rollout) -> Iterator[str]:
        """Yield a line for each task that failed since the last time; of many alike not each."""
        nodes = {node.id: node.hostname for node in rollout.last.nodes} if rollout.last else {}
        for history in rollout.histories.values():
            for failure in (each for slot in history.tasks.failures.values() for each in slot):
                life = history.tasks.lives.get(failure.task)
                if failure.task in self._told or life is None:
                    continue
                self._told.add(failure.task)
                kind = (history.name, failure.signature)
                count = self._counts[kind] = self._counts.get(kind, 0) + 1
                if not _worth_a_line(count):
                    continue
                node = nodes.get(life.task.node, life.task.node)
                cause = diagnose(life.task, None, history.asked.target, node)
                times = f" ({count} times)" if count > 1 else ""
                yield f"{history.name}: {cause.detail}{times}"


def _worth_a_line(count: int) -> bool:
    """Say whether the so-manieth failure of a kind is told: the first, then ever fewer."""
    if count <= _EACH or count == _FIVES:
        return True
    while count % _TENS == 0:
        count //= _TENS
    return count in {1, 2, _FIVES}
