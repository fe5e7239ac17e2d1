"""The remedy that can be written: `order: stop-first`, as an overlay or in the recipe itself."""

import difflib
import stat
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from ccci.compose import Loader, Place, Service, open_source
from ccci.compose.events import value_at
from ccci.errors import CcciError
from ccci.host import files
from ccci.names import OVERLAY
from ccci.plain_file import read_plain
from ccci.sweep.inventory import ComposeSet
from ccci.sweep.model import FileStatus, Sweep, fix_of
from ccci.sweep.rules import BY_ID

_MARK = "# Written by `ccci sweep rollback-policy --fix`"
_ORDER = "deploy.update_config.order"
_STOP_FIRST = "stop-first"
_NEW = 0o644


@dataclass(frozen=True, slots=True)
class Change:
    """One file as it is and as it should be; `before` is None for a new file.

    `lost` says, a sentence each, what is no longer as free as it was. `safe` says that the service
    loses nothing: elsewhere each update has a moment in which nothing serves.
    """

    name: str
    path: Path
    before: str | None
    after: str
    lost: tuple[str, ...] = ()
    safe: bool = False

    @property
    def diff(self) -> str:
        """Return the change as a unified diff, empty where nothing changes."""
        return "".join(
            line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n"
            for line in difflib.unified_diff(
                (self.before or "").splitlines(keepends=True),
                self.after.splitlines(keepends=True),
                self.name if self.before is not None else "/dev/null",
                self.name,
            )
        )


class NotFixable(CcciError):  # noqa: N818 -- reads as what happened
    """The file is such that writing the remedy is left to a person."""


def concerned(sweep: Sweep, files: ComposeSet) -> dict[str, list[str]]:
    """Return the services of a set that the remedy helps, each with the rules it answers."""
    found: dict[str, list[str]] = {}
    for finding in sweep.findings:
        if finding.file == files.label and finding.service and fix_of(finding):
            found.setdefault(finding.service, []).append(finding.rule)
    return found


def overlay(files: ComposeSet, services: dict[str, list[str]], version: str | None) -> Change:
    """Return the smallest overlay for these services of a set.

    `version` is the set's own as written: docker refuses files of different versions. Raise
    NotFixable where there is an overlay of that name that ccci did not write.
    """
    first = files.members[0]
    path = first.path.parent / OVERLAY
    folder, separator, _ = first.name.rpartition("/")
    name = f"{folder}{separator}{OVERLAY}"
    _refuse_link(name, path)
    before = _text(path) if path.exists() else None
    if before is not None and not before.startswith(_MARK):
        raise NotFixable(
            f"{name} is there already, and ccci did not write it",
            "write `order: stop-first` into it, or use --in-place",
        )
    lines = [f"{_MARK}: name it last in COMPOSE_FILE."]
    lines += [f'version: "{version}"'] if version is not None else []
    lines += ["services:"]
    for service, rules in sorted(services.items()):
        lines += [f"  {_key(service)}:", "    deploy:", "      update_config:"]
        lines += [f"        # {rule}: {BY_ID[rule].title}" for rule in rules]
        lines += [f"        order: {_STOP_FIRST}"]
    return Change(name, path, before, "\n".join(lines) + "\n")


def _refuse_link(name: str, path: Path) -> None:
    """Raise NotFixable for a link: what it points to may be anybody's, or be there for others."""
    if path.is_symlink():
        raise NotFixable(f"{name} is a link to {path.readlink()}", "change what it points to")


def _key(service: str) -> str:
    return service if service.isidentifier() else f'"{service}"'


def in_place(
    files: ComposeSet, services: dict[str, list[str]], known: dict[str, Service]
) -> list[Change]:
    """Return the recipe's own files with the order changed where it is written, and only there.

    Raise NotFixable where services that are not concerned share the line through an anchor.
    """
    places: dict[Place, set[str]] = {}
    for name in services:
        places.setdefault(known[name].place(_ORDER), set()).add(name)
    for name, service in known.items():
        place = service.places.get(_ORDER)
        if name not in services and place in places:
            others = ", ".join(sorted(places[place]))
            raise NotFixable(
                f"{place.file}:{place.line}: the order of {others} is that of {name} too",
                "use --fix without --in-place, which writes an overlay",
            )
    paths = {member.name: member.path for member in files.members}
    return [
        _edited(file, paths[file], sorted(place.line for place in places if place.file == file))
        for file in dict.fromkeys(place.file for place in places)
    ]


