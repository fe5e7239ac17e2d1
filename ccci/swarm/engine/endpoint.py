"""Which Engine to talk to, chosen as the docker CLI chooses it.

`DOCKER_HOST` wins, then `DOCKER_CONTEXT`, then the current context of the CLI's config, then the
default socket (docker/cli cli/command/cli.go: resolveContextName).
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccci.errors import EngineUnavailable

DEFAULT_HOST = "unix:///var/run/docker.sock"


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An Engine's address, its TLS files, and the variables that hand the choice on."""

    host: str
    ca: Path | None = None
    certificate: Path | None = None
    key: Path | None = None
    tls: bool = False
    verify: bool = True
    environment: Mapping[str, str] = field(default_factory=dict)


def choose(environ: Mapping[str, str]) -> Endpoint:
    """Return the Engine that the docker CLI would choose in this environment.

    Raise EngineUnavailable when a context is named that does not exist or cannot be read.
    """
    if host := environ.get("DOCKER_HOST"):
        return _from_host(host, environ)
    config = Path(environ.get("DOCKER_CONFIG") or Path(environ.get("HOME") or "~") / ".docker")
    config = config.expanduser()
    name = environ.get("DOCKER_CONTEXT") or _current_context(config)
    if name in {"", "default"}:
        return _from_host(DEFAULT_HOST, environ)
    return _from_context(name, config)


def _from_host(host: str, environ: Mapping[str, str]) -> Endpoint:
    kept = {
        key: environ[key] for key in ("DOCKER_TLS_VERIFY", "DOCKER_CERT_PATH") if key in environ
    }
    handed_on = {"DOCKER_HOST": host, **kept}
    verify = bool(environ.get("DOCKER_TLS_VERIFY"))
    if host.startswith(("unix://", "ssh://")) or not (verify or environ.get("DOCKER_TLS")):
        return Endpoint(host, environment=handed_on)
    home = Path(environ.get("HOME") or "~").expanduser()
    folder = Path(environ.get("DOCKER_CERT_PATH") or home / ".docker")
    return _with_tls(host, folder, verify=verify, environment=handed_on)


def _with_tls(host: str, folder: Path, *, verify: bool, environment: Mapping[str, str]) -> Endpoint:
    files = {name: folder / f"{name}.pem" for name in ("ca", "cert", "key")}
    there = {name: path if path.is_file() else None for name, path in files.items()}
    return Endpoint(
        host,
        ca=there["ca"],
        certificate=there["cert"],
        key=there["key"],
        tls=True,
        verify=verify,
        environment=environment,
    )


def _current_context(config: Path) -> str:
    try:
        settings = json.loads((config / "config.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return ""  # the CLI goes on with the default context, and warns
    name = settings.get("currentContext") if isinstance(settings, dict) else None
    return name if isinstance(name, str) else ""


def _from_context(name: str, config: Path) -> Endpoint:
    # The folder of a context is the SHA-256 of its name (docker/cli cli/context/store).
    digest = hashlib.sha256(name.encode("utf-8", "surrogatepass")).hexdigest()
    meta = config / "contexts" / "meta" / digest / "meta.json"
    hint = "list the contexts with `docker context ls`, or set DOCKER_HOST"
    try:
        known: Any = json.loads(meta.read_text(encoding="utf-8"))
        endpoint = known["Endpoints"]["docker"]
        host = endpoint.get("Host") or DEFAULT_HOST
        verify = not endpoint.get("SkipTLSVerify")
    except FileNotFoundError:
        raise EngineUnavailable(f"the docker context {name} does not exist", hint) from None
    except (OSError, ValueError, LookupError, TypeError, AttributeError):
        raise EngineUnavailable(f"the docker context {name} cannot be read: {meta}", hint) from None
    handed_on = {"DOCKER_CONTEXT": name}
    certificates = config / "contexts" / "tls" / digest / "docker"
    if certificates.is_dir() and host.startswith("tcp://"):
        return _with_tls(host, certificates, verify=verify, environment=handed_on)
    return Endpoint(host, environment=handed_on)
