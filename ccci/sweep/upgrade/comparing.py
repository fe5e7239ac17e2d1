"""Two commits in, a sweep out: every rule over every set of files that an existing app may use."""

from collections.abc import Iterator
from pathlib import Path

from ccci.compose import answered_by
from ccci.sweep.model import FileRow, FileStatus, Finding, ServiceRow, Sweep
from ccci.sweep.policy import effective
from ccci.sweep.rules import BY_ID, Choice
from ccci.sweep.upgrade import configs, databases, inputs, policies, services
from ccci.sweep.upgrade.model import Look, Slip
from ccci.sweep.upgrade.revision import Pair, Revision, pairs

LOOKS: tuple[Look, ...] = (
    configs.forgotten,
    inputs.secrets,
    inputs.variables,
    services.overlays,
    services.refused,
    services.services,
    services.data,
    databases.changes,
    policies.version_label,
    policies.weaker,
    policies.timeout,
    inputs.compose_file,
    inputs.versions,
    policies.tag,
    services.ports,
    services.lost_ports,
    policies.label_keys,
    policies.nested,
    inputs.externals,
)


def compare(recipe: str, before: Revision, after: Revision, choice: Choice) -> Sweep:
    """Return what the newer of two commits of a recipe forgot."""
    files: list[FileRow] = []
    rows: list[ServiceRow] = []
    findings: list[Finding] = []
    ignored: list[Finding] = []
    said: set[tuple[object, ...]] = set()
    for pair in pairs(before, after):
        row = _row(recipe, pair)
        files.append(row)
        rows += [
            ServiceRow(recipe, row.file, effective(each), variant=row.variant)
            for each in pair.new.loaded.services.values()
        ]
        answered = answered_by(pair.new.loaded.ignores)
        for slip in _slips(pair, choice):
            # What an app without the overlay has as well is said of that one.
            key = (slip.rule, slip.service, slip.message.replace(pair.overlay or "\0", ""))
            if key in said:
                continue
            said.add(key)
            found = _finding(recipe, row, slip)
            is_answered = not answered.isdisjoint({(slip.rule, None), (slip.rule, slip.service)})
            (ignored if is_answered else findings).append(found)
    findings.sort(key=lambda each: (each.severity.rank, each.rule))
    return Sweep(tuple(files), tuple(rows), tuple(findings), tuple(ignored))


def _slips(pair: Pair, choice: Choice) -> Iterator[Slip]:
    # A file that cannot be read says nothing about what it no longer holds.
    whole = all(each.tree for view in (pair.old, pair.new) for each in view.sources)
    for look in LOOKS if whole else (services.overlays, services.refused):
        for slip in look(pair):
            if choice.wants(BY_ID[slip.rule]):
                yield slip


def _row(recipe: str, pair: Pair) -> FileRow:
    fault = pair.new.loaded.fault
    status = FileStatus.OK if pair.new.loaded.services else FileStatus.NO_SERVICES
    if fault is not None:
        status = FileStatus.NEEDS_INPUT if fault.needs else FileStatus.REFUSED
        status = FileStatus.UNREADABLE if fault.unreadable else status
    return FileRow(
        "+".join(pair.new.files) or Path(recipe).name,
        recipe,
        status,
        (fault.place.line or None) if fault else None,
        fault.message if fault else "",
        variant=pair.overlay is not None,
        unset=pair.new.loaded.unset,
        needs=pair.new.loaded.needs,
    )


def _finding(recipe: str, row: FileRow, slip: Slip) -> Finding:
    rule = BY_ID[slip.rule]
    return Finding(
        rule.id,
        slip.severity or rule.severity,
        recipe,
        slip.service,
        row.file,
        slip.place.file or row.file.partition("+")[0],
        slip.place.line or None,
        slip.message,
        slip.hint,
        row.variant,
        confidence=slip.confidence or rule.confidence,
    )
