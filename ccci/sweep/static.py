"""Sets of compose files in, services with their policies and findings out."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from traceback import extract_tb

from ccci.compose import Loaded, Loader, Place, Source, answered_by, open_source
from ccci.recipe.naming import stack_of
from ccci.sweep.inventory import ComposeSet, Member
from ccci.sweep.model import FileRow, FileStatus, Finding, ServiceRow, Sweep
from ccci.sweep.policy import Effective, effective
from ccci.sweep.rules import (
    BY_ID,
    LONG_NAME,
    NOT_DEPLOYED,
    PAUSED,
    REFUSED,
    RULES,
    Choice,
    Confidence,
    Hit,
    Rule,
    Severity,
    Subject,
    of_service,
)
from ccci.sweep.rules.deploying import is_fragment, refusals
from ccci.sweep.rules.failing import pauses
from ccci.sweep.rules.writing import long_name

_MOST_TOLD = 5


@dataclass(frozen=True, slots=True)
class Settings:
    """What the command line says: variables above and below a recipe's own, the node's memory.

    `rules` are those that are applied, among them one's own; that a file is refused is told always.
    """

    above: Mapping[str, str]
    below: Mapping[str, str]
    node_memory: int = 0
    choice: Choice = field(default_factory=Choice)
    rules: tuple[Rule, ...] = RULES


def sweep(
    sets: Sequence[ComposeSet], settings: Settings, seen: Callable[[], None] = lambda: None
) -> Sweep:
    """Return the sweep of these sets; `seen` is called after each."""
    rooms: dict[Path | None, _Room] = {}
    files: list[FileRow] = []
    services: list[ServiceRow] = []
    findings: list[Finding] = []
    ignored: list[Finding] = []
    for each in sets:
        if each.folder not in rooms:
            rooms[each.folder] = _Room(each, settings)
        row, rows, hits = _netted(each, rooms[each.folder], settings)
        files.append(row)
        services += rows
        for finding, answered in hits:
            (ignored if answered else findings).append(finding)
        seen()
    notes = [note for room in rooms.values() for note in room.odd_comments()]
    return Sweep(tuple(files), tuple(services), tuple(findings), tuple(ignored), notes=tuple(notes))


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
        given = {**settings.below, **(files.own.values if files.own else {}), **settings.above}
        self.guessed = "STACK_NAME" not in given and not given.get("DOMAIN")
        self.known = {*BY_ID, *(rule.id for rule in settings.rules)}
        self.loader = Loader(self.values)
        self.paused: frozenset[str] = frozenset()
        self._sources: dict[tuple[str, Path], Source] = {}

    def source(self, member: Member) -> Source:
        """Return a file of this folder."""
        key = (member.name, member.path)
        if key not in self._sources:
            self._sources[key] = open_source(
                member.name, member.path, inside=self.folder, content=member.content
            )
        return self._sources[key]

    def odd_comments(self) -> Iterator[str]:
        """Yield a sentence for each comment that is to silence what there is not."""
        for source in self._sources.values():
            for each in source.ignores:
                unknown = [name for name in each.rules if name not in self.known]
                if unknown or not each.rules:
                    what = f"{', '.join(unknown)}, which is no rule" if unknown else "no rule"
                    where = f"{each.place.file}:{each.place.line}"
                    yield f"{where}: the comment `ccci: ignore` names {what}"


def _netted(
    files: ComposeSet, room: _Room, settings: Settings
) -> tuple[FileRow, list[ServiceRow], list[tuple[Finding, bool]]]:
    """Return what `_one` does; what it did not foresee becomes this set's row, and the rest is."""
    try:
        return _one(files, room, settings)
    except Exception as error:  # noqa: BLE001 -- one file must never lose the others
        frame = extract_tb(error.__traceback__)[-1]
        where = f"{Path(frame.filename).name}:{frame.lineno}"
        message = f"ccci met a bug in this file: {type(error).__name__} at {where}"
        row = FileRow(
            files.label, files.recipe, FileStatus.UNREADABLE, None, message, files.variant, True
        )
        finding = Finding(
            REFUSED,
            BY_ID[REFUSED].severity,
            files.recipe,
            None,
            files.label,
            files.members[0].name,
            None,
            message,
            "report it with the file, and sweep the others",
            files.variant,
        )
        return row, [], [(finding, False)]


def _one(
    files: ComposeSet, room: _Room, settings: Settings
) -> tuple[FileRow, list[ServiceRow], list[tuple[Finding, bool]]]:
    sources = [room.source(member) for member in files.members]
    loaded = room.loader.load(sources)
    row = _row(files, loaded, room.notes)
    policies = {name: effective(service) for name, service in loaded.services.items()}
    services = [
        ServiceRow(files.recipe, files.label, policy, variant=files.variant)
        for policy in policies.values()
    ]
    answered = answered_by(loaded.ignores)
    applied = {REFUSED, *(rule.id for rule in settings.rules)}
    findings = []
    for rule, service, place, hit in _hits(files, loaded, policies, room, settings):
        if rule.id in applied and settings.choice.wants(rule):
            finding = _finding(files, rule, service, place, hit)
            meant = {(rule.id, None), (rule.id, service)} if rule.id != REFUSED else set()
            findings.append((finding, not answered.isdisjoint(meant)))
    return row, services, findings


def _finding(files: ComposeSet, rule: Rule, service: str | None, place: Place, hit: Hit) -> Finding:
    return Finding(
        rule.id,
        hit.severity or rule.severity,
        files.recipe,
        service,
        files.label,
        place.file,
        place.line or None,
        hit.message,
        hit.hint,
        files.variant,
        confidence=hit.confidence or rule.confidence,
    )


