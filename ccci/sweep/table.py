"""A sweep as a table for people: recipes grouped, the risky ones first, counts at the end. Pure."""

from collections.abc import Sequence

from ccci.rules import REFUSED, Severity
from ccci.rules.model import seconds
from ccci.story import plain
from ccci.sweep.model import FileRow, FileStatus, Finding, Observed, ServiceRow, Sweep, counts

_SEEN = {None: "", True: " (seen in a recorded run)", False: " (theory)"}


def table(sweep: Sweep) -> str:
    """Return the sweep as text."""
    groups = _groups(sweep)
    lines: list[str] = []
    for name in sorted(groups, key=lambda each: _risk(groups[each].findings, each)):
        lines += groups[name].lines()
    quiet = [name for name, group in groups.items() if not group.said]
    if quiet:
        lines.append(f"nothing found: {', '.join(sorted(quiet))}")
    lines += [_observed_line(sweep)] if sweep.observed is not None else []
    lines += [f"note: {note}" for note in sweep.notes]
    lines.append(counts(sweep))
    return "\n".join(plain(line) for line in lines)


def _risk(findings: Sequence[Finding], name: str) -> tuple[int, ...] | tuple[int | str, ...]:
    """Return what sorts the risky first: many errors, then many warnings, then the name."""
    return (
        *(-sum(each.severity is severity for each in findings) for severity in Severity),
        name,
    )


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
        self.services = services
        known = {_key(each) for each in findings if not each.variant}
        self.findings = [each for each in findings if not each.variant or _key(each) not in known]
        self.observed = seen

    @property
    def said(self) -> bool:
        """Say whether there is anything to show of it."""
        return bool(self.findings) or any(
            row.status in {FileStatus.REFUSED, FileStatus.UNREADABLE} for row in self.files
        )

    def lines(self) -> list[str]:
        """Return its block, or nothing where there is nothing to say."""
        if not self.said:
            return []
        shown = ", ".join(
            f"{number} {severity.value}{'' if number == 1 else 's'}"
            for severity in Severity
            if (number := sum(each.severity is severity for each in self.findings))
        )
        where = f" ({self.folder})" if self.folder else ""
        lines = [f"{self.name}{where}: {shown}"]
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
            lines += self._of_file(row)
        return [*lines, ""]

    def short(self, name: str) -> str:
        """Return a file or set as it is called inside the recipe's folder."""
        if not self.folder:
            return name
        return "+".join(each.removeprefix(f"{self.folder}/") for each in name.split("+"))

    def _of_file(self, row: FileRow) -> list[str]:
        findings = [
            each for each in self.findings if each.file == row.file and each.rule != REFUSED
        ]
        services = {each.policy.name: each for each in self.services if each.file == row.file}
        lines: list[str] = []
        for name in dict.fromkeys(each.service for each in findings):
            title = name or "the whole set"
            if row.variant:
                title += f", with {self.short(row.file).rpartition('+')[2]}"
            lines.append(f"  {title}{_policy(services[name]) if name in services else ''}")
            mine = [each for each in findings if each.service == name]
            for each in sorted(mine, key=lambda one: (one.severity.rank, one.rule)):
                where = f"{self.short(each.source)}{f':{each.line}' if each.line else ''}"
                seen = _SEEN[each.observed]
                lines.append(f"    {each.severity.value:<8}{each.rule}  {each.message}{seen}")
                lines.append(f"            {where}  Next: {each.hint}")
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


def _groups(sweep: Sweep) -> dict[str, _Group]:
    names = {row.file: row.recipe or row.file for row in sweep.files}
    files: dict[str, list[FileRow]] = {}
    findings: dict[str, list[Finding]] = {}
    services: dict[str, list[ServiceRow]] = {}
    for row in sweep.files:
        files.setdefault(names[row.file], []).append(row)
    for finding in sweep.findings:
        findings.setdefault(names[finding.file], []).append(finding)
    for service in sweep.services:
        services.setdefault(names[service.file], []).append(service)
    seen = {each.recipe: each for each in sweep.observed or ()}
    return {
        name: _Group(name, rows, findings.get(name, ()), services.get(name, ()), seen.get(name))
        for name, rows in files.items()
    }


def _key(finding: Finding) -> tuple[str, str | None, str]:
    return (finding.rule, finding.service, finding.message)


def _policy(row: ServiceRow) -> str:
    update = row.policy.update
    status = f", update {row.update_status}" if row.update_status else ""
    return (
        f"  ({update.failure_action}, {update.order}, monitor {seconds(update.monitor)}, "
        f"health check {row.policy.health.value}{status})"
    )
