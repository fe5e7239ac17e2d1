"""What becomes of data when tasks are replaced or multiplied."""

from collections.abc import Iterator

from ccci.sweep.rules.model import Hit, Subject

_DATABASES = """
    postgres postgresql postgis pgvector timescaledb timescaledb-ha mysql mariadb percona
    percona-server mongo mongodb mssql server couchdb cassandra clickhouse-server influxdb neo4j
    elasticsearch opensearch meilisearch typesense rethinkdb arangodb cockroach scylla
    mysql-server mariadb-galera postgresql-repmgr pgvecto-rs postgres-pgvector solr etcd
"""
DATABASES = frozenset(_DATABASES.split())


def is_database(image: str) -> bool:
    """Say whether an image is one whose versions change the files that they keep."""
    name = image.partition("@")[0].rpartition("/")[2].partition(":")[0]
    return name in DATABASES and (name != "server" or "mssql" in image)


def replicas_share(subject: Subject) -> Iterator[Hit]:
    """Several replicas on one named volume."""
    policy = subject.policy
    replicas = policy.replicas or 0
    volumes = frozenset(policy.volumes)
    written = [name for name in policy.shared if name in volumes]
    if policy.rolls and replicas > 1 and policy.max_per_node != 1 and written:
        yield Hit(
            f"{replicas} replicas write to {', '.join(written)}: two on one node share it, and "
            "those on other nodes each have another",
            "run one replica, or write `max_replicas_per_node: 1` where each may have its own",
            ("deploy.replicas", "deploy"),
        )


def database_rolled_back(subject: Subject) -> Iterator[Hit]:
    """Rollback of a database that keeps its files."""
    policy = subject.policy
    if (
        policy.rolls
        and policy.replicas != 0
        and policy.update.failure_action == "rollback"
        and policy.shared
        and is_database(policy.image)
    ):
        yield Hit(
            f"a failed update puts the old version back on {', '.join(policy.shared)}, whose "
            "files the new one may have changed",
            "write `failure_action: pause` for it, and deploy with `ccci converge`",
            ("deploy.update_config.failure_action", "deploy.update_config", "deploy"),
        )
