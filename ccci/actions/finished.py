"""The one place where a report is finished: when, how long, by whom, on what machine."""

import socket
from dataclasses import dataclass, field, replace
from typing import Any

from ccci import __version__
from ccci.host import clock
from ccci.report.model import Report
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

    def finish(self, report: Report, **known: Any) -> Report:  # noqa: ANN401 -- fields of Report
        """Return the report with its times and who judged; `known` are further fields of it."""
        return replace(
            report,
            started_at=self.at,
            finished_at=clock.now(),
            duration_seconds=clock.monotonic() - self.monotonic,
            ccci=__version__,
            host=socket.gethostname(),
            **known,
        )
