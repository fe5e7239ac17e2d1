"""The parts of a compose file beside its services: networks, volumes, configs and secrets."""

from dataclasses import dataclass
from typing import Any

from ccci.compose.service import Place
from ccci.compose.tree import ComposeError, Map


@dataclass(frozen=True, slots=True)
class Named:
    """A network, volume, config or secret: its key, the name it is given (or ""), where.

    `file` is what a config or secret is made from, "" where it is made from none.
    """

    key: str
    name: str
    external: bool
    place: Place
    file: str = ""

    def called(self, stack: str) -> str:
        """Return what it is called on the swarm."""
        return self.name or f"{stack}_{self.key}"


@dataclass(frozen=True, slots=True)
class Sections:
    """What the top level of a file, or of several merged, declares."""

    networks: dict[str, Named]
    volumes: dict[str, Named]
    secrets: dict[str, Named]
    configs: dict[str, Named]

    def over(self, base: "Sections") -> "Sections":
        """Return these on top of a base: an entry replaces the one of that key whole."""
        return Sections(
            base.networks | self.networks,
            base.volumes | self.volumes,
            base.secrets | self.secrets,
            base.configs | self.configs,
        )


def read(tree: Map, file: str, faults: list[ComposeError]) -> Sections:
    """Return the sections of a file; `faults` takes what docker's loader refuses in them."""
    found = {
        kind: _section(tree.get(kind), kind.removesuffix("s"), file, faults)
        for kind in ("networks", "volumes", "secrets", "configs")
    }
    return Sections(**found)


def _section(
    section: Any,  # noqa: ANN401
    kind: str,
    file: str,
    faults: list[ComposeError],
) -> dict[str, Named]:
    result: dict[str, Named] = {}
    if not isinstance(section, Map):
        return result
    for key, entry in section.items():
        line = section.lines[key]
        value = entry if isinstance(entry, Map) else Map(line)
        fault = _conflict(key, value, kind)
        if fault:
            faults.append(ComposeError(fault, line))
        external = value.get("external")
        name = value.get("name")
        if isinstance(external, Map):
            name = external.get("name") or name
        is_external = external is True or isinstance(external, Map)
        name = name if isinstance(name, str) else ""
        result[key] = Named(
            key,
            name or (key if is_external else ""),
            external=is_external,
            place=Place(file, value.line_of("name") if "name" in value else line),
            file=_file(value, kind) if not is_external else "",
        )
    return result


def _file(value: Map, kind: str) -> str:
    """Return the file of a config or secret; one with a driver has none."""
    file = value.get("file")
    made = kind in {"config", "secret"} and isinstance(file, str) and not value.get("driver")
    return str(file) if made else ""


def _conflict(key: str, value: Map, kind: str) -> str:
    """Return docker's complaint about settings that exclude each other, or nothing."""
    external = value.get("external")
    is_external = external is True or isinstance(external, Map)
    if is_external and kind == "volume":
        for other in ("driver", "driver_opts", "labels"):
            if value.get(other):
                return (
                    f'conflicting parameters "external" and "{other}" specified for volume "{key}"'
                )
    if isinstance(external, Map) and external.get("name") and value.get("name"):
        return f"{kind} {key}: {kind}.external.name and {kind}.name conflict; only use {kind}.name"
    has_both = bool(value.get("driver")) and bool(value.get("file"))
    if kind in {"secret", "config"} and not is_external and has_both:
        return f"{kind} {key}: {kind}.driver and {kind}.file conflict; only use {kind}.driver"
    return ""
