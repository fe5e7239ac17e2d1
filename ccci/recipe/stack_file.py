"""What a set of compose files asks of a swarm: images, labels, secrets, configs, networks.

A view over what `ccci.compose` reads, which follows the docker CLI; nothing is merged by rules of
its own but what that reader leaves to it (labels, and which sections a service uses).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from ccci.compose import Loader, Sections, Service, open_source
from ccci.compose.service import Place
from ccci.compose.tree import Map, text_of
from ccci.errors import DeployRefused
from ccci.names import COMPOSE_YML
from ccci.plain_file import LARGEST_FILE
from ccci.recipe import compose_file, files, unreplaced
from ccci.recipe.files import shown

SECTIONS = ("networks", "volumes", "secrets", "configs")
_PREDEFINED_NETWORKS = {"host", "none", "bridge", "ingress", "nat", "default"}


@dataclass(frozen=True, slots=True)
class StackFile:
    """Compose files read together, their variables replaced; `unset` are variables without value.

    `folder` is what relative paths in them start from: that of the first file, as for docker.
    `trees` are the files in order, `services` what they say together.
    """

    files: tuple[Path, ...]
    folder: Path
    version: str | None
    trees: tuple[Map, ...]
    services: Mapping[str, Service]
    sections: Sections
    unset: tuple[str, ...] = ()
    durations: tuple[str, ...] = ()
    """Where a duration holds a variable, which docker takes and abra refuses."""
    other_kinds: tuple[str, ...] = ()
    """Where a variable stands for a number, or for true or false."""
    beside: Mapping[Path, Path] = field(default_factory=dict)
    """The user's overlays among the files, each with the folder that it may name files of."""


def read(
    paths: Sequence[Path],
    variables: Mapping[str, str],
    *,
    inside: Path | None = None,
    beside: Mapping[Path, Path] | None = None,
) -> StackFile:
    """Return what the files say together. Raise DeployRefused for what docker would refuse.

    With `inside`, neither a compose file nor an `env_file` that leads out of that folder is
    opened; a file that lies elsewhere by its own name (an overlay of ours) may be, and what a file
    of `beside` names may lie in the folder given for it.
    """
    names = ", ".join(path.name for path in paths)
    with files.refusing(names):
        sizes = [path.stat().st_size for path in paths]
        huge = next(
            (path for path, each in zip(paths, sizes, strict=True) if each > LARGEST_FILE), None
        )
        if huge is not None:
            raise DeployRefused(
                f"{huge.name} has more than {LARGEST_FILE} bytes", "is it a compose file?"
            )
        size = sum(sizes)
        if size > LARGEST:
            raise DeployRefused(
                f"the compose files have more than {LARGEST} bytes together",
                "is COMPOSE_FILE what it should be?",
            )
        sources = [
            open_source(path.name, path, inside=inside if _of(path, inside) else None)
            for path in paths
        ]
        loaded = Loader(variables, inside=inside, beside=beside).load(sources)
        stack = StackFile(
            tuple(paths),
            paths[0].parent,
            next((text_of(each["version"]) for each in loaded.trees if each.get("version")), None),
            loaded.trees,
            loaded.services,
            loaded.sections,
            loaded.unset,
            tuple(
                place for each in sources for place in unreplaced.durations(each.name, each.tree)
            ),
            tuple(
                place
                for each, tree in zip(sources, loaded.trees, strict=True)
                for place in unreplaced.other_kinds(each.name, each.tree, tree)
            ),
            dict(beside or {}),
        )
    if inside is not None:
        for path, name in dict.fromkeys(_env_files(stack)):
            folder, start = files.lies(inside, name, stack.folder, stack.beside.get(path))
            files.inside(folder, name, start=start)
    if loaded.fault is not None:
        raise DeployRefused(_told(loaded.fault.place, loaded.fault.message), "correct the file")
    if not stack.services:
        raise DeployRefused(f"there is no service in {names}", "a recipe needs at least one")
    return stack


def images(stack: StackFile) -> dict[str, str]:
    """Return each service's image. Raise DeployRefused for a service without one."""
    for name, service in stack.services.items():
        if not service.image:
            raise _without_image(stack, name)
    return {name: service.image for name, service in stack.services.items()}


def _without_image(stack: StackFile, name: str) -> DeployRefused:
    """Return the refusal of a service without an image: of one that only a later file speaks of.

    That file is on top of others, which have lost the service or call it otherwise by now.
    """
    speaks = [
        path
        for path, tree in zip(stack.files, stack.trees, strict=True)
        if isinstance(services := tree.get("services"), Map) and name in services
    ]
    if stack.files[0] in speaks or not speaks:
        return DeployRefused(
            f"the service {name} has no image", "a stack deploys images; it builds nothing"
        )
    place, others = stack.services[name].place(), ", ".join(stack.services.keys() - {name})
    return DeployRefused(
        f"{speaks[0].name} line {place.line} speaks of the service {name}, which no other file of "
        "the commit has: it has no image",
        f"the commit has {others[:200] or 'no other'}: rename it in {speaks[0].name}, or leave the "
        "file out",
    )


def parts(stack: StackFile, service: str) -> Iterator[Map]:
    """Yield what each file says of a service, in order."""
    for tree in stack.trees:
        services = tree.get("services")
        part = services.get(service) if isinstance(services, Map) else None
        if isinstance(part, Map):
            yield part


def declared_in(stack: StackFile, section: str) -> dict[str, Map]:
    """Return what the files say of each entry of a section: the last one counts, as it stands."""
    found: dict[str, Map] = {}
    for tree in stack.trees:
        entries = tree.get(section)
        for key, entry in entries.items() if isinstance(entries, Map) else ():
            found[key] = entry if isinstance(entry, Map) else Map()
    return found


