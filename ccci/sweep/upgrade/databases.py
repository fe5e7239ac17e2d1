"""Databases whose files outlive the version, or the name, that they were made with."""

import re
from collections.abc import Iterator
from dataclasses import replace

from ccci.compose.service import Service
from ccci.sweep.rules.model import Severity
from ccci.sweep.upgrade.database_versions import (
    Family,
    Upgrade,
    Version,
    direction,
    family_of,
    steps_between,
    version_of,
)
from ccci.sweep.upgrade.model import Slip
from ccci.sweep.upgrade.revision import Pair
from ccci.sweep.upgrade.services import volumes_of

DATABASE, DATABASE_NAME = "CCCI109", "CCCI118"
_INITIAL = re.compile(
    r"(?:POSTGRES|MYSQL|MARIADB|MONGO_INITDB)_(?:DB|DATABASE|USER|ROOT_USERNAME|INITDB_ARGS)"
)
_TOLD_TO = re.compile(r"MEILI_\w*UPGRADE\w*")
"""Variables by which Meilisearch is told to upgrade its files at the start."""


def changes(pair: Pair) -> Iterator[Slip]:
    """Yield each database whose major version changes under its files, or whose name does."""
    for name, service in pair.new.loaded.services.items():
        before = pair.old.loaded.services.get(name)
        if before is None or not (volumes_of(before) & volumes_of(service)):
            continue
        yield from _major(name, before, service)
        yield from _initial(name, before, service)


def _major(name: str, before: Service, service: Service) -> Iterator[Slip]:
    place = service.place("image")
    was, family = family_of(before.image), family_of(service.image)
    if was is None or family is None:
        return
    if was is not family:
        yield Slip(
            DATABASE,
            f"another database, {_called(service.image)}, gets the files of "
            f"{_called(before.image)}",
            "say in the release notes how to move the data",
            place,
            name,
            severity=Severity.ERROR,
        )
        return
    old, new = version_of(before.image, was), version_of(service.image, family)
    if old is None or new is None:
        return
    kind, way = _called(service.image), direction(old, new)
    if way < 0:
        yield Slip(
            DATABASE,
            f"{kind} goes back from {old} to {new}: it refuses the files of the newer version",
            "keep the version, or say in the release notes how to dump and restore",
            place,
            name,
            severity=Severity.ERROR,
        )
    elif way > 0:
        found = _newer(family, kind, service, old, new)
        yield from (replace(each, place=place, service=name) for each in found)


def _newer(
    family: Family, kind: str, service: Service, old: Version, new: Version
) -> Iterator[Slip]:
    """Yield what becomes of the files of an older version."""
    goes, upgrade = f"{kind} goes from {old} to {new}", family.upgrade
    if upgrade is Upgrade.READS:
        return
    if family.name == "meilisearch" and any(map(_TOLD_TO.fullmatch, service.environment)):
        upgrade = Upgrade.IN_PLACE
    if upgrade is Upgrade.STEPWISE and steps_between(family, old, new) > 1:
        yield Slip(
            DATABASE,
            f"{goes}: it opens the files of the version right before it alone",
            "release each version in between, and say in the release notes what each needs",
            severity=Severity.ERROR,
        )
    elif upgrade is Upgrade.REFUSES:
        yield Slip(
            DATABASE,
            f"{goes}: it refuses the files of the older version",
            "say in the release notes how to dump and restore, or upgrade them in the entrypoint",
            severity=Severity.ERROR,
        )
    else:
        yield Slip(
            DATABASE,
            f"{goes}: its files have to be upgraded, and there is no way back",
            "say in the release notes to back it up first, and whether it upgrades by itself",
        )


def _called(image: str) -> str:
    """Return an image's name as people say it: Microsoft's has its product before it."""
    path = image.partition("@")[0].rsplit("/", 2)
    name = path[-1].partition(":")[0]
    return path[-2] if name == "server" and len(path) > 1 else name


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
