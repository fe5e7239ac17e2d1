"""What a set of compose files asks of a swarm: images, labels, secrets, configs, networks.

A view for the `stack` deployer, not a judge of the files: the docker CLI merges them again, and
its refusal counts.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ccci.compose.events import parse
from ccci.compose.interpolation import Interpolation, Variables
from ccci.compose.tree import ComposeError, Map, text_of
from ccci.errors import DeployRefused

LARGEST = 4_000_000
_SECTIONS = ("networks", "volumes", "secrets", "configs")
_PREDEFINED_NETWORKS = {"host", "none", "bridge", "ingress", "nat", "default"}


@dataclass(frozen=True, slots=True)
class StackFile:
    """Compose files read together, their variables replaced; `unset` are variables without value.

    `services` holds, for each service, what every file says of it, in order.
    """

    files: tuple[Path, ...]
    version: str | None
    services: Mapping[str, tuple[Map, ...]]
    sections: Mapping[str, Mapping[str, Mapping[str, Any]]]
    unset: tuple[str, ...] = ()


def read(files: Sequence[Path], variables: Mapping[str, str]) -> StackFile:
    """Return what the files say together. Raise DeployRefused for what docker would refuse."""
    known = Variables(dict(variables))
    services: dict[str, tuple[Map, ...]] = {}
    sections: dict[str, dict[str, dict[str, Any]]] = {name: {} for name in _SECTIONS}
    version: str | None = None
    for file in files:
        document = _document(file, known)
        if version is None and document.get("version") is not None:
            version = text_of(document["version"])
        for name, service in _mappings(document.get("services")):
            services[name] = (*services.get(name, ()), service)
        for section in _SECTIONS:
            for name, declared in _mappings(document.get(section)):
                sections[section][name] = {**sections[section].get(name, {}), **declared}
    if not services:
        names = ", ".join(file.name for file in files)
        raise DeployRefused(f"there is no service in {names}", "a recipe needs at least one")
    return StackFile(tuple(files), version, services, sections, tuple(sorted(known.unset)))


def images(stack: StackFile) -> dict[str, str]:
    """Return each service's image. Raise DeployRefused for a service without one."""
    found = {}
    for name, parts in stack.services.items():
        image = next((text_of(part["image"]) for part in reversed(parts) if part.get("image")), "")
        if not image:
            raise DeployRefused(
                f"the service {name} has no image", "a stack deploys images; it builds nothing"
            )
        found[name] = image
    return found


def labels(stack: StackFile, service: str) -> dict[str, str]:
    """Return the labels of a service itself (`deploy.labels`), as they merge."""
    found: dict[str, str] = {}
    for part in stack.services.get(service, ()):
        deploy = part.get("deploy")
        declared = deploy.get("labels") if isinstance(deploy, Mapping) else None
        if isinstance(declared, Mapping):
            found |= {key: text_of(value) for key, value in declared.items()}
        elif isinstance(declared, list):
            pairs = (text_of(each).partition("=") for each in declared)
            found |= {key: value for key, _, value in pairs}
    return found


def used(stack: StackFile, section: str) -> tuple[str, ...]:
    """Return the keys of a section (`secrets`, `configs`, `networks`) that services use."""
    keys: dict[str, None] = {}
    for parts in stack.services.values():
        entries = [entry for part in parts for entry in _entries(part.get(section))]
        for entry in entries or (["default"] if section == "networks" else []):
            keys[entry] = None
    return tuple(keys)


def external_networks(stack: StackFile) -> tuple[str, ...]:
    """Return the names of the networks that have to be there before a deploy."""
    names = []
    for key in used(stack, "networks"):
        declared = stack.sections["networks"].get(key) or {}
        external = declared.get("external")
        if not external:
            continue
        inner = external.get("name") if isinstance(external, Mapping) else None
        name = text_of(declared.get("name") or inner or key)
        if name not in _PREDEFINED_NETWORKS:
            names.append(name)
    return tuple(names)


