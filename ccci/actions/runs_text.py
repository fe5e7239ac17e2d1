"""The recorded runs as people read them: a table, rates, and the report of a week in Markdown."""

from collections.abc import Sequence

from ccci.actions.runs import RunEntry, Runs
from ccci.host import clock
from ccci.host.sanitizer import line as one_line
from ccci.host.sanitizer import markdown as prose
from ccci.host.sanitizer import markdown_code as code
from ccci.records.rates import Rate, failed, is_run, says_something
from ccci.records.record import Record
from ccci.report.columns import columns, shortened
from ccci.report.layout import that_fit
from ccci.report.parts import short_id

SHORT = 8
_LONGEST = 32
_MOST = 50
_GAP = 2
_HEADS = ("RUN", "WHEN (UTC)", "VERB", "WHAT", "BASE → HEAD", "VERDICT", "CAUSE", "TIME", "LEFT")
_GIVEN_UP = ("LEFT", "TIME", "BASE → HEAD", "VERB", "WHEN (UTC)")
"""What a narrow terminal does without, the first first."""
_ICONS = {True: "🔴", False: "🟢"}


def key(record: Record) -> str:
    """Return the short word by which `ccci explain` finds a run."""
    return short_id(record.id)


def table(found: Runs, width: int | None = None) -> list[str]:
    """Return the runs one a line, in at most `width` columns where that is possible."""
    if not found.runs:
        return [_nothing(found)]
    rows = [dict(zip(_HEADS, _cells(each), strict=True)) for each in found.runs]
    heads = [each for each in _HEADS if any(row[each] != "-" for row in rows)]
    heads = that_fit(rows, heads, _GIVEN_UP, width, _GAP)
    shown = [{each: each for each in heads}, *rows]
    return [*_lines([[row[head] for head in heads] for row in shown]), f"in {found.folder}"]


def rate_table(found: Runs) -> list[str]:
    """Return how often each recipe or stack failed, the worst first."""
    if not found.rates:
        return [_nothing(found)]
    heads = ["WHAT", "RUNS", "FAILED (95 %)", "ROLLED BACK (95 %)", "OF WHAT", "LAST"]
    rows = [heads] + [
        [
            shortened(one_line(each.subject), _LONGEST),
            str(each.runs),
            str(each.failed or "-"),
            str(each.rolled_back or "-"),
            ", ".join(f"{count} x {word}" for word, count in each.causes.items()) or "-",
            f"{each.last_verdict or 'unfinished'} {each.last_at[:10]}",
        ]
        for each in found.rates
    ]
    return [*_lines(rows), f"{_period(found)}, in {found.folder}"]


def markdown(found: Runs) -> str:
    """Return a report of the runs: how often what failed, of what, what is flaky, what to do."""
    bad = sum(each.failed.count for each in found.rates if each.failed)
    judged = sum(each.runs for each in found.rates)
    lines = [f"### {bad} of {judged} runs failed, {_period(found)}", ""]
    if not found.rates:
        return "\n".join([*lines, "Nothing was run."])
    lines += ["| | what | runs | failed | rolled back | before | last |"]
    lines += ["| --- | --- | --- | --- | --- | --- | --- |"]
    lines += [_rate_row(each) for each in found.rates[:_MOST]]
    lines += _more(len(found.rates))
    return "\n".join([*lines, *_failures(found), *_flaky(found), *_unjudged(found)])


def _rate_row(rate: Rate) -> str:
    cells = [
        _ICONS[bool(rate.failed.count)] if rate.failed else "⚪",
        code(rate.subject),
        str(rate.runs),
        prose(str(rate.failed or "-")),
        prose(str(rate.rolled_back or "-")),
        f"{rate.before.failed} of {rate.before.runs}" if rate.before and rate.before.runs else "-",
        prose(f"{rate.last_verdict or 'unfinished'}, {rate.last_at[:10]}"),
    ]
    return f"| {' | '.join(cells)} |"


def _failures(found: Runs) -> list[str]:
    """Return each way in which something failed, once, with its newest run and next step."""
    ways: dict[tuple[str, str], list[Record]] = {}
    for record in found.counted:
        if is_run(record) and failed(record):
            what = f"{record.verdict}{f': {record.cause}' if record.cause else ''}"
            ways.setdefault((record.subject, what), []).append(record)
    lines = ["", "#### What failed, and what to do", ""] if ways else []
    for (subject, what), records in list(ways.items())[:_MOST]:
        newest = records[0]
        where = f", service {code(newest.service)}" if newest.service else ""
        times = f", {len(records)} times" if len(records) > 1 else ""
        told = [f"- {code(subject)}{where}: {prose(what)}{times}.", f"{prose(newest.summary)}."]
        told += [f"**Next:** {prose(newest.hint)}."] if newest.hint else []
        lines.append(" ".join([*told, code(f"ccci explain {key(newest)}")]))
    return [*lines, *_more(len(ways))]


def _flaky(found: Runs) -> list[str]:
    flaky = [(each, head) for each in found.rates for head in each.flaky]
    if not flaky:
        return []
    lines = ["", "#### Flaky: the same commit passed and failed", ""]
    for rate, head in flaky[:_MOST]:
        of_it = [
            each
            for each in found.counted
            if each.subject == rate.subject and each.head == head and says_something(each)
        ]
        lines.append(
            f"- {code(rate.subject)} {code(head[:SHORT])}: failed {sum(map(failed, of_it))} of "
            f"{len(of_it)} times"
        )
    return [*lines, *_more(len(flaky))]


def _unjudged(found: Runs) -> list[str]:
    lines = [
        f"- {code(rate.subject)}: "
        + ", ".join(f"{count} x {prose(word)}" for word, count in rate.not_judged.items())
        for rate in found.rates
        if rate.not_judged
    ]
    head = ["", "#### Runs that say nothing of what was run", ""]
    return [*head, *lines[:_MOST], *_more(len(lines))] if lines else []


def _more(count: int) -> list[str]:
    return ["", f"… and {count - _MOST} more."] if count > _MOST else []


def _period(found: Runs) -> str:
    return f"{found.since[:10]} to {clock.now()[:10]}" if found.since else "of all that is recorded"


def _nothing(found: Runs) -> str:
    since = f" since {found.since}" if found.since else ""
    return f"no such run is recorded{since} in {found.folder}"


def _cells(entry: RunEntry) -> tuple[str, ...]:
    record = entry.record
    return (
        key(record),
        record.started_at[:16].replace("T", " "),
        record.command,
        shortened(one_line(entry.subject), _LONGEST),
        _from_to(record),
        record.verdict or entry.state,
        record.cause or "-",
        f"{record.seconds:.0f} s" if record.seconds is not None else "-",
        entry.left or "-",
    )


def _from_to(record: Record) -> str:
    head = record.version or (record.head or "")[:SHORT]
    return " → ".join(each for each in (record.base, head) if each) or "-"


def _lines(rows: Sequence[Sequence[str]]) -> list[str]:
    widths = [max(columns(row[at]) for row in rows) for at in range(len(rows[0]))]
    return [
        "".join(
            cell + " " * (width - columns(cell) + _GAP)
            for cell, width in zip(row, widths, strict=True)
        ).rstrip()
        for row in rows
    ]
