"""The report as one HTML page: `whole.page` takes a report and its time line. Pure."""
