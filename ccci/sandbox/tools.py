"""What the sandbox needs of the machine: root, and tools that Debian has in these packages."""

import os
import shutil

from ccci.errors import CcciError, ToolMissing

PACKAGES = {
    "dockerd": "docker.io",
    "containerd": "containerd",
    "runc": "runc",
    "docker": "docker.io",  # docker-cli from Debian 13 on
    "ip": "iproute2",
    "iptables": "iptables",
    "nsenter": "util-linux",
    "unshare": "util-linux",
    "setsid": "util-linux",
    "umount": "mount",
}
# `su` without a dash keeps the user's PATH, which on Debian has no sbin.
SYSTEM_FOLDERS = ("/usr/local/sbin", "/usr/sbin", "/sbin")


def PATH() -> str:  # noqa: N802 -- the variable's name
    """Return PATH with the folders of the system's tools at its end."""
    given = os.environ.get("PATH", os.defpath)
    return os.pathsep.join([given, *SYSTEM_FOLDERS])


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
        packages = sorted({PACKAGES[tool] for tool in missing})
        raise ToolMissing(
            f"the sandbox needs {', '.join(missing)}, not installed here",
            f"on Debian: apt-get install {' '.join(packages)}",
        )
