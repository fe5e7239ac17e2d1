"""Which version of which database a tag names, and what becomes of the files of another one."""

import pytest

from ccci.compose.service import Place, Service
from ccci.sweep.rules.keeping import DATABASES
from ccci.sweep.rules.model import Severity
from ccci.sweep.upgrade.database_versions import FAMILIES, family_of, version_of
from ccci.sweep.upgrade.databases import _major
from ccci.sweep.upgrade.model import Slip


def slips(before: str, after: str, **environment: str) -> list[Slip]:
    places = {"": Place("compose.yml", 1)}
    old = Service("db", image=before, places=places)
    new = Service("db", image=after, environment=environment, places=places)
    return list(_major("db", old, new))


def test_each_database_has_one_family() -> None:
    for name in DATABASES:
        assert [name in each.images for each in FAMILIES].count(True) == 1, name


@pytest.mark.parametrize(
    ("image", "version"),
    [
        ("postgres:15.4-alpine3.18", "15"),
        ("postgres:16rc1", "16"),
        ("postgres:9.6.24", "9.6"),
        ("postgres:15-bookworm@sha256:" + "a" * 64, "15"),
        ("bitnami/postgresql:15.3.0-debian-11-r7", "15"),
        ("postgis/postgis:15-3.3-alpine", "15"),
        ("pgvector/pgvector:pg15", "15"),
        ("pgvector/pgvector:0.7.0-pg16", "16"),
        ("tensorchord/pgvecto-rs:pg14-v0.2.0", "14"),
        ("timescale/timescaledb:2.11.0-pg14", "14"),
        ("timescale/timescaledb:latest-pg14", "14"),
        ("timescale/timescaledb-ha:pg15.3-ts2.11.0", "15"),
        ("ghcr.io/immich-app/postgres:14-vectorchord0.3.0-pgvectors0.2.0", "14"),
        ("mongo:4.4.18-focal", "4.4"),
        ("mongo:5.0", "5"),
        ("linuxserver/mariadb:alpine-10.6", "10.6"),
        ("linuxserver/mariadb:arm64v8-10.11.6", "10.11"),
        ("mysql:8.4", "8.4"),
        ("percona/percona-server:8.0.35-27", "8.0"),
        ("mcr.microsoft.com/mssql/server:2022-CU10-ubuntu-22.04", "2022"),
        ("docker.elastic.co/elasticsearch/elasticsearch:8.5.0", "8"),
        ("getmeili/meilisearch:v1.5", "1.5"),
        ("clickhouse/clickhouse-server:23.3.8.21-alpine", "23"),
        ("neo4j:2025.04-community", "5"),
    ],
)
def test_a_tag_names_its_major_version(image: str, version: str) -> None:
    family = family_of(image)
    assert family is not None
    assert str(version_of(image, family)) == version


@pytest.mark.parametrize(
    "image",
    [
        "postgres",
        "postgres:latest",
        "postgres:alpine",
        "postgres:alpine3.18",
        "postgres:bookworm",
        "postgres:latest-debian-11",
        "postgres:debian-11",
        "postgres@sha256:" + "1" * 64,
        "postgres:sha-12ab34c",
        "postgres:20240101",
        "ankane/pgvector:v0.4.1",
        "timescale/timescaledb:2.11.0",
        "linuxserver/mariadb:110.4.12mariabionic-ls75",
        "mongo:latest",
    ],
)
def test_a_tag_that_names_none_is_none(image: str) -> None:
    family = family_of(image)
    assert family is not None
    assert version_of(image, family) is None


def test_what_is_no_database_has_no_family() -> None:
    assert family_of("registry.example/nginx/server:1") is None
    assert slips("postgres:15", "registry.example/our-postgres:1.0") == []