def _row(files: ComposeSet, loaded: Loaded, notes: Sequence[str]) -> FileRow:
    fault = loaded.fault
    if fault is None:
        status = FileStatus.OK if loaded.services else FileStatus.NO_SERVICES
        said = list(notes)
        if loaded.unset:
            said.append(f"not set, taken as empty: {', '.join(loaded.unset)}")
        said += _older(loaded)
    else:
        where = f"{fault.place.file}: " if len(files.members) > 1 else ""
        said = [f"{where}{fault.message}", *notes, *_older(loaded)]
        status = FileStatus.UNREADABLE if fault.unreadable else FileStatus.REFUSED
        if fault.needs:
            status = FileStatus.NEEDS_INPUT
            said[0] = f"needs {', '.join(loaded.needs)} (--env or --env-file): {said[0]}"
    return FileRow(
        files.label,
        files.recipe,
        status,
        (fault.place.line or None) if fault else None,
        "; ".join(said),
        files.variant,
        unset=loaded.unset,
        needs=loaded.needs,
    )


def _older(loaded: Loaded) -> list[str]:
    """Return what the docker CLI of Debian 12 and 13, for one, makes of it in another way."""
    if not loaded.older:
        return []
    told = [f"{place.file}:{place.line} {what}" for place, what in loaded.older[:_MOST_TOLD]]
    more = len(loaded.older) - len(told)
    rest = f" and {more} more" if more else ""
    way_out = "quote such words, begin mappings with `<<`"
    return [
        f"a docker CLI before 28.0 reads this in another way: {', '.join(told)}{rest} ({way_out})"
    ]


def _hits(
    files: ComposeSet,
    loaded: Loaded,
    policies: Mapping[str, Effective],
    room: _Room,
    settings: Settings,
) -> Iterator[tuple[Rule, str | None, Place, Hit]]:
    fault = loaded.fault
    if fault is not None and not fault.needs:
        verb = "cannot be read" if fault.unreadable else "docker refuses it"
        hint = "make it readable" if fault.unreadable else "correct the file"
        yield BY_ID[REFUSED], None, fault.place, Hit(f"{verb}: {fault.message}", hint)
    # A set that misses a member says nothing about the policies of the rest.
    if all(room.source(member).tree for member in files.members):
        yield from _of_services(files, loaded, policies, settings)
        yield from _paused(files, loaded, policies, room)
        if fault is None or fault.needs:
            stack = "" if room.guessed else room.values.get("STACK_NAME", "")
            yield from _not_deployed(files, loaded, stack)
    yield from _long_names(loaded, room)


def _of_services(
    files: ComposeSet, loaded: Loaded, policies: Mapping[str, Effective], settings: Settings
) -> Iterator[tuple[Rule, str, Place, Hit]]:
    networks = loaded.sections.networks
    external = {name for name, network in networks.items() if network.external}
    host = {name for name in external if networks[name].name == "host"}
    for name, service in loaded.services.items():
        subject = Subject(
            policies[name],
            tuple(each for each in service.networks if each in external),
            tuple(each for each in service.depends_on if each not in loaded.services),
            service.interpolated,
            settings.node_memory,
            host_network=not host.isdisjoint(service.networks),
            of_recipe=files.recipe is not None,
        )
        for rule, hit in of_service(subject, settings.choice, settings.rules):
            yield rule, name, service.place(*hit.keys), hit


def _paused(
    files: ComposeSet, loaded: Loaded, policies: Mapping[str, Effective], room: _Room
) -> Iterator[tuple[Rule, str, Place, Hit]]:
    """Yield the one finding about paused updates; a variant's only where it pauses others."""
    answered = {each.service for each in loaded.ignores if PAUSED in each.rules}
    meant = {name: policy for name, policy in policies.items() if name not in answered}
    hit = None if None in answered else pauses(meant)
    if hit is None:
        return
    paused = {name for name in meant if meant[name].update.failure_action == "pause"}
    first = hit.service or ""
    if files.variant and paused <= room.paused:
        return
    room.paused |= paused
    keys = ("deploy.update_config.failure_action", "deploy.update_config", "deploy")
    yield BY_ID[PAUSED], first, loaded.services[first].place(*keys), hit


def _not_deployed(
    files: ComposeSet, loaded: Loaded, stack: str
) -> Iterator[tuple[Rule, str | None, Place, Hit]]:
    if files.recipe is None and len(files.members) == 1 and is_fragment(loaded.services):
        hit = Hit(
            "a service has no image: the file alone cannot be deployed, and is judged alone here",
            "name the files that it is merged with by -c",
            severity=Severity.NOTE,
            confidence=Confidence.GUESS,
        )
        yield BY_ID[NOT_DEPLOYED], None, Place(files.members[0].name, 0), hit
        return
    for name, hit in refusals(loaded.services, loaded.sections, stack):
        place = loaded.services[name].place(*hit.keys)
        if place not in loaded.unknown:
            yield BY_ID[NOT_DEPLOYED], name, place, hit


def _long_names(loaded: Loaded, room: _Room) -> Iterator[tuple[Rule, None, Place, Hit]]:
    stack = room.values.get("STACK_NAME", "")
    for kind, objects in (("config", loaded.sections.configs), ("secret", loaded.sections.secrets)):
        for key, named in objects.items():
            name = named.name or (f"{stack}_{key}" if stack else key)
            guessed = room.guessed and stack in name
            for hit in long_name(kind, key, name, guessed=guessed):
                yield BY_ID[LONG_NAME], None, named.place, hit
