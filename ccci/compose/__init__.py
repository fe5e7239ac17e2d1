"""Compose files as the docker CLI reads them, with the line of everything.

Not the newer compose specification: `docker stack deploy` has a reader of its own (docker/cli
cli/compose), with its own schemas, merging and corners, and this package follows that one.
"""

from ccci.compose.loading import Loaded, Loader
from ccci.compose.sections import Named, Sections
from ccci.compose.service import Place, Service
from ccci.compose.source import Fault, Ignore, Source, answered_by, open_source
from ccci.compose.values import Mount, Port

__all__ = [
    "Fault",
    "Ignore",
    "Loaded",
    "Loader",
    "Mount",
    "Named",
    "Place",
    "Port",
    "Sections",
    "Service",
    "Source",
    "answered_by",
    "open_source",
]
