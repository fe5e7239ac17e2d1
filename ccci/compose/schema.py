"""docker's compose schemas 3.0 to 3.13 as one table: a field, its shape, the version it came with.

Written from the behaviour of docker/cli cli/compose/schema (28 and 29 have the same); the
differential tests compare it with the CLI itself.
"""

# ruff: noqa: PLR2004 -- the numbers are the minor versions that a field came with

import re
from collections.abc import Callable
from functools import cache
from typing import Any

from ccci.compose.shape import BOOLEAN, INTEGER, LIST, MAPPING, NULL, NUMBER, STRING, Shape
from ccci.compose.tree import Timestamp
from ccci.compose.values import check_ports, nanoseconds

DEFAULT_VERSION = "3.13"
_NEWEST = 13
_NAME = re.compile(r"[a-zA-Z0-9._-]+")
_LOWER = re.compile(r"[a-z]+")
_ANY = re.compile(r"(?s:.*)[^\n](?s:.*)")


def _holds(parse: Callable[[str], object]) -> Callable[[Any], bool]:
    def accepts(value: Any) -> bool:  # noqa: ANN401
        try:
            parse(str(int(value)) if isinstance(value, float) else str(value))
        except ValueError:
            return False
        return True

    return accepts


def _is_port(value: Any) -> bool:  # noqa: ANN401
    if isinstance(value, float) and not value.is_integer():
        value = value.as_integer_ratio()[0]
    return _holds(check_ports)(value)


def _is_duration(value: Any) -> bool:  # noqa: ANN401
    return not isinstance(value, Timestamp) and _holds(nanoseconds)(value)


_TEXT = Shape((STRING,))
_NUM = Shape((NUMBER,))
_INT = Shape((INTEGER,))
_BOOL = Shape((BOOLEAN,))
_DURATION = Shape((STRING,), accepts=_is_duration, complaint="Does not match format 'duration'")
_UNSEEN = Shape((STRING, NUMBER, INTEGER, BOOLEAN, NULL, LIST, MAPPING), open=True)
_TEXTS = Shape((LIST,), items=_TEXT, unique=True)
_ANY_TEXTS = Shape((LIST,), items=_TEXT)
_TEXT_OR_TEXTS = Shape((STRING, LIST), items=_TEXT, unique=True)
_WORDS = Shape((STRING, LIST), items=_TEXT)
_PAIRS = Shape(
    (MAPPING, LIST),
    keys=_ANY,
    values=Shape((STRING, NUMBER, NULL)),
    items=_TEXT,
    unique=True,
)
_OPTIONS = Shape((MAPPING,), keys=re.compile(r".+"), values=Shape((STRING, NUMBER)), open=True)


def _closed(**fields: Shape) -> Shape:
    return Shape((MAPPING,), fields=fields)


def _open(**fields: Shape) -> Shape:
    return Shape((MAPPING,), fields=fields, open=True)


_REFERENCES = Shape(
    (LIST,),
    items=Shape(
        (STRING, MAPPING),
        fields={"source": _TEXT, "target": _TEXT, "uid": _TEXT, "gid": _TEXT, "mode": _NUM},
        open=True,
    ),
)
_EXTENSIONS = {"x-": _UNSEEN}


def _only(condition: bool, **fields: Shape) -> dict[str, Shape]:
    return fields if condition else {}


def _update(version: int) -> Shape:
    return _closed(
        parallelism=_INT,
        delay=_DURATION,
        failure_action=_TEXT,
        monitor=_DURATION,
        max_failure_ratio=_NUM,
        **_only(
            version >= 4,
            order=Shape((STRING,), choices=("start-first", "stop-first")),
        ),
    )