def external_configs(stack: StackFile) -> tuple[str, ...]:
    """Return the names of the configs that have to be there before a deploy."""
    return tuple(
        text_of(declared.get("name") or key)
        for key, declared in stack.sections["configs"].items()
        if declared.get("external") and key in used(stack, "configs")
    )


def own_configs(stack: StackFile, folder: Path, name: str) -> dict[str, Path]:
    """Return the configs that a deploy makes: their names on the swarm and their files."""
    return {
        text_of(declared.get("name") or f"{name}_{key}"): inside(folder, declared["file"])
        for key, declared in stack.sections["configs"].items()
        if not declared.get("external") and declared.get("file")
    }


def check_files(stack: StackFile, folder: Path) -> None:
    """Raise DeployRefused for a file that a deploy would read outside of the recipe, or not find.

    A recipe under test is a stranger's: it must not put this machine's files onto the swarm.
    """
    for section in ("configs", "secrets"):
        for key, declared in stack.sections[section].items():
            if declared.get("file") and not declared.get("external"):
                path = inside(folder, declared["file"])
                if not path.is_file():
                    raise DeployRefused(
                        f"{section[:-1]} {key}: there is no file {declared['file']}",
                        "add it to the recipe",
                    )
    for parts in stack.services.values():
        for part in parts:
            declared_files = part.get("env_file")
            for entry in declared_files if isinstance(declared_files, list) else [declared_files]:
                name = entry.get("path") if isinstance(entry, Mapping) else entry
                if name:
                    inside(folder, name)


def inside(folder: Path, name: object) -> Path:
    """Return a recipe's file. Raise DeployRefused where it, or its link, leads out of `folder`."""
    path = folder / text_of(name)
    if not path.resolve().is_relative_to(folder.resolve()):
        raise DeployRefused(
            f"{text_of(name)} leads out of the recipe's folder",
            "keep what the recipe needs inside of it",
        )
    return path


def compose_files(folder: Path, setting: str) -> tuple[Path, ...]:
    """Return the files that COMPOSE_FILE names (default `compose.yml`), relative to the recipe.

    Raise DeployRefused, by name, for one that is not there.
    """
    names = [name.strip() for name in (setting or "compose.yml").split(":") if name.strip()]
    found = []
    for name in names:
        path = inside(folder, name)
        if not path.is_file():
            rest = ":".join(each for each in names if each != name) or "compose.yml"
            raise DeployRefused(
                f"COMPOSE_FILE names {name}, which this commit does not have",
                f"without it: --env COMPOSE_FILE={rest}; where only the head has it, or only the "
                "head lacks it, --upgrade-env COMPOSE_FILE=… sets it for the head alone",
            )
        found.append(path)
    return tuple(found)


def _document(file: Path, known: Variables) -> Map:
    if file.stat().st_size > LARGEST:
        raise DeployRefused(f"{file.name} has more than {LARGEST} bytes", "is it a compose file?")
    interpolation = Interpolation(known)
    try:
        document = interpolation.tree(parse(file.read_bytes()))
        for failure in interpolation.failures:
            raise failure
    except ComposeError as error:
        line = f" line {error.line}" if error.line else ""
        raise DeployRefused(f"{file.name}{line}: {error.message}", "correct the file") from None
    return document


def _mappings(section: object) -> Iterator[tuple[str, Map]]:
    if isinstance(section, Mapping):
        for name, value in section.items():
            if isinstance(value, Map):
                yield str(name), value
            elif value is None:
                yield str(name), Map()


def _entries(section: object) -> Iterator[str]:
    if isinstance(section, Mapping):
        yield from (str(key) for key in section)
    elif isinstance(section, list):
        for entry in section:
            name = entry.get("source") if isinstance(entry, Mapping) else entry
            if name:
                yield text_of(name)
