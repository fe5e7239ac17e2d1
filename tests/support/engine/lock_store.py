"""A fake of the Engine's configs, as far as locks need it; its contract runs on the real one."""

import base64
import threading
from collections.abc import Mapping
from typing import Any

from ccci.errors import ConnectionLost, EngineError


class FakeStore:
    """Configs in memory with Swarm's rules: unique names, and updates at the version read alone.

    `lose` drops the answer of the next so many writes after they were done.
    """

    def __init__(self) -> None:
        self.configs: dict[str, dict[str, Any]] = {}
        self.lose = 0
        self.away = False
        self._lock = threading.Lock()
        self._count = 0

    def config(self, name: str) -> dict[str, Any] | None:
        with self._lock:
            self._reachable()
            return next(
                (
                    {**config, "Version": dict(config["Version"])}
                    for key, config in self.configs.items()
                    if name in {key, config["Spec"]["Name"]}
                ),
                None,
            )

    def create_config(self, name: str, data: bytes, labels: Mapping[str, str]) -> str:
        assert data
        with self._lock:
            self._reachable()
            if any(config["Spec"]["Name"] == name for config in self.configs.values()):
                raise EngineError(409, f"config {name} already exists")
            self._count += 1
            identifier = f"id{self._count}"
            self.configs[identifier] = {
                "ID": identifier,
                "Version": {"Index": self._next()},
                "Spec": {
                    "Name": name,
                    "Labels": dict(labels),
                    "Data": base64.b64encode(data).decode(),
                },
            }
            self._answer()
            return identifier

    def update_config(self, config: str, version: int, spec: dict[str, Any]) -> None:
        with self._lock:
            self._reachable()
            if config not in self.configs:
                raise EngineError(404, f"config {config} not found")
            if self.configs[config]["Version"]["Index"] != version:
                raise EngineError(500, "rpc error: code = Unknown desc = update out of sequence")
            self.configs[config]["Version"]["Index"] = self._next()
            self.configs[config]["Spec"] = {**spec, "Labels": dict(spec["Labels"])}
            self._answer()

    def remove_config(self, config: str) -> None:
        with self._lock:
            self._reachable()
            if config not in self.configs:
                raise EngineError(404, f"config {config} not found")
            del self.configs[config]
            self._answer()

    def _next(self) -> int:
        self._count += 1
        return self._count

    def _reachable(self) -> None:
        if self.away:
            raise ConnectionLost("the Engine is away")

    def _answer(self) -> None:
        if self.lose:
            self.lose -= 1
            raise ConnectionLost("the answer was lost")
