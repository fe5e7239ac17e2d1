"""Why the Engine cannot be used, in words with a next step. Pure: errors in, errors out."""

import json
import ssl
from collections.abc import Iterator

from ccci.errors import ConnectionLost, EngineError, EngineUnavailable, ToolMissing
from ccci.swarm.decode.info import Membership

# Texts of moby daemon/cluster/errors.go, of which status 503 alone tells nothing: a manager that
# has no leader at the moment answers so, too.
_NOT_A_MANAGER = "This node is not a swarm manager"
_WORKER = "Worker nodes can't be used"
_LOCKED = "Swarm is encrypted and needs to be unlocked"
_EXPIRED = "Swarm certificates have expired"


def lost(error: BaseException, host: str, patience: float) -> EngineError | EngineUnavailable:
    """Return what an error of the transport means: a lost connection, or one refused for good."""
    causes = list(_chain(error))
    for cause in causes:
        if refusal := _refusal(cause, host):
            return refusal
    if any(isinstance(cause, TimeoutError) or "timed out" in str(cause) for cause in causes):
        return ConnectionLost(f"the Docker Engine at {host} did not answer within {patience:g} s")
    return ConnectionLost(f"the connection to the Docker Engine at {host} failed: {causes[-1]}")


def _refusal(cause: BaseException, host: str) -> EngineError | EngineUnavailable | None:
    start = "start the Docker Engine, or set DOCKER_HOST to one that runs"
    match cause:
        case PermissionError():
            return EngineUnavailable(
                f"no permission to use the Docker Engine at {host}",
                "run as a user of the socket's group (usually `docker`), or as root",
            )
        case ssl.SSLError():
            return EngineUnavailable(
                f"TLS with the Docker Engine at {host} failed: {cause}",
                "check DOCKER_TLS_VERIFY and the certificates in DOCKER_CERT_PATH",
            )
        case ToolMissing():
            return EngineUnavailable(cause.message, cause.hint)
        case FileNotFoundError():
            return ConnectionLost(f"there is no Docker Engine at {host}: no such socket", start)
        case ConnectionRefusedError():
            return ConnectionLost(f"the Docker Engine at {host} refuses connections", start)
    return None


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error and what it was made from, which requests keeps as an argument."""
    seen: set[int] = set()
    found = [error]
    while found:
        each = found.pop(0)
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        inner = (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args)
        found += [cause for cause in inner if isinstance(cause, BaseException)]


def refused(status: int, text: str) -> EngineError | EngineUnavailable:
    """Return what an HTTP error of the Engine means."""
    message = _message(text) or f"the Engine answered with status {status}"
    if _NOT_A_MANAGER in message:
        return not_a_manager(worker=_WORKER in message)
    if _LOCKED in message:
        return EngineUnavailable("the swarm is locked", "run `docker swarm unlock` on this manager")
    if _EXPIRED in message:
        return EngineUnavailable(
            "the swarm's certificates have expired",
            "see `docker swarm ca --rotate`, and the clocks of the nodes",
        )
    return EngineError(status, message)


def _message(text: str) -> str:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return text.strip()[:500]
    return str(said.get("message", "")).strip() if isinstance(said, dict) else ""


def not_a_manager(*, worker: bool) -> EngineUnavailable:
    """Return the error of an Engine that cannot show the swarm."""
    if worker:
        return EngineUnavailable(
            "the Docker Engine is a worker of its swarm, not a manager",
            "set DOCKER_HOST to a manager, or run `docker node promote` for this node there",
        )
    return EngineUnavailable(
        "the Docker Engine is not in swarm mode",
        "run `docker swarm init`, set DOCKER_HOST to a manager, or start `ccci sandbox up`",
    )


def check_manager(swarm: Membership) -> None:
    """Raise EngineUnavailable unless an Engine says that it is a usable manager."""
    if swarm.state == "locked":
        raise refused(503, _LOCKED)
    if swarm.state in {"inactive", "pending"}:
        raise not_a_manager(worker=False)
    if not swarm.is_manager:
        if swarm.error:
            raise EngineUnavailable(
                f"the swarm cannot be used: {swarm.error}",
                "see `docker info`, and whether most managers are up",
            )
        raise not_a_manager(worker=True)


def unavailable(error: EngineError, host: str) -> EngineUnavailable:
    """Return why the first word with an Engine failed."""
    if "HTTP request to an HTTPS server" in error.message:
        return EngineUnavailable(
            f"the Docker Engine at {host} wants TLS",
            "set DOCKER_TLS_VERIFY=1, and DOCKER_CERT_PATH to the folder of the certificates",
        )
    if host.startswith("ssh://"):
        ssh = f"see whether `ssh {host.removeprefix('ssh://')} docker system dial-stdio` works"
        return EngineUnavailable(error.message, ssh)
    hint = error.hint or "see whether this is a Docker Engine: `docker version`"
    return EngineUnavailable(error.message, hint)
