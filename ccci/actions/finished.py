"""The one place where a report is finished: when, how long, by whom, on what machine."""

import socket
from dataclasses import dataclass, field, replace

from ccci import __version__
from ccci.host import clock
from ccci.report.model import Report, Step
from ccci.report.parts import EngineOf
from ccci.swarm.engine.client import Engine


def engine_of(engine: Engine) -> EngineOf:
    """Return what a report says of the Engine that was asked."""
    return EngineOf(engine.host, engine.release)


@dataclass(frozen=True, slots=True)
class Began:
    """When an action began, on both clocks."""

    at: str = field(default_factory=clock.now)
    monotonic: float = field(default_factory=clock.monotonic)

    def finish(
        self,
        report: Report,
        *,
        target: str | None = None,
        stack: str | None = None,
        deployer: str | None = None,
        engine: EngineOf | None = None,
        steps: tuple[Step, ...] = (),
    ) -> Report:
        """Return the report with its times, who judged, and what of these it does not say."""
        return replace(
            report,
            started_at=self.at,
            finished_at=clock.now(),
            duration_seconds=clock.monotonic() - self.monotonic,
            ccci=__version__,
            host=socket.gethostname(),
            target=report.target or target,
            stack=report.stack or stack,
            deployer=report.deployer or deployer,
            engine=report.engine or engine,
            steps=report.steps or steps,
        )
