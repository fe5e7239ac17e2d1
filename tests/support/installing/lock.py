"""The lock file as it is written: what it pins, and whether it pins all that is needed."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.metadata import PackageNotFoundError, requires
from pathlib import Path

from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[3]
LOCK = ROOT / "requirements.lock"
PYTHONS = ("3.11", "3.12", "3.13", "3.14")
"""The Pythons that ccci runs on."""

_HASH = re.compile(r"--hash=(\S+)")


@dataclass(frozen=True, slots=True)
class Pin:
    """One entry of the lock: a requirement of one version, and the files that it may be."""

    requirement: Requirement
    hashes: tuple[str, ...]

    @property
    def name(self) -> str:
        """Return the package's name, spelled as indexes do."""
        return canonicalize_name(self.requirement.name)

    @property
    def version(self) -> str:
        """Return the one version that it allows."""
        (only,) = self.requirement.specifier
        assert only.operator == "==", self.requirement
        return only.version

    def applies(self, environment: Mapping[str, str]) -> bool:
        """Say whether it is installed there."""
        return _applies(self.requirement, environment)


def read(text: str) -> list[Pin]:
    """Return the entries of a lock file."""
    lines = [line for line in text.splitlines() if not line.lstrip().startswith("#")]
    entries = "\n".join(lines).replace("\\\n", " ").splitlines()
    return [
        Pin(Requirement(entry.partition("--hash")[0].strip()), tuple(_HASH.findall(entry)))
        for entry in entries
        if entry.strip()
    ]


def on(python: str, machine: str = "x86_64") -> dict[str, str]:
    """Return what markers see on a Linux with this Python."""
    return {
        "implementation_name": "cpython",
        "implementation_version": f"{python}.0",
        "os_name": "posix",
        "platform_machine": machine,
        "platform_python_implementation": "CPython",
        "platform_release": "",
        "platform_system": "Linux",
        "platform_version": "",
        "python_full_version": f"{python}.0",
        "python_version": python,
        "sys_platform": "linux",
    }


def wanted(project: Path = ROOT) -> list[Requirement]:
    """Return what the project itself asks for: to run, to be worked on, and to be built."""
    told = tomllib.loads((project / "pyproject.toml").read_text())
    asked = [
        *told["project"]["dependencies"],
        *told["project"]["optional-dependencies"]["dev"],
        *told["build-system"]["requires"],
    ]
    return [Requirement(each) for each in asked]


def unpinned(
    pins: Iterable[Pin], asked: Iterable[Requirement], environment: Mapping[str, str]
) -> list[str]:
    """Return what is needed in this environment, directly or not, that the lock does not give.

    What a package needs is read from its installed metadata, so each pin has to be installed here.
    """
    given = {pin.name: pin for pin in pins if pin.applies(environment)}
    missing, seen = [], set()
    todo = [(each, "pyproject.toml") for each in asked]
    while todo:
        requirement, asker = todo.pop()
        if (str(requirement), asker) in seen or not _applies(requirement, environment):
            continue
        seen.add((str(requirement), asker))
        pin = given.get(canonicalize_name(requirement.name))
        if pin is None or not requirement.specifier.contains(pin.version, prereleases=True):
            missing.append(f"{_without_marker(requirement)} (for {asker})")
            continue
        todo += [
            (_without_marker(needed), pin.name)
            for needed in _needs(pin.name)
            for extra in ("", *requirement.extras)
            if _applies(needed, {**environment, "extra": extra})
        ]
    return sorted(set(missing))


@cache
def _needs(name: str) -> tuple[Requirement, ...]:
    try:
        return tuple(Requirement(line) for line in requires(name) or ())
    except PackageNotFoundError:
        raise AssertionError(f"{name} is in the lock but not installed: make setup") from None


def _applies(requirement: Requirement, environment: Mapping[str, str]) -> bool:
    marker = requirement.marker
    return marker is None or marker.evaluate({"extra": "", **environment})


def _without_marker(requirement: Requirement) -> Requirement:
    bare = Requirement(str(requirement))
    bare.marker = None
    return bare