def _deploy(version: int) -> Shape:
    limits = {"cpus": _TEXT, "memory": _TEXT}
    generic = Shape(
        (LIST,),
        items=_closed(discrete_resource_spec=_closed(kind=_TEXT, value=_NUM)),
    )
    preferences = Shape((LIST,), items=_closed(spread=_TEXT))
    fields = {
        "mode": _TEXT,
        "replicas": _INT,
        "labels": _PAIRS,
        "update_config": _update(version),
        "resources": _closed(
            limits=_closed(**limits, **_only(version >= 9, pids=_INT)),
            reservations=_closed(**limits, **_only(version >= 5, generic_resources=generic)),
        ),
        "restart_policy": _closed(
            condition=_TEXT, delay=_DURATION, max_attempts=_INT, window=_DURATION
        ),
        "placement": _closed(
            constraints=_ANY_TEXTS,
            **_only(version >= 3, preferences=preferences),
            **_only(version >= 8, max_replicas_per_node=_INT),
        ),
        **_only(version >= 2, endpoint_mode=_TEXT),
        **_only(version >= 7, rollback_config=_update(version)),
    }
    return Shape((MAPPING, NULL), fields=fields)


def _healthcheck(version: int) -> Shape:
    duration = _DURATION if version >= 4 else _TEXT
    return _closed(
        disable=_BOOL,
        interval=duration,
        retries=_NUM,
        test=_WORDS,
        timeout=duration,
        **_only(version >= 4, start_period=_DURATION),
        **_only(version >= 12, start_interval=_DURATION),
    )


def _ports(version: int) -> Shape:
    fields = {"mode": _TEXT, "target": _INT, "published": _INT, "protocol": _TEXT}
    kinds = (NUMBER, STRING, MAPPING) if version >= 2 else (STRING, NUMBER)
    item = Shape(kinds, fields=fields, accepts=_is_port, complaint="Does not match format 'ports'")
    return Shape((LIST,), items=item, unique=True)


def _volumes(version: int) -> Shape:
    if version < 2:
        return Shape((LIST,), items=_TEXT, unique=True)
    fields = {
        "type": _TEXT,
        "source": _TEXT,
        "target": _TEXT,
        "read_only": _BOOL,
        "consistency": _TEXT,
        "bind": _open(propagation=_TEXT),
        "volume": _open(nocopy=_BOOL),
        **_only(version >= 6, tmpfs=_open(size=Shape((INTEGER,), least=0))),
    }
    return Shape((LIST,), items=Shape((STRING, MAPPING), fields=fields, required=("type",)))


def _networks(version: int) -> Shape:
    network = Shape(
        (MAPPING, NULL),
        fields={
            "aliases": _TEXTS,
            "ipv4_address": _TEXT,
            "ipv6_address": _TEXT,
            **_only(version >= 13, driver_opts=_OPTIONS),
        },
    )
    return Shape((LIST, MAPPING), items=_TEXT, unique=True, keys=_NAME, values=network)


def _build(version: int) -> Shape:
    fields = {
        "context": _TEXT,
        "dockerfile": _TEXT,
        "args": _PAIRS,
        **_only(version >= 2, cache_from=_TEXTS),
        **_only(version >= 3, labels=_PAIRS),
        **_only(version >= 4, network=_TEXT, target=_TEXT),
        **_only(version >= 5, shm_size=Shape((INTEGER, STRING))),
        **_only(version >= 9, extra_hosts=_PAIRS),
    }
    return Shape((STRING, MAPPING), fields=fields, open=version >= 11)


def _service(version: int) -> Shape:
    ulimit = Shape(
        (INTEGER, MAPPING), fields={"hard": _INT, "soft": _INT}, required=("soft", "hard")
    )
    options = Shape(
        (MAPPING,), keys=re.compile(r".+"), values=Shape((STRING, NUMBER, NULL)), open=True
    )
    fields: dict[str, Shape] = {
        "deploy": _deploy(version),
        "build": _build(version),
        "healthcheck": _healthcheck(version),
        "ports": _ports(version),
        "volumes": _volumes(version),
        "networks": _networks(version),
        "credential_spec": _closed(file=_TEXT, registry=_TEXT, **_only(version >= 8, config=_TEXT)),
        "expose": Shape((LIST,), items=Shape((STRING, NUMBER)), unique=True),
        "logging": _closed(driver=_TEXT, options=options),
        "shm_size": Shape((NUMBER, STRING)),
        "pid": Shape((STRING, NULL)),
        "stop_grace_period": _DURATION,
        "ulimits": Shape((MAPPING,), keys=_LOWER, values=ulimit, open=True),
    }
    texts = "cap_add cap_drop depends_on devices external_links links security_opt"
    fields |= dict.fromkeys(texts.split(), _TEXTS)
    fields |= dict.fromkeys(("command", "entrypoint"), _WORDS)
    fields |= dict.fromkeys(("dns", "dns_search", "env_file", "tmpfs"), _TEXT_OR_TEXTS)
    fields |= dict.fromkeys(("environment", "extra_hosts", "labels", "sysctls"), _PAIRS)
    fields |= dict.fromkeys(("privileged", "read_only", "stdin_open", "tty"), _BOOL)
    text = "cgroup_parent container_name domainname hostname image ipc mac_address network_mode"
    text += " restart stop_signal user userns_mode working_dir"
    fields |= dict.fromkeys(text.split(), _TEXT)
    fields |= _only(version >= 1, secrets=_REFERENCES)
    if version < 3:
        del fields["credential_spec"]
    fields |= _only(version >= 3, configs=_REFERENCES)
    fields |= _only(version >= 5, isolation=_TEXT)
    fields |= _only(version >= 7, init=_BOOL, **_EXTENSIONS)
    fields |= _only(version >= 9, cgroupns_mode=_TEXT)
    fields |= _only(version >= 13, oom_score_adj=_INT)
    return Shape((MAPPING,), fields=fields)


