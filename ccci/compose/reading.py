"""Services out of one file's tree, each thing with its place."""

from ccci.compose.dates import dates
from ccci.compose.numbers import to_float32, to_uint64
from ccci.compose.references import file_references
from ccci.compose.service import Healthcheck, Place, RestartPolicy, Service, UpdateConfig
from ccci.compose.tree import ComposeError, Map, Seq, Timestamp, TooMuchError, text_of
from ccci.compose.values import (
    OPTIONS_OF_MOUNTS,
    Mount,
    Port,
    bound_address,
    check_words,
    mount,
    nanoseconds,
    ports,
    size,
)

_DURATIONS = ("interval", "timeout", "start_period", "start_interval")


# Every port of both protocols, in a whole file; a few lines of ranges could ask for millions.
_MOST_PORTS = 2 * 65_535


class Reader:
    """Reads services out of one file's tree; `faults` is what docker stops at after its schema."""

    def __init__(self, file: str) -> None:
        self.file = file
        self.faults: list[ComposeError] = []
        self._ports_left = _MOST_PORTS

    def service(self, name: str, tree: Map, raw: Map) -> Service:
        """Return the service; `raw` is the same tree before variables were replaced."""
        places: dict[str, Place] = {"": Place(self.file, tree.line)}
        self._note(places, "", tree)
        deploy = _map(tree, "deploy")
        restart = deploy.get("restart_policy")
        resources = _map(deploy, "resources")
        limits, reservations = _map(resources, "limits"), _map(resources, "reservations")
        placement = _map(deploy, "placement")
        for path, below in (
            ("deploy", deploy),
            ("deploy.update_config", _map(deploy, "update_config")),
            ("deploy.rollback_config", _map(deploy, "rollback_config")),
            ("deploy.restart_policy", _map(deploy, "restart_policy")),
            ("deploy.resources.limits", limits),
            ("deploy.resources.reservations", reservations),
            ("deploy.placement", placement),
            ("healthcheck", _map(tree, "healthcheck")),
        ):
            self._note(places, path, below)
        self._texts(tree)
        check = tree.get("healthcheck")
        raw_check = _map(raw, "healthcheck")
        return Service(
            name=name,
            image=_text(tree, "image"),
            mode=_text(deploy, "mode"),
            replicas=self._count(deploy, "replicas"),
            update=self._update(deploy.get("update_config")),
            rollback=self._update(deploy.get("rollback_config")),
            restart_policy=self._restart(restart) if isinstance(restart, Map) else None,
            restart=_text(tree, "restart"),
            healthcheck=self._health(check) if isinstance(check, Map) else None,
            stop_grace_period=self._duration(tree, "stop_grace_period"),
            ports=self._ports(tree.get("ports"), tree.line_of("ports"), places),
            mounts=self._mounts(tree.get("volumes"), tree.line_of("volumes"), places),
            networks=_names(tree, "networks"),
            depends_on=_names(tree, "depends_on"),
            memory_limit=self._size(limits, "memory"),
            memory_reservation=self._size(reservations, "memory"),
            interpolated=tuple(
                key for key in _DURATIONS if "$" in str(raw_check.get(key, "")).replace("$$", "")
            ),
            max_replicas_per_node=self._count(placement, "max_replicas_per_node") or 0,
            constraints=_names(placement, "constraints"),
            endpoint_mode=_text(deploy, "endpoint_mode"),
            built="build" in tree,
            bound_addresses=tuple(
                bound for each in _names(tree, "ports") if (bound := bound_address(each))
            ),
            cpus=(_text(limits, "cpus"), _text(reservations, "cpus")),
            configs=self._references(tree, "configs", places),
            secrets=self._references(tree, "secrets", places),
            files=file_references(tree),
            labels=_labels(deploy.get("labels")),
            container_labels=_labels(tree.get("labels")),
            environment=_pairs(tree.get("environment")),
            places=places,
        )

    def _references(self, tree: Map, key: str, places: dict[str, Place]) -> tuple[str, ...]:
        value = tree.get(key)
        result: list[str] = []
        for entry, at in value.located() if isinstance(value, Seq) else ():
            if isinstance(entry, Map):
                self._count(entry, "mode")
            name = _text(entry, "source") if isinstance(entry, Map) else text_of(entry)
            result.append(name)
            places[f"{key}.{name}"] = Place(self.file, at)
        return tuple(result)

    def _note(self, places: dict[str, Place], path: str, tree: Map) -> None:
        prefix = f"{path}." if path else ""
        for key, line in tree.lines.items():
            places[prefix + key] = Place(self.file, line)

    def _fault(self, message: object, line: int) -> None:
        self.faults.append(ComposeError(str(message), line))

    def _duration(self, tree: Map, key: str) -> int | None:
        value = tree.get(key)
        if value is None:
            return None
        try:
            if not isinstance(value, str):
                raise ValueError(f"invalid type for duration: {text_of(value)}")  # noqa: TRY004, TRY301
            return nanoseconds(value)
        except ValueError as error:
            self._fault(f"error decoding '{key}': {error}", tree.line_of(key))
            return None

    def _count(self, tree: Map, key: str) -> int | None:
        value = tree.get(key)
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            return None
        if value < 0:
            self._fault(f"cannot parse '{key}', {text_of(value)} overflows uint", tree.line_of(key))
            return None
        return to_uint64(value) if isinstance(value, float) else value

    def _size(self, tree: Map, key: str) -> int:
        value = tree.get(key)
        if not isinstance(value, str):
            return 0
        try:
            return size(value)
        except ValueError as error:
            self._fault(f"error decoding '{key}': {error}", tree.line_of(key))
            return 0

    def _update(self, tree: object) -> UpdateConfig | None:
        if not isinstance(tree, Map):
            return None
        ratio = tree.get("max_failure_ratio")
        return UpdateConfig(
            parallelism=self._count(tree, "parallelism"),
            delay=self._duration(tree, "delay") or 0,
            failure_action=_text(tree, "failure_action"),
            monitor=self._duration(tree, "monitor") or 0,
            max_failure_ratio=to_float32(ratio) if isinstance(ratio, (int, float)) else 0.0,
            order=_text(tree, "order"),
        )

    def _restart(self, tree: Map) -> RestartPolicy:
        return RestartPolicy(
            condition=_text(tree, "condition"),
            delay=self._duration(tree, "delay"),
            max_attempts=self._count(tree, "max_attempts"),
            window=self._duration(tree, "window"),
        )

    def _health(self, tree: Map) -> Healthcheck:
        test = tree.get("test")
        words = ("CMD-SHELL", test) if isinstance(test, str) else _names(tree, "test")
        self._duration(tree, "start_interval")
        return Healthcheck(
            test=words,
            interval=self._duration(tree, "interval"),
            timeout=self._duration(tree, "timeout"),
            retries=self._count(tree, "retries"),
            start_period=self._duration(tree, "start_period"),
            disable=tree.get("disable") is True,
        )

    def _ports(self, value: object, line: int, places: dict[str, Place]) -> tuple[Port, ...] | None:
        if not isinstance(value, Seq):
            return None
        if self._ports_left < 0:
            return ()
        result: list[Port] = []
        for entry, at in value.located():
            before = len(result)
            try:
                if isinstance(entry, Map):
                    result.append(self._port(entry))
                elif isinstance(entry, (str, int)) and not isinstance(entry, bool):
                    result += ports(str(entry))
                else:
                    raise ValueError(f"invalid type for port: {text_of(entry)}")  # noqa: TRY004, TRY301
            except ValueError as error:
                self._fault(f"error decoding 'Ports': {error}", at or line)
            self._ports_left -= len(result) - before
            if self._ports_left < 0:
                self.faults.append(
                    TooMuchError(f"more than {_MOST_PORTS} ports: not followed", at or line)
                )
                break
            for port in result[before:]:
                places[f"ports.{port.published}"] = Place(self.file, at)
        return tuple(result)

    def _port(self, tree: Map) -> Port:
        return Port(
            target=(self._count(tree, "target") or 0) % 2**32,
            published=(self._count(tree, "published") or 0) % 2**32,
            protocol=_text(tree, "protocol"),
            mode=_text(tree, "mode"),
        )

    def _mounts(
        self, value: object, line: int, places: dict[str, Place]
    ) -> tuple[Mount, ...] | None:
        if not isinstance(value, Seq):
            return None
        result: list[Mount] = []
        for entry, at in value.located():
            try:
                if isinstance(entry, Map):
                    one = Mount(
                        target=_text(entry, "target"),
                        source=_text(entry, "source"),
                        type=_text(entry, "type"),
                        read_only=entry.get("read_only") is True,
                        options=OPTIONS_OF_MOUNTS & entry.keys(),
                    )
                elif isinstance(entry, str):
                    one = mount(entry)
                else:
                    raise ValueError(f"invalid type for service volume: {text_of(entry)}")  # noqa: TRY004, TRY301
                if one.type == "bind" and not one.source:
                    raise ValueError(  # noqa: TRY301
                        'invalid mount config for type "bind": field Source must not be empty'
                    )
            except ValueError as error:
                self._fault(error, at or line)
                continue
            result.append(one)
            places[f"volumes.{one.target}"] = Place(self.file, at)
        return tuple(result)

    def _texts(self, tree: Map) -> None:
        """Check what docker's schema lets through and its decoder does not."""
        for key in ("command", "entrypoint"):
            value = tree.get(key)
            if isinstance(value, str):
                try:
                    check_words(value)
                except ValueError as error:
                    self._fault(f"error decoding '{key}': {error}", tree.line_of(key))
        if isinstance(amount := tree.get("shm_size"), (int, float, Timestamp)):
            kind = "time.Time" if isinstance(amount, Timestamp) else "int"
            self._fault(
                f"'shm_size' expected type 'string', got unconvertible type '{kind}'",
                tree.line_of("shm_size"),
            )
        for name, value in _map(tree, "ulimits").items():
            limits = value.values() if isinstance(value, Map) else (value,)
            if value is not None and not all(map(_is_integer, limits)):
                self._fault(f"invalid type for ulimits: {name}", tree.line_of("ulimits"))
            elif isinstance(value, Map) and not {"soft", "hard"} <= value.keys():
                self._fault(f"ulimits: {name} needs soft and hard", tree.line_of("ulimits"))
        for line in dates(tree, tree.line):
            self._fault("expected type 'string', got unconvertible type 'time.Time'", line)


def _is_integer(value: object) -> bool:
    # Go reads what 63 bits do not hold as another type.
    return type(value) is int and value < 2**63


def _map(tree: Map, key: str) -> Map:
    value = tree.get(key)
    return value if isinstance(value, Map) else Map(tree.line)


def _names(tree: Map, key: str) -> tuple[str, ...]:
    value = tree.get(key)
    return tuple(str(each) for each in value) if isinstance(value, (Map, Seq)) else ()


def _pairs(value: object) -> dict[str, str | None]:
    """Return a mapping, or a list of `KEY=VALUE`, as docker reads it: a key alone has no value."""
    if isinstance(value, Map):
        return {key: None if entry is None else text_of(entry) for key, entry in value.items()}
    result: dict[str, str | None] = {}
    for entry in value if isinstance(value, Seq) else ():
        key, separator, text = text_of(entry).partition("=")
        result[key] = text if separator else None
    return result


def _labels(value: object) -> dict[str, str]:
    """Return labels, of which one without a value has an empty one."""
    return {key: text or "" for key, text in _pairs(value).items()}


def _text(tree: Map, key: str) -> str:
    value = tree.get(key)
    return value if isinstance(value, str) else ""
