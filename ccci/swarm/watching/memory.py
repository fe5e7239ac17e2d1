"""How much memory the tasks of a stack hold, sampled while a rollout runs: no verdict needs it.

The kernel's own files cost next to nothing; where they cannot be read (an Engine on another
machine, or one whose cgroups are hidden from us), the Engine is asked, seldom.
"""

import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from ccci.errors import CcciError
from ccci.host import clock
from ccci.swarm.decode import memory
from ccci.swarm.decode.events import DIES, STARTS, Event
from ccci.swarm.decode.memory import Held, Series
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Sample

OFTEN, SELDOM = 0.25, 1.0
"""Seconds between two readings of the kernel's files: of young tasks, and of old ones alone."""

YOUNG_FOR = 30.0
ASKED_EVERY, ASKED_SELDOM = 2.5, 10.0
"""Seconds between two requests at least, of whatever container, likewise."""

MOST_TASKS = 200
_GOODBYE = 0.5
_USAGE = {True: "memory.current", False: "memory.usage_in_bytes"}
_STAT = "memory.stat"
_MOUNTS = {True: ("", "unified"), False: ("memory",)}
"""Below the root of all cgroups, where those of version 2 and of version 1 are mounted."""

Report = Callable[[float, str, Mapping[str, int]], None]


class Sampler:
    """Samples in a thread of its own, from the first look that shows a container on."""

    def __init__(
        self,
        engine: Engine,
        *,
        report: Report = lambda _at, _wall, _bytes: None,
        processes: Path = Path("/proc"),
        cgroups: Path = Path("/sys/fs/cgroup"),
    ) -> None:
        self._engine = engine
        self._report = report
        self._processes, self._cgroups = processes, cgroups
        self._lock = threading.Lock()
        self._woken = threading.Event()
        self._closing = False
        self._held: dict[str, Held] = {}
        self._started: dict[str, Held] = {}
        self._since: dict[str, float] = {}
        self._asked: dict[str, float] = {}
        self._next_request = 0.0
        self._files: dict[str, tuple[Path, bool]] = {}
        self._parent: tuple[Path, str, bool] | None = None
        self._series: dict[str, Series] = {}
        self._thread: threading.Thread | None = None

    @property
    def found(self) -> Mapping[str, tuple[Sample, ...]]:
        """Return the samples so far, by task."""
        with self._lock:
            return {task: each.samples for task, each in self._series.items()}

    def look(self, tasks: Iterable[OwnJson], node: str) -> None:
        """Sample from now on what a listing shows to run on a node, and nothing else."""
        found = {each.task: each for each in memory.held(tasks, node)}
        with self._lock:
            new = found.keys() - self._held.keys()
            self._held = self._started | found
        if new:
            self._begin()

    def event(self, event: Event) -> None:
        """Sample at once what starts: what dies soon is never listed as running."""
        with self._lock:
            if event.action == STARTS and event.task:
                self._started[event.task] = Held(event.task, event.id, 0)
                self._held.setdefault(event.task, self._started[event.task])
            elif event.action == DIES:
                self._started.pop(event.task, None)
                self._held.pop(event.task, None)
        if event.action == STARTS and event.task:
            self._begin()

    def close(self) -> None:
        """End the thread."""
        self._closing = True
        self._woken.set()
        if self._thread is not None:
            self._thread.join(_GOODBYE)

    def _begin(self) -> None:
        if self._thread is None:
            self._thread = threading.Thread(target=self._work, name="memory", daemon=True)
            self._thread.start()
        self._woken.set()

    def _work(self) -> None:
        with self._engine.sibling(timeout=ASKED_EVERY) as engine:
            while not self._closing:
                self._woken.clear()
                self._woken.wait(SELDOM if self._sample(engine) else OFTEN)

    def _sample(self, engine: Engine) -> bool:
        """Sample everything once; say whether nothing of it is young."""
        with self._lock:
            held = list(self._held.values())
        at = clock.monotonic()
        ages = [at - self._since.setdefault(each.task, at) for each in held]
        old = all(age > YOUNG_FOR for age in ages)
        read = {each.task: found for each in held if (found := self._read(each)) is not None}
        read |= self._ask(engine, [each for each in held if each.task not in read], at, old=old)
        wall = clock.now()
        with self._lock:
            kept = {task: size for task, size in read.items() if self._keep(task, at, wall, size)}
        if kept:
            self._report(at, wall, kept)
        return old

    def _keep(self, task: str, at: float, wall: str, size: int) -> bool:
        if task not in self._series and len(self._series) >= MOST_TASKS:
            return False
        return self._series.setdefault(task, Series()).offer(at, Sample(wall, size))

    def _read(self, held: Held) -> int | None:
        """Return what the kernel's files say of a container, None where they say nothing."""
        folder, newer = self._files.get(held.container) or self._find(held) or (None, False)
        if folder is None:
            return None
        try:
            usage = (folder / _USAGE[newer]).read_text()
            stat = (folder / _STAT).read_text()
        except OSError:
            return None
        self._files[held.container] = folder, newer
        return memory.working_set(usage, stat)

    def _find(self, held: Held) -> tuple[Path, bool] | None:
        """Return the folder of a container's cgroup, and whether it is of version 2.

        An Engine gives all of its containers one parent and one form of name, so that one which
        is found tells where the next one is.
        """
        if self._parent is not None:
            parent, name, newer = self._parent
            return parent / name.format(held.container), newer
        try:
            said = (self._processes / str(held.process) / "cgroup").read_text()
        except OSError:
            return None
        found = memory.cgroup_of(said, held.container) if held.process else None
        if found is None:
            return None
        path, newer = found
        for mount in _MOUNTS[newer]:
            folder = self._cgroups / mount / path.lstrip("/")
            if (folder / _USAGE[newer]).exists():
                name = folder.name.replace(held.container, "{}")
                self._parent = (folder.parent, name, newer) if "{}" in name else None
                return folder, newer
        return None

    def _ask(self, engine: Engine, held: list[Held], at: float, *, old: bool) -> dict[str, int]:
        """Return what the Engine says of one container, the one that was not asked for longest."""
        here = [each for each in held if each.container not in self._files]
        if not here or at < self._next_request:
            return {}
        self._next_request = at + (ASKED_SELDOM if old else ASKED_EVERY)
        each = min(here, key=lambda each: self._asked.get(each.container, 0.0))
        self._asked[each.container] = at
        with suppress(CcciError):
            size = memory.of_stats(engine.memory_of(each.container))
            return {each.task: size} if size is not None else {}
        return {}
