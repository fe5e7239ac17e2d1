"""Databases whose files outlive the version, or the name, that they were made with."""

import re
from collections.abc import Iterator

from ccci.compose.service import Service
from ccci.sweep.rules.keeping import is_database
from ccci.sweep.rules.model import Severity
from ccci.sweep.upgrade.model import Slip
from ccci.sweep.upgrade.revision import Pair
from ccci.sweep.upgrade.services import volumes_of

DATABASE, DATABASE_NAME = "CCCI109", "CCCI118"
_NUMBERS = re.compile(r"v?([0-9]{1,9})(?![0-9])(?:\.([0-9]{1,9}))?")
_INITIAL = re.compile(
    r"(?:POSTGRES|MYSQL|MARIADB|MONGO_INITDB)_(?:DB|DATABASE|USER|ROOT_USERNAME|INITDB_ARGS)"
)
_IN_PLACE = {"mysql", "mariadb", "percona"}


def changes(pair: Pair) -> Iterator[Slip]:
    """Yield each database whose major version changes under its files, or whose name does."""
    for name, service in pair.new.loaded.services.items():
        before = pair.old.loaded.services.get(name)
        if before is None or not (volumes_of(before) & volumes_of(service)):
            continue
        if is_database(before.image) or is_database(service.image):
            yield from _major(name, before, service)
        yield from _initial(name, before, service)


def _major(name: str, before: Service, service: Service) -> Iterator[Slip]:
    kind, old = _version(before.image)
    now_kind, new = _version(service.image)
    place = service.place("image")
    if kind != now_kind and is_database(before.image) and is_database(service.image):
        family = {"postgres", "postgis", "pgvector", "timescaledb", "postgresql", "pgvecto-rs"}
        if not {kind, now_kind} <= family:
            yield Slip(
                DATABASE,
                f"another database, {now_kind}, gets the files of {kind}",
                "say in the release notes how to move the data",
                place,
                name,
                severity=Severity.ERROR,
            )
            return
    if old is None or new is None or old == new:
        return
    versions = f"{_dotted(old)} to {_dotted(new)}"
    if new < old:
        yield Slip(
            DATABASE,
            f"{kind} goes back from {versions}: it refuses the files of the newer version",
            "keep the version, or say in the release notes how to dump and restore",
            place,
            name,
            severity=Severity.ERROR,
        )
    elif kind in _IN_PLACE:
        yield Slip(
            DATABASE,
            f"{kind} goes from {versions}: its files have to be upgraded, and there is no way back",
            "say in the release notes to back it up first, and whether it upgrades by itself",
            place,
            name,
        )
    else:
        yield Slip(
            DATABASE,
            f"{kind} goes from {versions}: it refuses the files of the older version",
            "say in the release notes how to dump and restore, or upgrade them in the entrypoint",
            place,
            name,
            severity=Severity.ERROR,
        )


def _version(image: str) -> tuple[str, tuple[int, int] | None]:
    """Return an image's name and what of its version is a major one."""
    path, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    found = _NUMBERS.match(tag)
    if found is None:
        return path, None
    major, minor = int(found[1]), int(found[2] or 0)
    # A second number was part of the major version: postgres up to 9.6, mariadb and mysql on.
    if path in _IN_PLACE or (path.startswith("postg") and major < 10):  # noqa: PLR2004
        return path, (major, minor)
    return path, (major, 0)


def _dotted(version: tuple[int, int]) -> str:
    return f"{version[0]}.{version[1]}" if version[1] else str(version[0])


def _initial(name: str, before: Service, service: Service) -> Iterator[Slip]:
    for key, value in service.environment.items():
        old = before.environment.get(key)
        if value and old and old != value and _INITIAL.fullmatch(key):
            yield Slip(
                DATABASE_NAME,
                f"{key} changes from {old} to {value} over a database that is there: it is read "
                "on the first start alone",
                "keep it, or say in the release notes how to rename",
                service.place("environment"),
                name,
            )