@pytest.mark.parametrize(
    ("before", "after", "severity", "words"),
    [
        ("pgvector/pgvector:pg15", "pgvector/pgvector:pg16", Severity.ERROR, "refuses the files"),
        (
            "tensorchord/pgvecto-rs:pg14-v0.2.0",
            "tensorchord/pgvecto-rs:pg16-v0.3.0",
            Severity.ERROR,
            "pgvecto-rs goes from 14 to 16",
        ),
        (
            "timescale/timescaledb:2.11.0-pg14",
            "timescale/timescaledb:2.11.0-pg15",
            Severity.ERROR,
            "from 14 to 15",
        ),
        ("postgres:15", "pgvector/pgvector:0.7.0-pg16", Severity.ERROR, "from 15 to 16"),
        ("postgres:9.5", "postgres:9.6", Severity.ERROR, "from 9.5 to 9.6"),
        ("postgres:16", "postgis/postgis:15-3.4", Severity.ERROR, "goes back from 16 to 15"),
        ("mongo:4.0", "mongo:4.2", None, "have to be upgraded"),
        ("mongo:4.4", "mongo:5.0", None, "from 4.4 to 5"),
        ("mongo:4", "mongo:5", None, "from 4 to 5"),
        ("mongo:4.0", "mongo:4.4", Severity.ERROR, "right before it alone"),
        ("mongo:4.4", "mongo:6.0", Severity.ERROR, "right before it alone"),
        ("mongo:5.0", "mongo:4.4", Severity.ERROR, "goes back"),
        ("linuxserver/mariadb:alpine-10.6", "linuxserver/mariadb:alpine-11.4", None, "10.6 to"),
        ("mysql:8.0", "mysql:8.4", None, "have to be upgraded"),
        ("mysql:8.0", "percona:8.4", None, "percona goes from 8.0 to 8.4"),
        ("mysql:8.0", "mariadb:11", Severity.ERROR, "another database, mariadb"),
        ("mcr.microsoft.com/mssql/server:2019-latest", "mcr.microsoft.com/mssql/server:2022-latest",
         None, "mssql goes from 2019 to 2022"),
        ("elasticsearch:7.17.9", "elasticsearch:8.5.0", None, "have to be upgraded"),
        ("elasticsearch:6.8.0", "elasticsearch:8.5.0", Severity.ERROR, "right before it alone"),
        ("influxdb:1.8", "influxdb:2.7", Severity.ERROR, "refuses the files"),
        ("neo4j:4.4", "neo4j:5.26", Severity.ERROR, "refuses the files"),
        ("getmeili/meilisearch:v1.5", "getmeili/meilisearch:v1.6", Severity.ERROR, "1.5 to 1.6"),
        ("arangodb:3.10", "arangodb:3.11", Severity.ERROR, "refuses the files"),
        ("couchdb:2.3", "couchdb:3.3", None, "have to be upgraded"),
    ],
)  # fmt: skip
def test_another_major_version_is_said(
    before: str, after: str, severity: Severity | None, words: str
) -> None:
    (slip,) = slips(before, after)
    assert (slip.rule, slip.severity, slip.service) == ("CCCI109", severity, "db")
    assert words in slip.message


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("postgres:15.4", "postgres:15.8-alpine"),
        ("postgres:15", "postgis/postgis:15-3.3"),
        ("postgis/postgis:15-3.3", "postgis/postgis:15-3.4"),
        ("bitnami/postgresql:15.3.0-debian-11-r7", "bitnami/postgresql:15.4.0-debian-12-r1"),
        ("timescale/timescaledb:2.11.0-pg14", "timescale/timescaledb:2.12.1-pg14"),
        ("tensorchord/pgvecto-rs:pg14-v0.2.0", "tensorchord/pgvecto-rs:pg14-v0.3.0"),
        ("postgres:latest", "postgres:16"),
        ("postgres:15", "postgres@sha256:" + "a" * 64),
        ("mariadb:10.11", "mariadb:10"),
        ("mariadb:10", "mariadb:10.11"),
        ("mysql:8.0.33", "mysql:8.0.36"),
        ("mongo:6.0.5", "mongo:6.0.14"),
        ("mongo:8.0", "mongo:8.2"),
        ("mongo", "mongo:7"),
        ("elasticsearch:8.5.0", "elasticsearch:8.13.0"),
        ("clickhouse/clickhouse-server:23.8", "clickhouse/clickhouse-server:24.3"),
        ("neo4j:5.26", "neo4j:2025.04"),
        ("getmeili/meilisearch:v1.5.0", "getmeili/meilisearch:v1.5.1"),
        ("typesense/typesense:26.0", "typesense/typesense:27.1"),
    ],
)
def test_where_the_files_stay_as_they_are_nothing_is_said(before: str, after: str) -> None:
    assert slips(before, after) == []


def test_meilisearch_that_is_told_to_upgrade_its_files_does_so() -> None:
    told = {"MEILI_EXPERIMENTAL_DUMPLESS_UPGRADE": "true"}
    (slip,) = slips("getmeili/meilisearch:v1.12", "getmeili/meilisearch:v1.13", **told)
    assert slip.severity is None
