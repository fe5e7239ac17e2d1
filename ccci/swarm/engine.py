"""The Docker Engine: a small client with a timeout on every call, for all who need it.

The SDK is used through `transport`, imported when it is needed. Answers are decoded JSON as the
Engine gave it; `decode` makes values of them. An Engine object belongs to one
thread: `sibling` makes one for another.
"""

import base64
import os
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self, cast
from urllib.parse import quote

from ccci.clock import monotonic
from ccci.errors import EngineError, EngineUnavailable
from ccci.swarm import refusals
from ccci.swarm.endpoint import Endpoint, choose

if TYPE_CHECKING:
    import requests

    from ccci.swarm.transport import Stream

Json = dict[str, Any]
WRITTEN_AGAINST = (1, 51)
OLDEST = (1, 41)
STACK_LABEL = "com.docker.stack.namespace"


@dataclass(frozen=True, slots=True)
class Answer:
    """An answer, and the Engine's own time of it as its `Date` header says (whole seconds)."""

    value: Any
    date: str | None


class Engine:
    """A Docker Engine that was reached once; see `connect`.

    `timeout`, in seconds, is each call's that names no other.
    """

    def __init__(self, endpoint: Endpoint, timeout: float, version: str = "") -> None:
        self._endpoint = endpoint
        self.timeout = timeout
        from ccci.swarm.transport import Transport

        self._transport = Transport(endpoint, timeout)
        self.api_version = version

    @classmethod
    def connect(cls, *, timeout: float = 10.0, environ: Mapping[str, str] = os.environ) -> "Engine":
        """Reach the Engine that the docker CLI would choose and agree on an API version.

        `timeout` is in seconds, for every call. Raise EngineUnavailable with the reason.
        """
        engine = cls(choose(environ), timeout)
        try:
            engine.api_version = _negotiate(engine.get("/version"))
        except EngineError as error:
            engine.close()
            raise refusals.unavailable(error, engine.host) from error
        except BaseException:
            engine.close()
            raise
        return engine

    def sibling(self, timeout: float | None = None) -> "Engine":
        """Return the same Engine with a session of its own, for another thread."""
        return Engine(self._endpoint, timeout or self.timeout, self.api_version)

    @property
    def host(self) -> str:
        """Return the address, as `DOCKER_HOST` would have it."""
        return self._endpoint.host

    def environment(self) -> dict[str, str]:
        """Return the variables that make a child process choose this Engine."""
        return dict(self._endpoint.environment)

    def close(self) -> None:
        """Close its connections; a later call opens them again."""
        self._transport.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    # Any request.

    def get(
        self, path: str, *, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> Any:  # noqa: ANN401 -- JSON
        """Return what GET answers, as decoded JSON.

        A parameter that is a mapping is sent as JSON, a boolean as 0 or 1. Raise EngineError when
        the Engine refuses, ConnectionLost when it gives no answer, EngineUnavailable when it
        cannot be used at all (permission, not a manager, TLS).
        """
        return self.answer(path, params=params, timeout=timeout).value

    def answer(
        self, path: str, *, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> Answer:
        """Return what GET answers with the Engine's time of it; raises as `get` does."""
        return _answer(self._request("GET", path, params, timeout=timeout))

    def post(
        self,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:  # noqa: ANN401 -- JSON
        """Send `body` as JSON with POST and return the answer; raises as `get` does."""
        return _answer(self._request("POST", path, params, body=body, timeout=timeout)).value

    def delete(
        self, path: str, *, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> None:
        """Delete what `path` names; raises as `get` does."""
        _answer(self._request("DELETE", path, params, timeout=timeout))

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        *,
        body: object = None,
        timeout: float | None = None,
        stream: bool = False,
    ) -> "requests.Response":
        version = f"/v{self.api_version}" if self.api_version else ""
        return self._transport.request(
            method,
            version + path,
            params,
            body=body,
            timeout=timeout or self.timeout,
            stream=stream,
        )

    # What several parts of ccci ask.

    def require_manager(self) -> None:
        """Raise EngineUnavailable unless this Engine is a manager of a swarm."""
        refusals.check_manager(self.info().get("Swarm") or {})

    def version(self) -> Json:
        """Return what the Engine says of its version."""
        return cast("Json", self.get("/version"))

    def info(self) -> Json:
        """Return what the Engine says of itself."""
        return cast("Json", self.get("/info"))

    def services(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[Json]:
        """Return the services of a stack, or all."""
        return self._listing("/services", stack, filters)

    def tasks(self, filters: Mapping[str, list[str]] | None = None) -> list[Json]:
        """Return the tasks that the filters let through."""
        return self._listing("/tasks", None, filters)

    def nodes(self) -> list[Json]:
        """Return the nodes of the swarm."""
        return self._listing("/nodes", None, None)

    def networks(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[Json]:
        """Return the networks of a stack, or all."""
        return self._listing("/networks", stack, filters)

    def volumes(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[Json]:
        """Return the volumes, of the node asked alone, of a stack, or all."""
        params = {"filters": _filters(stack, filters)}
        return cast("list[Json]", self.get("/volumes", params=params).get("Volumes") or [])

    def configs(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[Json]:
        """Return the configs of a stack, or all."""
        return self._listing("/configs", stack, filters)

    def secrets(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[Json]:
        """Return the secrets of a stack, or all; never their content."""
        return self._listing("/secrets", stack, filters)

    def containers(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[Json]:
        """Return the containers, ended ones too, of the node asked alone."""
        params = {"filters": _filters(stack, filters), "all": True}
        return cast("list[Json]", self.get("/containers/json", params=params) or [])

    def _listing(
        self, path: str, stack: str | None, filters: Mapping[str, list[str]] | None
    ) -> list[Json]:
        params = {"filters": _filters(stack, filters)}
        return cast("list[Json]", self.get(path, params=params) or [])

    def image(self, name: str) -> Json | None:
        """Return the inspection of an image, or None where the Engine does not have it."""
        return self._inspection(f"/images/{quote(name, safe='/:@')}/json")

    def container(self, container: str, timeout: float | None = None) -> Json | None:
        """Return the inspection of a container, or None where this node does not have it."""
        return self._inspection(f"/containers/{quote(container, safe='')}/json", timeout)

    def config(self, name: str) -> Json | None:
        """Return a config by id or name, or None."""
        return self._inspection(f"/configs/{quote(name, safe='')}")

    def _inspection(self, path: str, timeout: float | None = None) -> Json | None:
        try:
            return cast("Json", self.get(path, timeout=timeout))
        except EngineError as error:
            if error.status == 404:  # noqa: PLR2004
                return None
            raise

    def create_config(self, name: str, data: bytes, labels: Mapping[str, str]) -> str:
        """Create a config and return its id. Raise EngineError 409 when the name is taken."""
        body = {"Name": name, "Labels": dict(labels), "Data": base64.b64encode(data).decode()}
        return str(self.post("/configs/create", body=body)["ID"])

    def update_config(self, config: str, version: int, spec: Json) -> None:
        """Replace a config's spec (Swarm lets only labels change) if its version is still this.

        Raise EngineError, "update out of sequence", when it is not.
        """
        path = f"/configs/{quote(config, safe='')}/update"
        self.post(path, params={"version": version}, body=spec)

    def remove_config(self, config: str) -> None:
        """Remove a config. Raise EngineError 404 when it is gone."""
        self.delete(f"/configs/{quote(config, safe='')}")

    def raw_logs(
        self, kind: str, identifier: str, *, tail: int = 30, timeout: float = 2.0
    ) -> tuple[bytes, bool]:
        """Return the last log of a container or task, and whether all of it came in time.

        `kind` is `containers` or `tasks`; the bytes are as `logs.lines` reads them. Logs of a node
        that went away hang (moby 37336), so what came until `timeout` seconds is kept.
        """
        from ccci.swarm.transport import Stream

        until = monotonic() + timeout
        params = {"stdout": True, "stderr": True, "tail": tail}
        path = f"/{kind}/{quote(identifier, safe='')}/logs"
        stream = Stream(self._request("GET", path, params, timeout=timeout, stream=True))
        return stream.collect(until)

    def events(self, filters: Mapping[str, list[str]]) -> "Stream":
        """Subscribe to the Engine's events; the connection stands when this returns."""
        from ccci.swarm.transport import Stream

        response = self._request("GET", "/events", {"filters": dict(filters)}, stream=True)
        return Stream(response).unlimited()


def _negotiate(version: Json | None) -> str:
    """Return the highest API version both sides know; engine 29 refuses those below 1.44."""
    version = version or {}
    newest, oldest = (_numbers(version.get(key) or "") for key in ("ApiVersion", "MinAPIVersion"))
    if newest < OLDEST:
        raise EngineUnavailable(
            f"the Engine speaks API {version.get('ApiVersion')}, ccci needs 1.41 (Engine 20.10)",
            "upgrade the Docker Engine",
        )
    return ".".join(map(str, max(min(newest, WRITTEN_AGAINST), oldest)))


def _numbers(version: str) -> tuple[int, ...]:
    try:
        return tuple(int(part) for part in version.split("."))
    except ValueError:
        return (0,)


def _filters(stack: str | None, filters: Mapping[str, list[str]] | None) -> dict[str, list[str]]:
    found = {key: list(values) for key, values in (filters or {}).items()}
    if stack is not None:
        found["label"] = [*found.get("label", []), f"{STACK_LABEL}={stack}"]
    return found


def _answer(response: "requests.Response") -> Answer:
    if not response.content.strip():
        return Answer(None, response.headers.get("Date"))
    try:
        return Answer(response.json(), response.headers.get("Date"))
    except ValueError as error:
        raise EngineError(
            response.status_code, f"the Engine's answer is no JSON: {error}"
        ) from None
