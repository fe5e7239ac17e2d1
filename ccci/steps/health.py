"""Does the app answer? Asked inside its task's container, or through a published port."""

import http.client
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from ccci import clock
from ccci.errors import CcciError, CommandFailed, UsageError
from ccci.process import run
from ccci.swarm.engine import Engine, Json

PATH_LABEL = "ccci.health-path"
STATUS_LABEL = "ccci.health-status"
_DEFAULT = "200,301,302"
_PATIENCE = 30.0
_PAUSE = 1.0
_ANSWER_WITHIN = 5
_STATUS = re.compile(r"HTTP/\S+ (\d{3})")
_TRAEFIK_PORT = re.compile(r"traefik\.http\.services\..+\.loadbalancer\.server\.port")
_ABSENT_TOOL = {126, 127}
_HIGHEST_STATUS = 599
_HTTP = 80


@dataclass(frozen=True, slots=True)
class Health:
    """A path that has to answer with one of these statuses."""

    path: str
    statuses: frozenset[int]


def wanted(path: str | None, statuses: str, labels: Mapping[str, str]) -> Health | None:
    """Return what is to be asked: by the options, else by the recipe's labels, else nothing.

    Raise UsageError for what is no path or no status.
    """
    found = path or labels.get(PATH_LABEL)
    if not found:
        return None
    if not found.startswith("/") or any(character.isspace() for character in found):
        raise UsageError(f"--health-path {found!r} is no path", "it begins with /, as in /status")
    text = statuses or labels.get(STATUS_LABEL) or _DEFAULT
    numbers = [part.strip() for part in text.split(",")]
    if not all(part.isdecimal() and 100 <= int(part) <= _HIGHEST_STATUS for part in numbers):  # noqa: PLR2004
        raise UsageError(f"--health-status {text!r} is no list of statuses", "write 200,302")
    return Health(found, frozenset(int(part) for part in numbers))


def ask(engine: Engine, service: str, health: Health, *, patience: float = _PATIENCE) -> str | None:
    """Return None once the service answers as wanted, else what it did say, after `patience`.

    `service` is its full name on the swarm. Raise CcciError where there is no way to ask it.
    """
    until = clock.monotonic() + patience
    while True:
        said = _answer(engine, service, health)
        if said in {str(status) for status in health.statuses}:
            return None
        if clock.monotonic() >= until:
            wanted_words = ", ".join(str(status) for status in sorted(health.statuses))
            return f"{health.path} answers {said}, not {wanted_words}"
        clock.sleep(_PAUSE)


def _answer(engine: Engine, service: str, health: Health) -> str:
    """Return the status as text, or why there was none."""
    (found,) = engine.services(filters={"name": [service]})[:1] or (None,)
    if found is None or found["Spec"]["Name"] != service:
        return "nothing: the service is gone"
    tasks = _running(engine, found["ID"])
    for task in tasks:
        # None on another node.
        container = engine.container(task["Status"]["ContainerStatus"]["ContainerID"])
        if container is not None:
            url = f"http://127.0.0.1:{_port(found, container)}{health.path}"
            said = _inside(engine, container["Id"], url)
            if said is not None:
                return said
    said = None
    for host, port in _published(engine, found, tasks):
        said = _outside(host, port, health.path)
        if said.isdecimal():
            return said
    if said is not None:
        return said
    raise CcciError(
        f"{service} cannot be asked for {health.path}: no task of it runs on this node with wget "
        "or curl in its image, and it publishes no port",
        "publish a port in an overlay, or leave --health-path out",
    )


def _running(engine: Engine, service: str) -> list[Json]:
    """Return the tasks of a service that run and are to run, each with a container."""
    wanted_tasks = {"service": [service], "desired-state": ["running"]}
    return [
        task
        for task in engine.tasks(filters=wanted_tasks)
        if task["Status"].get("State") == "running"
        and (task["Status"].get("ContainerStatus") or {}).get("ContainerID")
    ]


def _port(service: Json, container: Json) -> int:
    """Return the port the app listens on: as traefik is told, as published, as its image says."""
    for key, value in (service["Spec"].get("Labels") or {}).items():
        if _TRAEFIK_PORT.fullmatch(key) and str(value).isdecimal():
            return int(value)
    published = ((service.get("Endpoint") or {}).get("Ports")) or ()
    targets = [int(port["TargetPort"]) for port in published if _is_tcp(port)]
    exposed = (container.get("Config") or {}).get("ExposedPorts") or {}
    # EXPOSE has no order that would mean anything.
    listed = sorted(int(text[:-4]) for text in exposed if text.endswith("/tcp"))
    return next(iter((*targets, *listed)), _HTTP)


def _published(engine: Engine, service: Json, tasks: Iterable[Json]) -> Iterator[tuple[str, int]]:
    """Yield each host and port where the service may be reached from here.

    The routing mesh listens on every node, a port in host mode on its task's node alone.
    """
    swarm = engine.info().get("Swarm") or {}
    # An Engine in a network namespace of its own is reached at its node's address only.
    near = tuple(dict.fromkeys((_host(engine), swarm.get("NodeAddr") or _host(engine))))
    for port in (service.get("Endpoint") or {}).get("Ports") or ():
        if port.get("PublishMode") != "host" and port.get("PublishedPort") and _is_tcp(port):
            yield from ((host, int(port["PublishedPort"])) for host in near)
    addresses = {node["ID"]: (node.get("Status") or {}).get("Addr") for node in engine.nodes()}
    for task in tasks:
        local = task.get("NodeID") == swarm.get("NodeID")
        hosts = near if local else (addresses.get(task.get("NodeID")),)
        for port in (task["Status"].get("PortStatus") or {}).get("Ports") or ():
            if port.get("PublishedPort") and _is_tcp(port):
                yield from ((host, int(port["PublishedPort"])) for host in hosts if host)


def _is_tcp(port: Json) -> bool:
    return bool(port.get("TargetPort")) and port.get("Protocol", "tcp") == "tcp"


def _inside(engine: Engine, container: str, url: str) -> str | None:
    """Ask with the image's own wget or curl; None where it has neither."""
    # No -T: the wget of a busybox built without that feature dies of it (Debian's 1.35).
    tools = (
        ("wget", "-S", "-O", "/dev/null", url),
        ("curl", "-s", "-o", "/dev/null", "-D", "-", "-m", str(_ANSWER_WITHIN), url),
    )
    for words in tools:
        try:
            finished = run(
                ("docker", "exec", container, *words),
                env=_environment(engine),
                timeout=_ANSWER_WITHIN * 3.0,
                check=False,
            )
        except CommandFailed as error:
            return f"nothing ({error.message})"
        if finished.code in _ABSENT_TOOL:
            continue
        # The first answer counts: 302 is an answer, even where the tool follows it.
        found = _STATUS.search(finished.stdout + finished.stderr)
        return found[1] if found else f"nothing ({finished.tail(1)})"
    return None


def _environment(engine: Engine) -> dict[str, str]:
    from ccci.deployers.plan import command_environment

    return command_environment({}, engine.environment())


def _outside(host: str, port: int, path: str) -> str:
    connection = http.client.HTTPConnection(host, port, timeout=_ANSWER_WITHIN)
    try:
        connection.request("GET", path)
        return str(connection.getresponse().status)
    except (OSError, http.client.HTTPException) as error:
        return f"nothing ({error})"
    finally:
        connection.close()


def _host(engine: Engine) -> str:
    """Return the host that a published port is reached at."""
    address = urlsplit(engine.host)
    return address.hostname or "127.0.0.1"