def _edited(name: str, path: Path, lines: Iterable[int]) -> Change:
    _refuse_link(name, path)
    before = after = _text(path)
    lost: list[str] = []
    for line in sorted(lines, reverse=True):
        span = value_at(before, line, "order")
        if span is None:
            raise NotFixable(
                f"{name}:{line}: the order is not written there in a way that can be replaced",
                "use --fix without --in-place, which writes an overlay",
            )
        word = before[span[0] : span[1]]
        quote = word[0] if word[0] in "'\"" else ""
        if "$" in word:
            lost.append(f"{name}:{line}: {word.strip(quote)} no longer decides the order")
        after = after[: span[0]] + quote + _STOP_FIRST + quote + after[span[1] :]
    return Change(name, path, before, after, tuple(lost))


def _text(path: Path) -> str:
    try:
        return read_plain(path).decode()
    except (OSError, ValueError) as error:
        raise NotFixable(f"{path} cannot be changed: {error}", "change it by hand") from None


def plan(files: ComposeSet, sweep: Sweep, values: dict[str, str], *, inside: bool) -> list[Change]:
    """Return what to change so that no service of a set starts first; nothing where none does.

    With `inside` the recipe's own files are changed, else an overlay is written. Raise NotFixable
    where that is left to a person, also when the result would not be what was meant.
    """
    services = concerned(sweep, files)
    if not services:
        return []
    status = next((row.status for row in sweep.files if row.file == files.label), FileStatus.OK)
    if status not in {FileStatus.OK, FileStatus.NEEDS_INPUT}:
        raise NotFixable(f"{files.label} is {status.value}", "make docker take it first")
    sources = [open_source(each.name, each.path, inside=files.folder) for each in files.members]
    if inside:
        changes = in_place(files, services, Loader(values).load(sources).services)
    else:
        version = sources[0].tree.get("version")
        changes = [overlay(files, services, version if isinstance(version, str) else None)]
    _verify(changes, files, services, values)
    safe = all(BY_ID[rule].safe for rules in services.values() for rule in rules)
    return [replace(change, safe=safe) for change in changes if change.before != change.after]


def plan_variant(
    files: ComposeSet, sweep: Sweep, values: dict[str, str], *, inside: bool
) -> list[Change]:
    """Return what to change in an optional overlay that makes services start first by itself.

    Raise NotFixable where the recipe's own files are not to be changed: an overlay of ours stands
    below this one or above it, as COMPOSE_FILE has them.
    """
    overlay_name = files.members[-1].name
    sources = [open_source(each.name, each.path, inside=files.folder) for each in files.members]
    known = Loader(values).load(sources).services
    services = {
        name: rules
        for name, rules in concerned(sweep, files).items()
        if known[name].place(_ORDER).file == overlay_name
    }
    if services and not inside:
        raise NotFixable(
            f"with {overlay_name}, {', '.join(sorted(services))} still starts first",
            f"name {OVERLAY} behind it in COMPOSE_FILE, or change it with --in-place",
        )
    if not services:
        return []
    changes = in_place(files, services, known)
    _verify(changes, files, services, values)
    return changes


def _verify(
    changes: Sequence[Change], files: ComposeSet, services: Iterable[str], values: dict[str, str]
) -> None:
    """Read the set as it will be. Raise NotFixable unless every service then stops first."""
    after = {change.path: change for change in changes}
    sources = []
    for member in files.members:
        change = after.pop(member.path, None)
        given = change.after.encode() if change else None
        sources.append(open_source(member.name, member.path, inside=files.folder, content=given))
    for path, change in after.items():
        sources.append(open_source(change.name, path, content=change.after.encode()))
    known = Loader(values).load(sources).services
    for name in services:
        update = known[name].update if name in known else None
        if update is None or update.order != _STOP_FIRST:
            raise NotFixable(
                f"{files.label}: the change would not make {name} stop first",
                "write `order: stop-first` by hand",
            )


def write(changes: Sequence[Change]) -> None:
    """Write the changed files, each whole or not at all. Raise NotFixable for what must not be."""
    for change in changes:
        try:
            there = change.path.exists()
            mode = stat.S_IMODE(change.path.stat().st_mode) if there else _NEW
            files.write(change.path, change.after, mode=mode, umask=not there)
        except OSError as error:
            raise NotFixable(
                f"{change.name} cannot be written: {error.strerror}", "check its mode and owner"
            ) from None
