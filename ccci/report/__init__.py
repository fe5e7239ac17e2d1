"""What is said of a run: values, and pure writers of them.

It offers to other programs: `read`, a report out of its JSON, and `document`, its JSON again.
"""

from typing import TYPE_CHECKING

from ccci.lazily import offering

if TYPE_CHECKING:
    from ccci.report.model import Report, ServiceReport, document, read
else:
    __getattr__, __dir__ = offering(
        __name__, {"ccci.report.model": ("Report", "ServiceReport", "document", "read")}
    )

__all__ = ["Report", "ServiceReport", "document", "read"]
