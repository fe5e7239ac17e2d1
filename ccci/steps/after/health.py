"""Does the app answer? Asked inside its task's container, or through a published port."""

import re
import socket
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from urllib.parse import urlsplit

from ccci.errors import CcciError, CommandFailed, DeployRefused, UsageError
from ccci.host import clock, docker_cli
from ccci.swarm.decode import containers, nodes, tasks
from ccci.swarm.decode.info import Info
from ccci.swarm.decode.listed import listed
from ccci.swarm.decode.services import ServiceEntry
from ccci.swarm.decode.tasks import TaskEntry
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine import logs
from ccci.swarm.engine.client import Engine
from ccci.swarm.exit_codes import NOT_EXECUTABLE, NOT_FOUND

PATH_LABEL = "ccci.health-path"
STATUS_LABEL = "ccci.health-status"
_DEFAULT = "200,301,302"
HEALTH_PATIENCE = 30.0
_PAUSE = 1.0
_ANSWER_WITHIN = 5
_LOG_LINES = 30
_LOG_WITHIN = 5.0
_STATUS = re.compile(r"HTTP/\S+ (\d{3})")
# Behind any interim answers (RFC 9110 15.2), each of which ends with an empty line.
_FINAL_STATUS = re.compile(
    rb"(?:HTTP/\S{1,8} 1\d\d[^\n]*\n(?:[^\r\n][^\n]*\n)*\r?\n)*HTTP/\S{1,8} ([2-5]\d\d)[ \r\n]"
)
_PORT = re.compile(r"[1-9]\d{0,4}")
_TRAEFIK_PORT = re.compile(r"traefik\.http\.services\..+\.loadbalancer\.server\.port")
_ABSENT_TOOL = {NOT_EXECUTABLE, NOT_FOUND}
_STATUS_NUMBER = re.compile(r"[1-5]\d\d")
_SHOWN = 60
_LONGEST_WORDS = 200
_MOST_SAID = 64 * 1024
"""Bytes that a tool of the image may print: an answer's headers."""


@dataclass(frozen=True, slots=True)
class HealthPath:
    """A path that has to answer with one of these statuses."""

    path: str
    statuses: frozenset[int]


def wanted(path: str | None, statuses: str, labels: Mapping[str, str]) -> HealthPath | None:
    """Return what is to be asked: by the options, else by the recipe's labels, else nothing.

    Raise UsageError for an option that is no path or no list of statuses, DeployRefused for a label
    of the recipe that is none.
    """
    found = path or labels.get(PATH_LABEL)
    if not found:
        return None
    if not found.startswith("/") or not (found.isascii() and found.isprintable()) or " " in found:
        told = f"{found[:_SHOWN]!r} is no path"
        if path:
            raise UsageError(f"--health-path {told}", "it begins with /, as in /status")
        raise DeployRefused(f"the label {PATH_LABEL}: {told}", "it begins with /, as in /status")
    text = statuses or labels.get(STATUS_LABEL) or _DEFAULT
    numbers = [part.strip() for part in text.split(",")]
    if not all(_STATUS_NUMBER.fullmatch(part) for part in numbers):
        told = f"{text[:_SHOWN]!r} is no list of statuses"
        if statuses:
            raise UsageError(f"--health-status {told}", "write 200,302")
        raise DeployRefused(f"the label {STATUS_LABEL}: {told}", "write 200,302")
    return HealthPath(found, frozenset(int(part) for part in numbers))


def front(
    labels: Mapping[str, Mapping[str, str]],
    publishing: Sequence[str],
    carrier: str,
    named: str | None = None,
) -> str:
    """Return the service that answers for the app: which is often not the one named `app`.

    It is the one `named`, else one that traefik's labels give a port (nginx before a php-fpm, say),
    else one that publishes a port; the `carrier` of the commit's label before others, and where
    there is none of these. `labels` are each service's. Raise UsageError where there is none named
    so.
    """
    if named is not None:
        if named not in labels:
            raise UsageError(
                f"--health-service {named} is no service of this commit",
                f"it has {', '.join(labels)}",
            )
        return named
    routed = [name for name, own in labels.items() if _routed_port(own) is not None]
    for candidates in (routed, [name for name in labels if name in publishing]):
        if candidates:
            return carrier if carrier in candidates else candidates[0]
    return carrier


def _routed_port(labels: Mapping[str, str]) -> int | None:
    """Return the port that traefik is told to reach a service at, or None."""
    for key, value in labels.items():
        if _TRAEFIK_PORT.fullmatch(key) and _PORT.fullmatch(str(value)):
            return int(value)
    return None


def ask(
    engine: Engine, service: str, health: HealthPath, *, patience: float = HEALTH_PATIENCE
) -> str | None:
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


def last_words(engine: Engine, service: str) -> tuple[str | None, tuple[str, ...]]:
    """Return a task of a service that runs, and the last lines of its log; none where none can."""
    with suppress(CcciError):
        (found,) = engine.services(filters={"name": [service]})[:1] or (None,)
        for task in _running(engine, listed(found).id) if found else ():
            raw, _ = engine.raw_logs("tasks", task.id, tail=_LOG_LINES, timeout=_LOG_WITHIN)
            return task.id, logs.lines(raw, tail=_LOG_LINES)
    return None, ()


