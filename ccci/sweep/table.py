"""A sweep as a table for people: who can be rolled back first, then counts, then details. Pure."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import TypeVar

from ccci.host import sanitizer
from ccci.host.counting import counted
from ccci.sweep.model import FileRow, FileStatus, Finding, Observed, ServiceRow, Sweep, counts
from ccci.sweep.rules import BY_ID, PAUSED, REFUSED, Severity
from ccci.sweep.rules.model import seconds

ROLLED_BACK_UNSEEN = "CCCI001"
_SEEN = {None: "", True: " (seen in a recorded run)", False: " (theory)"}
_NOT_JUDGED = {FileStatus.REFUSED, FileStatus.UNREADABLE}


def table(sweep: Sweep) -> str:
    """Return the sweep as text."""
    groups = _groups(sweep)
    paused = [name for name, group in groups.items() if group.pauses]
    lines = [*_at_a_glance(groups, sweep), ""]
    hints: set[str] = set()
    for name in sorted(groups, key=lambda each: _risk(groups[each].findings, each)):
        lines += groups[name].lines(hints)
    quiet = [name for name, group in groups.items() if not group.said and not group.pauses]
    if quiet:
        lines.append(f"nothing found: {', '.join(sorted(quiet))}")
    if paused:
        lines.append(
            f"paused until somebody deploys, where an update fails ({PAUSED}; `ccci converge` says "
            f"so): {', '.join(sorted(paused))}"
        )
    lines += [
        f"needs input: {name}: {', '.join(dict.fromkeys(needs))} (--env or --env-file)"
        for name, group in sorted(groups.items())
        if (needs := [need for row in group.files for need in row.needs])
        and not any(row.status in _NOT_JUDGED for row in group.files)
    ]
    lines += [_observed_line(sweep)] if sweep.observed is not None else []
    lines += [f"note: {note}" for note in sweep.notes]
    lines.append(counts(sweep))
    return "\n".join(sanitizer.line(line) for line in lines)


def slips(sweep: Sweep, title: str) -> list[str]:
    """Return what was found between two commits, the worst first, line by line."""
    lines = [title]
    for each in sweep.findings:
        where = f"{each.source}{f':{each.line}' if each.line else ''}"
        who = f"{each.service}: " if each.service else ""
        lines.append(f"  {each.severity.value:<8}{each.rule}  {who}{each.message}")
        lines.append(f"          {where}  Next: {each.hint}")
    lines += [] if sweep.findings else ["  nothing that an existing app would stumble over"]
    lines += [f"note: {note}" for note in sweep.notes]
    return [sanitizer.line(line) for line in (*lines, counts(sweep))]


def statistics(sweep: Sweep) -> str:
    """Return how often each rule found something, the most frequent first."""
    found = Counter(finding.rule for finding in sweep.unique())
    lines = [
        f"{number:>6}  {rule}  {BY_ID[rule].title}"
        for rule, number in sorted(found.items(), key=lambda each: (-each[1], each[0]))
    ]
    return "\n".join([*lines, counts(sweep)])


def _at_a_glance(groups: dict[str, "_Group"], sweep: Sweep) -> Iterator[str]:
    """Yield who can be rolled back unseen, a line each, and how much else there is."""
    rows = []
    for name, group in sorted(groups.items()):
        found = [each for each in group.findings if each.rule == ROLLED_BACK_UNSEEN]
        services = ", ".join(dict.fromkeys(each.service or "" for each in found))
        if found:
            where = f"{group.short(found[0].source)}{f':{found[0].line}' if found[0].line else ''}"
            rows.append((name, services, where))
    if rows:
        yield "can be rolled back behind your back:"
        wide = max(len(name) for name, _, _ in rows)
        longest = max(len(services) for _, services, _ in rows)
        for name, services, where in rows:
            yield f"  {name:<{wide}}  {services:<{longest}}  {where}"
    else:
        yield "no recipe can be rolled back behind your back"
    others = [
        each
        for each in sweep.unique()
        if each.rule != ROLLED_BACK_UNSEEN and not _only_pauses(each)
    ]
    parts = [
        counted(number, severity.value)
        for severity in Severity
        if (number := sum(each.severity is severity for each in others))
    ]
    if parts:
        yield f"also: {', '.join(parts)}, below"


def _risk(findings: Sequence[Finding], name: str) -> tuple[int | str, ...]:
    """Return what sorts the risky first: rolled back unseen, errors, warnings, then the name."""
    return (
        -sum(each.rule == ROLLED_BACK_UNSEEN for each in findings),
        *(-sum(each.severity is severity for each in findings) for severity in Severity),
        name,
    )


_Filed = TypeVar("_Filed", Finding, ServiceRow)


def _by_file(rows: Iterable[_Filed]) -> dict[str, list[_Filed]]:
    found: dict[str, list[_Filed]] = {}
    for each in rows:
        found.setdefault(each.file, []).append(each)
    return found


class _Group:
    """A recipe, or a file of none."""

    def __init__(
        self,
        name: str,
        files: list[FileRow],
        findings: Sequence[Finding],
        services: Sequence[ServiceRow],
        seen: Observed | None,
    ) -> None:
        self.name = name
        self.files = files
        first = files[0].file.partition("+")[0]
        self.folder = first.rpartition("/")[0] if files[0].recipe else ""
        self.services_of = _by_file(services)
        self.pauses = any(map(_only_pauses, findings))
        self.findings = [each for each in findings if not _only_pauses(each)]
        self.by_file = _by_file(self.findings)
        self.observed = seen

    @property
    def said(self) -> bool:
        """Say whether there is anything to show of it."""
        return bool(self.findings) or any(row.status in _NOT_JUDGED for row in self.files)

    def lines(self, hints: set[str]) -> list[str]:
        """Return its block, or nothing; `hints` are those that were given already."""
        if not self.said:
            return []
        shown = ", ".join(
            counted(number, severity.value)
            for severity in Severity
            if (number := sum(each.severity is severity for each in self.findings))
        )
        where = f" ({self.folder})" if self.folder else ""
        lines = [f"{self.name}{where}: {shown}" if shown else f"{self.name}{where}"]
        if self.observed is not None:
            seen = observed(self.observed.upgrades, self.observed.rolled_back)
            last = f", last {self.observed.last}" if self.observed.last else ""
            lines.append(f"  recorded: {seen}{last}")
        said = ""
        for row in self.files:
            # What every variant inherits from the base is said once.
            if row.message and (row.message != said or not row.variant):
                at = f":{row.line}" if row.line else ""
                lines.append(f"  {self.short(row.file)}{at} {row.status.value}: {row.message}")
                said = row.message
            lines += self._of_file(row, hints)
        return [*lines, ""]

    def short(self, name: str) -> str:
        """Return a file or set as it is called inside the recipe's folder."""
        if not self.folder:
            return name
        return "+".join(each.removeprefix(f"{self.folder}/") for each in name.split("+"))

    def _of_file(self, row: FileRow, hints: set[str]) -> list[str]:
        by_service: dict[str | None, list[Finding]] = {}
        for each in self.by_file.get(row.file, ()):
            if each.rule != REFUSED:
                by_service.setdefault(each.service, []).append(each)
        services = {each.policy.name: each for each in self.services_of.get(row.file, ())}
        lines: list[str] = []
        for name, mine in by_service.items():
            title = name or "the whole set"
            if row.variant:
                title += f", with {self.short(row.file).rpartition('+')[2]}"
            lines.append(f"  {title}{_policy(services[name]) if name in services else ''}")
            for each in sorted(mine, key=lambda one: (one.severity.rank, one.rule)):
                where = f"{self.short(each.source)}{f':{each.line}' if each.line else ''}"
                seen = _SEEN[each.observed]
                lines.append(f"    {each.severity.value:<8}{each.rule}  {each.message}{seen}")
                # The same next step is read once.
                next_step = "" if each.hint in hints else f"  Next: {each.hint}"
                hints.add(each.hint)
                lines.append(f"            {where}{next_step}")
        return lines


