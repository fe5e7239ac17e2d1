"""`ccci runs`: what was run, newest first."""

from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from ccci import config

if TYPE_CHECKING:
    from ccci.runs import Record

SCHEMA = "ccci.runs/1"


def document(folder: Path, found: "list[Record]") -> dict[str, Any]:
    """Return the runs as the one JSON document that `--json` prints."""
    rows = [{**asdict(each), "folder": str(folder / each.id)} for each in found]
    return {"schema": SCHEMA, "folder": str(folder), "runs": rows}


def table(folder: Path, found: "list[Record]") -> str:
    """Return the runs as people read them, one a line."""
    if not found:
        return f"no run is recorded in {folder}"
    rows = [("RUN", "COMMAND", "APP", "VERDICT", "LEFT", "STARTED")]
    rows += [
        (
            each.id,
            each.command,
            each.domain or each.stack or each.target,
            each.verdict or "unfinished",
            _left(each),
            each.started_at[:19].replace("T", " "),
        )
        for each in found
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    lines = (
        "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip()
        for row in rows
    )
    return "\n".join([*lines, f"in {folder}"])


def _left(record: "Record") -> str:
    if record.gone:
        return "nothing"
    if record.stack is None or record.keep is None:
        return "-"
    return "the app, kept" if record.keep else "unverified"


def command(
    ctx: typer.Context,
    target: Annotated[
        str | None, typer.Argument(help="Only runs of this recipe, domain or stack.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, envvar=config.variables("LIMIT"), help="How many at most.")
    ] = 20,
) -> int:
    """List what was run, newest first, and what each run left behind."""
    from ccci import runs

    folder = config.runs_folder()
    found = runs.recent(folder, target=target, limit=limit)
    ctx.obj.document(document(folder, found))
    ctx.obj.text(table(folder, found))
    return 0