def _answer(engine: Engine, service: str, health: HealthPath) -> str:
    """Return the status as text, or why there was none."""
    (found,) = engine.services(filters={"name": [service]})[:1] or (None,)
    if found is None or listed(found).name != service:
        return "nothing: the service is gone"
    asked = ServiceEntry(found)
    running = _running(engine, asked.listed.id)
    for task in running:
        # None on another node.
        container = engine.container(task.container)
        if container is not None:
            port = _port(asked, container)
            if port is None:
                continue
            url = f"http://127.0.0.1:{port}{health.path}"
            said = _inside(engine, containers.identifier(container), url)
            if said is not None:
                return said
    said = None
    for host, port in _published(engine, asked, running):
        said = _outside(host, port, health.path)
        if said.isdecimal():
            return said
    if said is not None:
        return said
    raise CcciError(
        f"{service} cannot be asked for {health.path}: it publishes no port, and no task of it on "
        "this node has wget or curl in its image and a port that traefik's labels or EXPOSE name",
        "publish a port in an overlay, name another one with --health-service, or leave "
        "--health-path out",
    )


def _running(engine: Engine, service: str) -> list[TaskEntry]:
    """Return the tasks of a service that run and are to run, each with a container."""
    wanted_tasks = {"service": [service], "desired-state": ["running"]}
    return [task for task in tasks.entries(engine.tasks(filters=wanted_tasks)) if task.runs]


def _port(service: ServiceEntry, container: OwnJson) -> int | None:
    """Return the port the app listens on: as traefik is told, as published, as its image says.

    None where nothing says it: a guess would call a good release broken.
    """
    routed = _routed_port(service.listed.labels)
    if routed is not None:
        return routed
    targets = [target for port in service.ports if (target := port.target)]
    exposed = [each.removesuffix("/tcp") for each in containers.exposed(container)]
    # EXPOSE has no order that would mean anything, and an image may write what it likes there.
    listening = sorted(int(each) for each in exposed if _PORT.fullmatch(each))
    return next(iter((*targets, *listening)), None)


def _published(
    engine: Engine, service: ServiceEntry, running: Iterable[TaskEntry]
) -> Iterator[tuple[str, int]]:
    """Yield each host and port where the service may be reached from here.

    The routing mesh listens on every node, a port in host mode on its task's node alone.
    """
    info = engine.info()
    # An Engine in a network namespace of its own is reached at its node's address only.
    near = tuple(dict.fromkeys((_host(engine), Info(info).node_address or _host(engine))))
    for port in service.ports:
        if port.number and not port.on_host and port.target:
            yield from ((host, port.number) for host in near)
    addresses = nodes.addresses(engine.nodes())
    for task in running:
        hosts = near if task.is_beside(info) else (addresses.get(task.node),)
        for port in task.ports:
            if port.number and port.target:
                yield from ((host, port.number) for host in hosts if host)


def _inside(engine: Engine, container: str, url: str) -> str | None:
    """Ask with the image's own wget or curl; None where it has neither."""
    # No -T: the wget of a busybox built without that feature dies of it (Debian's 1.35).
    tools = (
        ("wget", "-S", "-O", "/dev/null", url),
        ("curl", "-s", "-o", "/dev/null", "-D", "-", "-m", str(_ANSWER_WITHIN), url),
    )
    for words in tools:
        try:
            finished = docker_cli.run(
                ("exec", container, *words),
                env=docker_cli.environment(engine.environment()),
                timeout=_ANSWER_WITHIN * 3.0,
                check=False,
                most=_MOST_SAID,
            )
        except CommandFailed as error:
            return f"nothing ({error.message})"
        if finished.code in _ABSENT_TOOL:
            continue
        # The first answer counts: 302 is an answer, even where the tool follows it.
        found = _STATUS.search(finished.stdout + finished.stderr)
        return found[1] if found else f"nothing ({finished.tail(1)[:_LONGEST_WORDS]})"
    return None


def _outside(host: str, port: int, path: str) -> str:
    """Return the status of what answers there, or why there was none.

    The whole answer has its time, not each byte of it.
    """
    until = clock.monotonic() + _ANSWER_WITHIN
    named = f"[{host}]" if ":" in host else host
    asked = f"GET {path} HTTP/1.1\r\nHost: {named}:{port}\r\nConnection: close\r\n\r\n"
    said = b""
    try:
        with socket.create_connection((host, port), timeout=_ANSWER_WITHIN) as connection:
            connection.sendall(asked.encode("ascii"))
            while len(said) < _MOST_SAID:
                connection.settimeout(max(0.001, until - clock.monotonic()))
                chunk = connection.recv(4096)
                said += chunk
                found = _FINAL_STATUS.match(said)
                if found is not None:
                    return found[1].decode("ascii")
                if not chunk:
                    break
    except OSError as error:
        return f"nothing ({error})"
    return "nothing (what answers there speaks no HTTP)" if said else "nothing (it hung up)"


def _host(engine: Engine) -> str:
    """Return the host that a published port is reached at."""
    address = urlsplit(engine.host)
    return address.hostname or "127.0.0.1"
