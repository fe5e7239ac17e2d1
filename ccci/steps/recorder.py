"""What deploys, speaking to the recording Engine until it is done; and the plan out of that."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from ccci.errors import CcciError
from ccci.host import clock, interrupts, temporary
from ccci.host.masking import Mask, mask, masked
from ccci.host.process import Running
from ccci.host.surroundings import Surroundings
from ccci.planning import build, facts
from ccci.planning.facts import Asked, There
from ccci.planning.model import Plan
from ccci.planning.nodes import expected_tasks
from ccci.planning.objects import Kind, Write
from ccci.planning.recording_engine import shape
from ccci.planning.recording_engine.session import Session, recording
from ccci.steps import plan_checks
from ccci.swarm.decode.listings import identifiers
from ccci.swarm.engine import predefined
from ccci.swarm.engine.client import Engine
from ccci.swarm.engine.masking import secrets_in
from ccci.swarm.watching.snapshot import clean_tasks

DEPLOY_PATIENCE = 300.0
"""Seconds that what deploys may take, where nobody says."""
_LOOK_EVERY = 0.05
_QUIET = 1.5
"""How many seconds what deploys has to do nothing but look before it is taken to be done."""

_OTHER_ENGINES = ("DOCKER_CONTEXT", "DOCKER_TLS", "DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH")


@dataclass(frozen=True, slots=True)
class Command:
    """What deploys: its words, its whole environment (the address apart), how long it may take."""

    argv: tuple[str, ...]
    env: Mapping[str, str]
    lines: Callable[[str], None]
    timeout: float
    cwd: Path | None = None
    terminal: bool = False


@dataclass(slots=True)
class Recorder:
    """A recording Engine, at the address `host`, over the real one.

    A plan is of what was written since the last `begin`, on top of what was there by then.
    """

    engine: Engine
    host: str
    session: Session
    there: There
    _before: There = field(init=False)
    _from: tuple[int, int, int] = (0, 0, 0)

    def __post_init__(self) -> None:
        self._before = self.there

    def begin(self) -> None:
        """Take what was recorded so far for what is there: another deploy goes on top of it."""
        recorded = self.session.recorded
        services = recorded.listing(Kind.SERVICE)
        written = recorded.new | {each.id for each in recorded.writes if not each.refusal}
        self.there = expected_tasks.after(self.there, self._before, services, written)
        session = self.session
        self._from = len(recorded.writes), len(session.refused), len(session.passed_over)
        session.forget()

    @property
    def writes(self) -> Sequence[Write]:
        """Return what was written since the last `begin`."""
        return self.session.recorded.writes[self._from[0] :]

    def run(self, command: Command) -> Asked:
        """Run what deploys until it ends, or only watches what it deployed; say what it asked.

        Raise CcciError where it takes too long.
        """
        env = {key: text for key, text in command.env.items() if key not in _OTHER_ENGINES}
        running = Running(
            command.argv,
            lines=command.lines,
            error_lines=None if command.terminal else command.lines,
            within=Surroundings(
                env={**env, "DOCKER_HOST": self.host}, cwd=command.cwd, terminal=command.terminal
            ),
        )
        try:
            ended = self._watch(running, command.timeout)
            code = running.code
        finally:
            running.end()
        return Asked(
            tuple(self.writes),
            [*self.session.recorded.listing(Kind.NETWORK), *predefined.networks(self.engine)],
            None if ended else code,
            ended,
            running.reason,
            tuple(self.session.refused[self._from[1] :]),
            tuple(self.session.passed_over[self._from[2] :]),
        )

    def _watch(self, running: Running, timeout: float) -> bool:
        """Wait for the end, and say whether it has to be made, as nothing but looks is left."""
        until = clock.monotonic() + timeout
        while running.wait(_LOOK_EVERY) is None:
            interrupts.check()
            if self.session.only_watches(_QUIET):
                return True
            if clock.monotonic() >= until:
                raise CcciError(
                    f"COMMAND did not end within {timeout:g} s",
                    "a longer --timeout, or a COMMAND that does not wait",
                )
        return False

    def plan(
        self, stack: str, asked: Asked, secrets: Iterable[Mask] = ()
    ) -> tuple[Plan, set[Mask]]:
        """Return the plan of a stack, masked, with all that may not be told of it."""
        names = {each.name for each in self.session.recorded.writes}
        moved = facts.moved(self._before, _written(self.engine), stack, names)
        hidden = {*secrets, *self._secrets()}
        asked = replace(asked, last_words=masked(asked.last_words, hidden))
        images = plan_checks.images(self.engine, asked.writes)
        there = replace(self.there, absent_images=images.absent, digests=images.digests)
        known = facts.versions(self._before.services, stack)
        found = build.build(stack, there, asked, moved, known)
        found = replace(found, findings=plan_checks.findings(stack, there, asked))
        return mask(found, hidden), hidden

    def _secrets(self) -> frozenset[str]:
        """Return what is secret among the variables of the specs that are there and were sent."""
        return secrets_in(facts.environments(self.there, self.writes))


def look(engine: Engine) -> There:
    """Return what the swarm has. Raise EngineError where an answer makes no sense."""
    there = _written(engine)
    tasks = shape.listed("tasks", engine.tasks())
    # Asked after the tasks: one that is made in between is clean, and not yet listed.
    clean = set(identifiers(shape.listed("tasks", clean_tasks(engine, {}))))
    dirty = frozenset(set(identifiers(tasks)) - clean)
    nodes = shape.listed("nodes", engine.nodes())
    return replace(there, tasks=tasks, dirty=dirty, nodes=nodes)


def _written(engine: Engine) -> There:
    """Return what of the swarm somebody writes."""
    return There(
        services=shape.listed(Kind.SERVICE, engine.services()),
        networks=shape.listed(Kind.NETWORK, engine.networks()),
        configs=shape.listed(Kind.CONFIG, engine.configs()),
        secrets=shape.listed(Kind.SECRET, engine.secrets()),
    )


@contextmanager
def over(engine: Engine) -> Iterator[Recorder]:
    """Give a recorder over an Engine, and take its socket away at the end."""
    there = look(engine)
    with (
        temporary.folder("plan") as folder,
        recording(engine, folder, clock.now()) as (host, session),
    ):
        yield Recorder(engine, host, session, there)