def labels(stack: StackFile, service: str) -> dict[str, str]:
    """Return the labels of a service itself (`deploy.labels`), as they merge."""
    found: dict[str, str] = {}
    for part in parts(stack, service):
        deploy = part.get("deploy")
        found |= pairs(deploy.get("labels") if isinstance(deploy, Mapping) else None)
    return found


def container_labels(stack: StackFile, service: str) -> dict[str, str]:
    """Return the labels of a service's containers (`labels`), as they merge."""
    found: dict[str, str] = {}
    for part in parts(stack, service):
        found |= pairs(part.get("labels"))
    return found


def publishing(stack: StackFile) -> tuple[str, ...]:
    """Return the services that publish a port, in the order of the files."""
    names = dict.fromkeys(
        str(name)
        for tree in stack.trees
        for name in (tree.get("services") or ())
        if name in stack.services
    )
    return tuple(name for name in names if any(part.get("ports") for part in parts(stack, name)))


def pairs(declared: object) -> dict[str, str]:
    """Return what a mapping, or a list of `key=value`, says; a key without a value is empty."""
    if isinstance(declared, Mapping):
        return {key: text_of(value) for key, value in declared.items()}
    if isinstance(declared, list):
        split = (text_of(each).partition("=") for each in declared)
        return {key: value for key, _, value in split}
    return {}


def variables_of(stack: StackFile, service: str) -> frozenset[str]:
    """Return the names of the variables that the files set for a service under `environment`."""
    return frozenset(
        name for part in parts(stack, service) for name in pairs(part.get("environment"))
    )


def used(stack: StackFile, section: str) -> tuple[str, ...]:
    """Return the keys of a section (`secrets`, `configs`, `networks`) that services use."""
    keys: dict[str, None] = {}
    for service in stack.services:
        entries = [entry for part in parts(stack, service) for entry in _entries(part.get(section))]
        for entry in entries or (["default"] if section == "networks" else []):
            keys[entry] = None
    return tuple(keys)


def external_networks(stack: StackFile) -> tuple[str, ...]:
    """Return the names of the networks that have to be there before a deploy."""
    declared = stack.sections.networks
    names = (declared[key] for key in used(stack, "networks") if key in declared)
    return tuple(
        each.name for each in names if each.external and each.name not in _PREDEFINED_NETWORKS
    )


def external_configs(stack: StackFile) -> tuple[str, ...]:
    """Return the names of the configs that have to be there before a deploy."""
    keys = used(stack, "configs")
    return tuple(
        each.name for key, each in stack.sections.configs.items() if each.external and key in keys
    )


def own_configs(stack: StackFile, name: str) -> dict[str, str]:
    """Return the configs that a deploy makes: their names on the swarm and their files' names."""
    return {each.called(name): each.file for each in stack.sections.configs.values() if each.file}


def own_secrets(stack: StackFile, name: str) -> dict[str, str]:
    """Return the secrets that a deploy makes, as `own_configs` does the configs."""
    return {each.called(name): each.file for each in stack.sections.secrets.values() if each.file}


def _env_files(stack: StackFile) -> Iterator[tuple[Path, str]]:
    """Give what every `env_file` names, with the compose file that does."""
    for path, tree in zip(stack.files, stack.trees, strict=True):
        services = tree.get("services")
        for service in services.values() if isinstance(services, Map) else ():
            declared = service.get("env_file") if isinstance(service, Map) else None
            for name in declared if isinstance(declared, list) else [declared]:
                if name:
                    yield path, text_of(name)


def compose_files(folder: Path, setting: str) -> tuple[Path, ...]:
    """Return the files that COMPOSE_FILE names (default `compose.yml`), relative to the recipe.

    Raise DeployRefused, by name, for one that is not there, and for one with a blank beside it.
    """
    names = compose_file.named(setting)
    if len(names) > files.MOST_COMPOSE_FILES:
        raise DeployRefused(
            f"COMPOSE_FILE names {len(names)} files",
            f"more than {files.MOST_COMPOSE_FILES} are not read",
        )
    blank = compose_file.blank_beside(setting)
    if blank is not None:
        raise DeployRefused(
            f"COMPOSE_FILE has a blank beside a name, {shown(blank)!r}, which docker takes for a "
            "part of it",
            "take it out",
        )
    found = []
    for name in names:
        path = files.inside(folder, name)
        with files.refusing(name):
            there = path.is_file()
        if not there:
            rest = ":".join(each for each in names if each != name) or COMPOSE_YML
            raise DeployRefused(
                f"COMPOSE_FILE names {shown(name)}, which this commit does not have",
                f"without it: --env COMPOSE_FILE={shown(rest)}; where only the head has it, or "
                "only the head lacks it, --upgrade-env COMPOSE_FILE=… sets it for the head alone",
            )
        found.append(path)
    return tuple(found)


_LONGEST_MESSAGE = 2000
LARGEST = 4 * 1024 * 1024
"""Bytes that the compose files of a set may have together."""


def _of(path: Path, folder: Path | None) -> bool:
    """Say whether a path is written as one of the recipe's, wherever its link may lead."""
    return folder is not None and path.is_relative_to(folder)


def _told(place: Place, message: str) -> str:
    line = f" line {place.line}" if place.line else ""
    return f"{place.file}{line}: {message[:_LONGEST_MESSAGE]}"


def _entries(section: object) -> Iterator[str]:
    if isinstance(section, Mapping):
        yield from (str(key) for key in section)
    elif isinstance(section, list):
        for entry in section:
            name = entry.get("source") if isinstance(entry, Mapping) else entry
            if name:
                yield text_of(name)
