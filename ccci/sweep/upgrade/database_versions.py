"""Which version of which database an image is, and what another one makes of its files. Pure."""

import re
from dataclasses import dataclass
from enum import Enum

from ccci.sweep.rules.keeping import is_database


class Upgrade(Enum):
    """What a newer major version does with the files of an older one."""

    READS = "reads them as they are"
    IN_PLACE = "upgrades them, by itself or when it is told to"
    STEPWISE = "upgrades those of the version right before, and no older ones"
    REFUSES = "refuses them"


@dataclass(frozen=True, slots=True)
class Family:
    """Images that keep the same files; `pair`: a second number is part of the major version."""

    name: str
    images: frozenset[str]
    upgrade: Upgrade
    pair: bool = False


@dataclass(frozen=True, slots=True)
class Version:
    """A major version; `minor` is None where it is no part of it, or the tag leaves it open."""

    major: int
    minor: int | None = None

    def __str__(self) -> str:
        """Return it as a tag has it."""
        return str(self.major) if self.minor is None else f"{self.major}.{self.minor}"


def _family(upgrade: Upgrade, *images: str, pair: bool = False) -> Family:
    return Family(images[0], frozenset(images), upgrade, pair)


FAMILIES = (
    # PostgreSQL manual, 19.6: a major version needs pg_upgrade, or a dump.
    _family(
        Upgrade.REFUSES,
        *("postgres", "postgresql", "postgis", "pgvector", "pgvecto-rs", "postgres-pgvector"),
        *("timescaledb", "timescaledb-ha", "postgresql-repmgr"),
    ),
    # MySQL manual, 3.1 and 4; MariaDB, mariadb-upgrade: a downgrade takes a backup.
    _family(Upgrade.IN_PLACE, "mysql", "mysql-server", "percona", "percona-server", pair=True),
    _family(Upgrade.IN_PLACE, "mariadb", "mariadb-galera", pair=True),
    # MongoDB manual, "Upgrade Version Path" of each release.
    _family(Upgrade.STEPWISE, "mongo", "mongodb"),
    # An index is read up to the next major version (Elasticsearch guide, "Upgrade"; OpenSearch).
    _family(Upgrade.STEPWISE, "elasticsearch"),
    _family(Upgrade.STEPWISE, "opensearch"),
    _family(Upgrade.STEPWISE, "solr"),
    _family(Upgrade.IN_PLACE, "mssql", "server"),  # mcr.microsoft.com/mssql/server
    _family(Upgrade.IN_PLACE, "couchdb"),
    _family(Upgrade.IN_PLACE, "cassandra"),
    _family(Upgrade.IN_PLACE, "scylla"),
    _family(Upgrade.IN_PLACE, "rethinkdb", pair=True),
    _family(Upgrade.IN_PLACE, "cockroach", pair=True),
    _family(Upgrade.IN_PLACE, "etcd", pair=True),
    # "Database '_system' needs upgrade": with --database.auto-upgrade alone (arangodb-docker 72).
    _family(Upgrade.REFUSES, "arangodb", pair=True),
    # Its VERSION file names the one minor version that opens it (Meilisearch, "Update").
    _family(Upgrade.REFUSES, "meilisearch", pair=True),
    _family(Upgrade.REFUSES, "influxdb"),
    _family(Upgrade.REFUSES, "neo4j"),
    _family(Upgrade.READS, "clickhouse-server"),
    _family(Upgrade.READS, "typesense"),
)

_BY_PG = frozenset({"pgvector", "pgvecto-rs", "timescaledb", "timescaledb-ha"})
"""Images whose own number is that of an extension; the tag names PostgreSQL's behind `pg`."""
_PG = re.compile(r"(?:^|[-_.])pg([0-9]{1,2})(?![0-9])", re.IGNORECASE)
# `alpine-10.6`, `v1.5`, `15.3.0-debian-11-r7`, `16rc1`; of a base image alone it is no version.
_NUMBERS = re.compile(
    r"(?:(?!debian|ubuntu|ubi|rhel|centos|fedora)[a-z][a-z0-9]*[-_])*v?"
    r"([0-9]{1,4})(?:\.([0-9]{1,4}))?(?=$|[-_.+]|(?:alpha|beta|rc)[0-9])",
    re.IGNORECASE,
)
_YEARS = range(2000, 2100)
_LARGEST = 99
_NEO4J_OF_YEARS = 5
"""neo4j of 2025 and later opens what its version 5 wrote (neo4j, "Upgrade and migration")."""


def family_of(image: str) -> Family | None:
    """Return the family of an image, or None where it is no database."""
    if not is_database(image):
        return None
    name, _ = _named(image)
    return next((each for each in FAMILIES if name in each.images), None)


def version_of(image: str, family: Family) -> Version | None:
    """Return the major version that an image's tag names, or None where it names none."""
    name, tag = _named(image)
    if family.name == "postgres":
        found = _PG.search(tag)
        if found is not None:
            return Version(int(found[1]))
        if name in _BY_PG:
            return None
    found = _NUMBERS.match(tag)
    if found is None:
        return None
    major, minor = int(found[1]), int(found[2]) if found[2] else None
    if major > _LARGEST and major not in _YEARS:
        return None
    if family.name == "neo4j" and major in _YEARS:
        return Version(_NEO4J_OF_YEARS)
    return Version(major, minor if _is_pair(family, major) else None)


def _named(image: str) -> tuple[str, str]:
    name, _, tag = image.partition("@")[0].rpartition("/")[2].partition(":")
    return name, tag


_FIRST_WHOLE = {"postgres": 10, "mongo": 5}
"""Up to these versions a second number was part of the major one."""


def _is_pair(family: Family, major: int) -> bool:
    return family.pair or major < _FIRST_WHOLE.get(family.name, 0)


def direction(old: Version, new: Version) -> int:
    """Return whether a version is newer (1), older (-1), or perhaps the same (0).

    `mariadb:10` is whichever 10 is the newest: of its second number nothing is known.
    """
    if old.major != new.major or old.minor is None or new.minor is None:
        return (new.major > old.major) - (new.major < old.major)
    return (new.minor > old.minor) - (new.minor < old.minor)


def steps_between(family: Family, old: Version, new: Version) -> int:
    """Return how many major versions lie between two, the newer one counted."""
    if family.name != "mongo":
        return new.major - old.major
    return _mongo(new) - _mongo(old)


_MONGO = ((3, 0), (3, 2), (3, 4), (3, 6), (4, 0), (4, 2), (4, 4))


def _mongo(version: Version) -> int:
    """Return the place of a version among MongoDB's; an open one is the newest of its number."""
    first = _FIRST_WHOLE["mongo"]
    if version.major >= first:
        return len(_MONGO) + version.major - first
    minor = max((b for a, b in _MONGO if a == version.major), default=0)
    wanted = (version.major, minor if version.minor is None else version.minor)
    return sum(each <= wanted for each in _MONGO) - 1
