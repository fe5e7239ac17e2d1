"""The Docker Engine: a small client with a time limit on every call, for all who need it.

HTTP is spoken by `transport`, imported when it is needed. Answers are decoded JSON as the
Engine gave it; `decode` makes values of them. An Engine is one thread's: `sibling` makes another.
"""

import base64
import os
from collections.abc import Mapping
from functools import partial
from typing import Any, Self
from urllib.parse import quote

from ccci.errors import ConnectionLost, EngineError
from ccci.host.clock import monotonic
from ccci.swarm.decode.info import membership, version
from ccci.swarm.decode.typed import OwnJson
from ccci.swarm.engine import answers, errors
from ccci.swarm.engine.answers import Answer, Passed
from ccci.swarm.engine.endpoint import Endpoint, choose
from ccci.swarm.engine.stream import Stream
from ccci.swarm.engine.transport import Transport

_quoted = partial(quote, safe="", errors="replace")  # whatever an Engine or a spec names

LARGEST_LOG = 4 * 2**20
_LEAST_PATIENCE = 0.5


class Engine:
    """A Docker Engine that was reached once; see `connect`.

    `timeout`, in seconds, is each call's that names no other. `until`, if set, is when every call
    has to be over, on the monotonic clock: what begins later has half a second.
    """

    def __init__(self, endpoint: Endpoint, timeout: float, version: str = "") -> None:
        self._endpoint = endpoint
        self.timeout = timeout
        self.until: float | None = None
        self._transport = Transport(endpoint, timeout)
        self.api_version = version
        self.release = ""
        """The Engine's own version, such as 28.2.2, once `connect` has asked it."""

    @classmethod
    def connect(cls, *, timeout: float = 10.0, environ: Mapping[str, str] = os.environ) -> "Engine":
        """Reach the Engine that the docker CLI would choose and agree on an API version.

        `timeout` is in seconds, for every call. Raise EngineUnavailable with the reason.
        """
        engine = cls(choose(environ), timeout)
        try:
            said = engine.version()
            engine.api_version = answers.api_version(said)
            engine.release = version(said).release
        except EngineError as error:
            engine.close()
            raise errors.unavailable(error, engine.host) from error
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
        found = self._request("GET", path, params, timeout=timeout)
        if found.value is None and found.empty:
            raise ConnectionLost(f"the Docker Engine at {self.host} gave an empty answer")
        return found

    def post(
        self,
        path: str,
        *,
        body: object = None,
        params: Mapping[str, Any] | None = None,
        timeout: float | None = None,
    ) -> Any:  # noqa: ANN401 -- JSON
        """Send `body` as JSON with POST and return the answer; raises as `get` does."""
        return self._request("POST", path, params, body=body, timeout=timeout).value

    def delete(
        self, path: str, *, params: Mapping[str, Any] | None = None, timeout: float | None = None
    ) -> None:
        """Delete what `path` names; raises as `get` does."""
        self._request("DELETE", path, params, timeout=timeout)

    def _request(
        self,
        method: str,
        path: str,
        params: Mapping[str, Any] | None,
        *,
        body: object = None,
        timeout: float | None = None,
    ) -> Answer:
        found = self._transport.request(
            method, self._versioned(path), params, body=body, timeout=self._patience(timeout)
        )
        if not found.body.strip():
            return Answer(None, found.date, empty=True)
        return Answer(answers.decoded(found.status, found.body), found.date)

    def _versioned(self, path: str) -> str:
        return f"/v{self.api_version}{path}" if self.api_version else path

    def _patience(self, timeout: float | None) -> float:
        patience = timeout or self.timeout
        if self.until is None:
            return patience
        return min(patience, max(_LEAST_PATIENCE, self.until - monotonic()))

    def passed_on(self, method: str, path: str, headers: Mapping[str, str]) -> Passed:
        """Return the answer to a read as it came; `path` has its version and its query.

        Raise EngineError with the Engine's own words where it refuses, else as `get` does.
        """
        found = self._transport.request(method, path, headers=headers, timeout=self.timeout)
        return Passed(found.status, found.body, found.headers)

    # What several parts of ccci ask.

    def require_manager(self) -> None:
        """Raise EngineUnavailable unless this Engine is a manager of a swarm."""
        errors.check_manager(membership(self.info()))

    def version(self) -> OwnJson:
        """Return what the Engine says of its version."""
        return answers.an_object("/version", self.get("/version"))

    def info(self) -> OwnJson:
        """Return what the Engine says of itself."""
        return answers.an_object("/info", self.get("/info"))

    def services(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[OwnJson]:
        """Return the services of a stack, or all."""
        return self._listing("/services", stack, filters)

    def tasks(self, filters: Mapping[str, list[str]] | None = None) -> list[OwnJson]:
        """Return the tasks that the filters let through."""
        return self._listing("/tasks", None, filters)

    def dated_tasks(
        self, filters: Mapping[str, list[str]] | None = None
    ) -> tuple[list[OwnJson], str | None]:
        """Return the tasks that the filters let through, and the Engine's own time of it."""
        found = self.answer("/tasks", params={"filters": answers.filters(None, filters)})
        return answers.objects("/tasks", found.value), found.date

    def network(self, name: str) -> OwnJson:
        """Return a network by id or name. Raise EngineError 404 when there is none."""
        return answers.identified("/networks", self.get(f"/networks/{_quoted(name)}"))

    def nodes(self) -> list[OwnJson]:
        """Return the nodes of the swarm."""
        return self._listing("/nodes", None, None)

    def networks(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[OwnJson]:
        """Return the networks of a stack, or all."""
        return self._listing("/networks", stack, filters)

    def volumes(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[OwnJson]:
        """Return the volumes, of the node asked alone, of a stack, or all."""
        params = {"filters": answers.filters(stack, filters)}
        return answers.volumes(self.get("/volumes", params=params))

    def configs(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[OwnJson]:
        """Return the configs of a stack, or all."""
        return self._listing("/configs", stack, filters)

    def secrets(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[OwnJson]:
        """Return the secrets of a stack, or all; never their content."""
        return self._listing("/secrets", stack, filters)

    def containers(
        self, stack: str | None = None, filters: Mapping[str, list[str]] | None = None
    ) -> list[OwnJson]:
        """Return the containers, ended ones too, of the node asked alone."""
        params = {"filters": answers.filters(stack, filters), "all": True}
        return answers.objects("/containers", self.get("/containers/json", params=params))

    def _listing(
        self, path: str, stack: str | None, filters: Mapping[str, list[str]] | None
    ) -> list[OwnJson]:
        params = {"filters": answers.filters(stack, filters)}
        return answers.objects(path, self.get(path, params=params))

    def image(self, name: str) -> OwnJson | None:
        """Return the inspection of an image, or None where the Engine does not have it."""
        return self._inspection(f"/images/{_quoted(name, safe='/:@')}/json")

    def container(self, container: str, timeout: float | None = None) -> OwnJson | None:
        """Return the inspection of a container, or None where this node does not have it."""
        return self._inspection(f"/containers/{_quoted(container)}/json", timeout)

    def memory_of(self, container: str) -> OwnJson | None:
        """Return the statistics of a container at once, None where this node does not have it."""
        path = f"/containers/{_quoted(container)}/stats"
        return self._inspection(path, params={"stream": False, "one-shot": True})

    def service(self, identifier: str) -> OwnJson | None:
        """Return a service by id or name, or None."""
        return self._one("/services", identifier)

    def task(self, identifier: str) -> OwnJson | None:
        """Return a task by id, or None where Swarm has forgotten it."""
        return self._one("/tasks", identifier)

    def config(self, name: str) -> OwnJson | None:
        """Return a config by id or name, or None."""
        return self._one("/configs", name)

    def _one(self, kind: str, name: str) -> OwnJson | None:
        """Return one object as it would stand in the listing of its kind, or None."""
        found = self._inspection(f"{kind}/{_quoted(name)}")
        return None if found is None else answers.identified(kind, found)

    def _inspection(
        self, path: str, timeout: float | None = None, params: Mapping[str, Any] | None = None
    ) -> OwnJson | None:
        try:
            return answers.an_object(path, self.get(path, params=params, timeout=timeout))
        except EngineError as error:
            if error.is_absent:
                return None
            raise

    def create_config(self, name: str, data: bytes, labels: Mapping[str, str]) -> str:
        """Create a config and return its id. Raise EngineError 409 when the name is taken."""
        return self._create("/configs/create", name, data, labels)

    def create_secret(self, name: str, data: bytes, labels: Mapping[str, str]) -> str:
        """Create a secret, as `create_config` does a config."""
        return self._create("/secrets/create", name, data, labels)

    def _create(self, path: str, name: str, data: bytes, labels: Mapping[str, str]) -> str:
        body = {"Name": name, "Labels": dict(labels), "Data": base64.b64encode(data).decode()}
        return answers.made(path, self.post(path, body=body))

    def update_config(self, config: str, version: int, spec: OwnJson) -> None:
        """Replace a config's spec (Swarm lets only labels change) if its version is still this.

        Raise EngineError, "update out of sequence", when it is not.
        """
        self.post(f"/configs/{_quoted(config)}/update", params={"version": version}, body=spec)

    def remove_config(self, config: str) -> None:
        """Remove a config. Raise EngineError 404 when it is gone."""
        self.delete(f"/configs/{_quoted(config)}")

    def raw_logs(
        self, kind: str, identifier: str, *, tail: int = 30, timeout: float = 2.0
    ) -> tuple[bytes, bool]:
        """Return the last log of a container or task, and whether all of it came in time.

        `kind` is `containers` or `tasks`; the bytes are as `logs.lines` reads them. Logs of a node
        that went away hang (moby 37336), so what came until `timeout` seconds is kept, and no more
        than LARGEST_LOG bytes.
        """
        until = monotonic() + timeout
        params = {"stdout": True, "stderr": True, "tail": tail}
        path = f"/{kind}/{_quoted(identifier)}/logs"
        stream = self._transport.stream(self._versioned(path), params, timeout=timeout)
        return stream.collect(until, LARGEST_LOG)

    def events(self, filters: Mapping[str, list[str]]) -> Stream:
        """Subscribe to the Engine's events; the connection stands when this returns."""
        params = {"filters": dict(filters)}
        stream = self._transport.stream(self._versioned("/events"), params, timeout=self.timeout)
        return stream.unlimited()