def observed(upgrades: int, rolled_back: int) -> str:
    """Return what recorded runs say, in a few words."""
    if not upgrades:
        return "no recorded upgrade: the risks are theory"
    if not rolled_back:
        return f"{upgrades} recorded, none rolled back: the risks are theory so far"
    return f"{rolled_back} of {upgrades} recorded upgrades were rolled back"


def _observed_line(sweep: Sweep) -> str:
    rows = sweep.observed or ()
    return "recorded runs: " + observed(
        sum(each.upgrades for each in rows), sum(each.rolled_back for each in rows)
    )


def _only_pauses(finding: Finding) -> bool:
    """Say whether it tells of Swarm's usual way alone, which is one line for all recipes."""
    return finding.rule == PAUSED and finding.severity is Severity.NOTE


def _groups(sweep: Sweep) -> dict[str, _Group]:
    names = {row.file: row.recipe or row.file for row in sweep.files}
    files: dict[str, list[FileRow]] = {}
    findings: dict[str, list[Finding]] = {}
    services: dict[str, list[ServiceRow]] = {}
    for row in sweep.files:
        files.setdefault(names[row.file], []).append(row)
    for finding in sweep.unique():
        findings.setdefault(names[finding.file], []).append(finding)
    for service in sweep.services:
        services.setdefault(names[service.file], []).append(service)
    seen = {each.recipe: each for each in sweep.observed or ()}
    return {
        name: _Group(name, rows, findings.get(name, ()), services.get(name, ()), seen.get(name))
        for name, rows in files.items()
    }


def _policy(row: ServiceRow) -> str:
    update = row.policy.update
    status = f", update {row.update_status}" if row.update_status else ""
    return (
        f"  ({update.failure_action}, {update.order}, monitor {seconds(update.monitor)}, "
        f"health check {row.policy.health.value}{status})"
    )
