"""The JSON Schema of each document that ccci writes, by the document's name."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from ccci.actions import config, runs
from ccci.actions.config import Settings
from ccci.actions.runs import Runs
from ccci.errors import UsageError
from ccci.planning import model as planning
from ccci.planning.model import Plan
from ccci.report import model
from ccci.report.model import Report
from ccci.report.schema import schema
from ccci.swarm import baseline
from ccci.swarm.baseline import Baseline
from ccci.swarm.watching import trace
from ccci.sweep import document
from ccci.sweep.document import SweepDocument


@dataclass(frozen=True, slots=True)
class TraceHeader:
    """The first line of a trace."""

    kind: str
    stack: str
    engine: str


SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "report": lambda: schema(model.SCHEMA, Report, {"exit_code": {"type": "integer"}}),
    "sweep": lambda: schema(document.SCHEMA, SweepDocument),
    "plan": lambda: schema(
        planning.SCHEMA,
        Plan,
        {"command": {"const": "plan"}, "exit_code": {"type": "integer"}},
    ),
    "runs": lambda: schema(runs.SCHEMA, Runs),
    "config": lambda: schema(config.SCHEMA, Settings),
    "baseline": lambda: schema(baseline.SCHEMA, Baseline),
    "trace": lambda: schema(trace.SCHEMA, TraceHeader),
}
"""What makes each schema. A trace is one document a line; its schema is that of the first."""


def schema_of(name: str) -> dict[str, Any]:
    """Return the JSON Schema of a document. Raise UsageError for a name that is none."""
    if name not in SCHEMAS:
        raise UsageError(f"there is no document {name}", f"known are {', '.join(SCHEMAS)}")
    return SCHEMAS[name]()
