"""One writer per form of a report: pure functions from a report to a text."""