def _cluster_volume() -> Shape:
    topology = Shape((LIST,), items=_open(segments=_PAIRS))
    mount = _open(fs_type=_TEXT, mount_flags=_ANY_TEXTS)
    return _open(
        group=_TEXT,
        access_mode=_open(scope=_TEXT, sharing=_TEXT, block_volume=_open(), mount_volume=mount),
        accessibility_requirements=_open(requisite=topology, preferred=topology),
        capacity_range=_open(required_bytes=_TEXT, limit_bytes=_TEXT),
        availability=_TEXT,
    )


def _section(values: Shape, *, unseen: bool = False) -> Shape:
    return Shape((MAPPING,), keys=_NAME, values=values, open=unseen)


def _external(*, open_: bool) -> Shape:
    return Shape((BOOLEAN, MAPPING), fields={"name": _TEXT}, open=open_)


def _file_object(version: int, **more: Shape) -> Shape:
    return Shape(
        (MAPPING,),
        fields={
            "file": _TEXT,
            "external": _external(open_=True),
            "labels": _PAIRS,
            **_only(version >= 5, name=_TEXT),
            **_only(version >= 7, **_EXTENSIONS),
            **_only(version >= 8, template_driver=_TEXT, **more),
        },
    )


@cache
def compose_file(version: str) -> Shape | None:
    """Return the shape of a compose file of a version such as `3.8`; None: docker has no such."""
    major, _, minor = version.partition(".")
    if major != "3" or minor not in {str(each) for each in range(_NEWEST + 1)}:
        return None
    number = int(minor)
    extensions = _EXTENSIONS if number >= 7 else {}
    ipam = _closed(driver=_TEXT, config=Shape((LIST,), items=_closed(subnet=_TEXT)))
    network = {
        "driver": _TEXT,
        "driver_opts": _OPTIONS,
        "ipam": ipam,
        "external": _external(open_=False),
        "internal": _BOOL,
        "labels": _PAIRS,
        **_only(number >= 2, attachable=_BOOL),
        **_only(number >= 5, name=_TEXT),
        **extensions,
    }
    volume = {
        "driver": _TEXT,
        "driver_opts": _OPTIONS,
        "external": _external(open_=False),
        "labels": _PAIRS,
        **_only(number >= 4, name=_TEXT),
        **extensions,
        **({"x-cluster-spec": _cluster_volume()} if number >= 7 else {}),
    }
    secret = _file_object(number, driver=_TEXT, driver_opts=_OPTIONS)
    fields = {
        "version": _TEXT,
        "services": _section(_service(number)),
        "networks": _section(Shape((MAPPING, NULL), fields=network), unseen=True),
        "volumes": _section(Shape((MAPPING, NULL), fields=volume)),
        **_only(number >= 1, secrets=_section(secret)),
        **_only(number >= 3, configs=_section(_file_object(number))),
        **_only(number >= 4, **_EXTENSIONS),
    }
    required = () if number >= 10 else ("version",)
    return Shape((MAPPING,), fields=fields, required=required)
