"""What the sandbox needs of the machine: root, and tools that Debian has in these packages."""

import os
import platform
import shutil
from collections.abc import Mapping

from ccci.errors import CcciError, ToolMissing

PACKAGES = {
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "docker": "docker.io",
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setsid": "util-linux",
    "umount": "mount",
}
_CLI_APART_FROM = 13
"""The release of Debian from which on the docker CLI has a package of its own, docker-cli."""
# `su` without a dash keeps the user's PATH, which on Debian has no sbin.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def PATH() -> str:  # noqa: N802 -- the variable's name
    """Return PATH with the folders of the system's tools at its end."""
    given = os.environ.get("PATH", os.defpath)
    return os.pathsep.join([given, *SYSTEM_FOLDERS])


def package_of(tool: str, release: Mapping[str, str]) -> str:
    """Return the Debian package that holds the tool; `release` is what os-release(5) tells."""
    if tool == "docker" and release.get("ID") == "debian":
        # Testing and unstable have no number: they are newer than all that have one.
        number = release.get("VERSION_ID", "")
        apart = not number.isdigit() or int(number) >= _CLI_APART_FROM
        return "docker-cli" if apart else "docker.io"
    return PACKAGES[tool]


def _release() -> Mapping[str, str]:
    try:
        return platform.freedesktop_os_release()
    except OSError:
        return {}


def require_root() -> None:
    """Raise CcciError when we are not root."""
    if os.geteuid() != 0:
        raise CcciError(
            "a sandbox needs root (it makes network namespaces and starts a dockerd)",
            "run it with sudo, or set DOCKER_HOST to a Swarm manager that you may use",
        )


def require_tools() -> None:
    """Raise ToolMissing that names every tool that is missing, and the packages to install."""
    path = PATH()
    missing = [tool for tool in PACKAGES if shutil.which(tool, path=path) is None]
    if missing:
        packages = sorted({package_of(tool, _release()) for tool in missing})
        raise ToolMissing(
            f"the sandbox needs {', '.join(missing)}, not installed here",
            f"on Debian: apt-get install {' '.join(packages)}",
        )
