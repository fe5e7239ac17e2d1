"""Sets of compose files in, services with their policies and findings out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.compose import Ignore, Loaded, Loader, Place, Service, Source, open_source
from ccci.naming import stack_of
from ccci.policy import Effective, effective
from ccci.rules import BY_ID, LONG_NAME, REFUSED, RULES, Hit, Rule, Subject
from ccci.rules.writing import long_name
from ccci.sweep.inventory import ComposeSet
from ccci.sweep.model import FileRow, FileStatus, Finding, ServiceRow, Sweep


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says: variables above and below a recipe's own, the node's memory."""

    above: Mapping[str, str]
    below: Mapping[str, str]
    node_memory: int = 0


def sweep(
    sets: Sequence[ComposeSet], settings: Settings, seen: Callable[[], None] = lambda: None
) -> Sweep:
    """Return the sweep of these sets; `seen` is called after each."""
    result = Sweep()
    rooms: dict[Path | None, _Room] = {}
    files: list[FileRow] = []
    services: list[ServiceRow] = []
    findings: list[Finding] = []
    ignored: list[Finding] = []
    for each in sets:
        if each.folder not in rooms:
            rooms[each.folder] = _Room(each, settings)
        row, rows, hits = _one(each, rooms[each.folder], settings)
        files.append(row)
        services += rows
        for finding, answered in hits:
            (ignored if answered else findings).append(finding)
        seen()
    return replace(
        result,
        files=tuple(files),
        services=tuple(services),
        findings=tuple(findings),
        ignored=tuple(ignored),
    )


def values_for(files: ComposeSet, settings: Settings) -> dict[str, str]:
    """Return the variables of a set: given ones, the recipe's own, the process's.

    A recipe has a STACK_NAME in any case, since abra makes it out of the domain.
    """
    own = files.own.values if files.own else {}
    values = {**settings.below, **own, **settings.above}
    if files.recipe is not None and "STACK_NAME" not in values:
        values["STACK_NAME"] = stack_of(values.get("DOMAIN") or files.recipe)
    return values


class _Room:
    """One recipe's folder: its variables, and its files, each read once."""

    def __init__(self, files: ComposeSet, settings: Settings) -> None:
        self.folder = files.folder
        self.notes = files.own.notes if files.own else ()
        self.values = values_for(files, settings)
        self.loader = Loader(self.values)
        self._sources: dict[Path, Source] = {}

    def source(self, name: str, path: Path) -> Source:
        """Return a file of this folder."""
        if path not in self._sources:
            self._sources[path] = open_source(name, path, inside=self.folder)
        return self._sources[path]


def _one(
    files: ComposeSet, room: _Room, settings: Settings
) -> tuple[FileRow, list[ServiceRow], list[tuple[Finding, bool]]]:
    sources = [room.source(member.name, member.path) for member in files.members]
    loaded = room.loader.load(sources)
    row = _row(files, loaded, room.notes)
    policies = {name: effective(service) for name, service in loaded.services.items()}
    services = [
        ServiceRow(files.recipe, files.label, policy, variant=files.variant)
        for policy in policies.values()
    ]
    findings = []
    for rule, service, place, hit in _hits(files, loaded, policies, room, settings):
        finding = Finding(
            rule.id,
            rule.severity,
            files.recipe,
            service,
            files.label,
            place.file,
            place.line or None,
            hit.message,
            hit.hint,
            files.variant,
        )
        findings.append((finding, _answered(rule.id, service, loaded.ignores)))
    return row, services, findings


def _row(files: ComposeSet, loaded: Loaded, notes: Sequence[str]) -> FileRow:
    fault = loaded.fault
    said = list(notes)
    if loaded.unset:
        said.append(f"not set, taken as empty: {', '.join(loaded.unset)}")
    if fault is not None:
        status = FileStatus.UNREADABLE if fault.unreadable else FileStatus.REFUSED
        where = f"{fault.place.file}: " if len(files.members) > 1 else ""
        said.insert(0, f"{where}{fault.message}")
    else:
        status = FileStatus.OK if loaded.services else FileStatus.NO_SERVICES
    return FileRow(
        files.label,
        files.recipe,
        status,
        (fault.place.line or None) if fault else None,
        "; ".join(said),
        files.variant,
    )


def _hits(
    files: ComposeSet,
    loaded: Loaded,
    policies: Mapping[str, Effective],
    room: _Room,
    settings: Settings,
) -> Iterator[tuple[Rule, str | None, Place, Hit]]:
    fault = loaded.fault
    if fault is not None:
        verb = "cannot be read" if fault.unreadable else "docker refuses it"
        hint = "make it readable" if fault.unreadable else "correct the file, or set the variable"
        yield BY_ID[REFUSED], None, fault.place, Hit(f"{verb}: {fault.message}", hint)
    external = {name for name, network in loaded.sections.networks.items() if network.external}
    # A set that misses a member says nothing about the policies of the rest.
    whole = all(room.source(each.name, each.path).tree for each in files.members)
    for name, service in loaded.services.items() if whole else ():
        subject = Subject(
            policies[name],
            tuple(each for each in service.networks if each in external),
            tuple(each for each in service.depends_on if each not in loaded.services),
            service.interpolated,
            settings.node_memory,
        )
        for rule in RULES:
            for hit in rule.check(subject) if rule.check else ():
                yield rule, name, _place(service, hit), hit
    stack = room.values.get("STACK_NAME", "")
    for kind, objects in (("config", loaded.sections.configs), ("secret", loaded.sections.secrets)):
        for key, named in objects.items():
            for hit in long_name(kind, key, named.name or (f"{stack}_{key}" if stack else key)):
                yield BY_ID[LONG_NAME], None, named.place, hit


def _place(service: Service, hit: Hit) -> Place:
    return service.place(*hit.keys)


def _answered(rule: str, service: str | None, ignores: Sequence[Ignore]) -> bool:
    return rule != REFUSED and any(
        rule in each.rules and each.service in {None, service} for each in ignores
    )
