"""Overlays: a compose file of ours on top of the recipe's, for what this place needs.

For a slow host or little memory, never to mend or pin a recipe: an overlay that pins an image
masks the very change under test (cc-ci: discourse's old images were pinned over the head's).
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ccci.compose.events import parse
from ccci.compose.tree import ComposeError
from ccci.errors import CcciError, DeployRefused, UsageError
from ccci.host import files
from ccci.names import OVERLAY

_VERSION_LABEL = re.compile(r"coop-cloud\..*\.?version")


@dataclass(frozen=True, slots=True)
class Overlay:
    """An overlay and why it is there: the comment that it begins with."""

    path: Path
    reason: str

    def __str__(self) -> str:
        """Return it as the report tells it."""
        return f"overlay {self.path}: {self.reason or 'it gives no reason in its first comment'}"


def find(recipe: str, given: Path | None, folder: Path | None) -> Overlay | None:
    """Return the overlay that was given, else the recipe's own in the folder of overlays, if any.

    Raise UsageError where the one that was given is not there, or where it is not allowed.
    """
    if given is not None:
        if not given.is_file():
            raise UsageError(f"--overlay {given} is no file", "give the path of a compose file")
        return read(given.resolve())
    if folder is None:
        return None
    if not folder.is_dir():
        raise UsageError(f"--overlays {folder} is no folder", f"it holds RECIPE/{OVERLAY}")
    own = folder / recipe / OVERLAY
    return read(own.resolve()) if own.is_file() else None


def read(path: Path) -> Overlay:
    """Return an overlay. Raise UsageError when it cannot be read, or pins what is under test."""
    content = path.read_bytes()
    try:
        document = parse(content)
    except ComposeError as error:
        line = f" line {error.line}" if error.line else ""
        raise UsageError(f"overlay {path}{line}: {error.message}", "correct it") from None
    services = document.get("services")
    for name, service in services.items() if isinstance(services, Mapping) else ():
        pinned = _pins(service)
        if pinned:
            raise UsageError(
                f"overlay {path}: {name} pins {pinned}",
                "an overlay is for this place alone; mend the recipe itself",
            )
    return Overlay(path, _reason(content.decode(errors="replace")))


def placed(overlay: Overlay, folder: Path) -> Path:
    """Return a copy of the overlay in the run's folder, where it stays as evidence."""
    target = folder / OVERLAY
    try:
        files.write(target, overlay.path.read_bytes())
    except OSError as error:
        raise CcciError(f"{target} cannot be written: {error.strerror}") from None
    return target


def put(overlay: Path, checkout: Path) -> None:
    """Put an overlay into a checkout, where abra reads it. Raise DeployRefused where it cannot."""
    try:
        files.write(checkout / OVERLAY, overlay.read_bytes(), mode=0o644)
    except OSError as error:
        raise DeployRefused(
            f"the overlay cannot be put into the checkout: {OVERLAY}: {error.strerror}",
            f"the recipe has a folder or file named {OVERLAY}: rename it",
        ) from None


def _pins(service: object) -> str:
    if not isinstance(service, Mapping):
        return ""
    if service.get("image") is not None:
        return f"the image {service['image']}"
    deploy = service.get("deploy")
    labels = deploy.get("labels") if isinstance(deploy, Mapping) else None
    names = labels if isinstance(labels, (list, Mapping)) else ()
    found = next((str(name) for name in names if _VERSION_LABEL.match(str(name))), "")
    return f"the version {found}" if found else ""


def _reason(text: str) -> str:
    lines = []
    for line in text.splitlines():
        if not line.startswith("#"):
            break
        lines.append(line.lstrip("# ").rstrip())
    return " ".join(line for line in lines if line)
