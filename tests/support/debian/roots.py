"""Minimal Debian systems to run our commands in: a root and a mount namespace of their own.

Each is a fresh copy of what debootstrap makes: the packages that Debian calls required, and those
that the README asks for. The network and the processes are the machine's; its mounts, /run and
/tmp are not, so that a dockerd of another Debian release runs beside the machine's own.
"""

import fcntl
import os
import shutil
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from secrets import token_hex

from ccci.host.process import Finished, run

RELEASES = ("bookworm", "trixie", "sid")
ASKED_FOR = ("git", "make", "python3")
"""What the README asks for: the rest is installed by our own commands."""
HOME = "/root/a clone of/ccci"
"""Where our checkout lies: below a folder that is root's alone, in a path with spaces."""

_BASES = Path(os.environ.get("CCCI_TEST_ROOTS", "/var/tmp/ccci-roots"))
_MIRROR = os.environ.get("CCCI_TEST_MIRROR")
_PROJECT = Path(__file__).parents[3]
_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_CERTIFICATES = "/etc/ssl/machine.crt"
# runc enters a container by pivot_root(2), which the kernel refuses below a chroot: so this root
# is a mount that becomes the namespace's root, and no chroot.
_ENTER = """
root=$1 hostname=$2 folder=$3
shift 3
echo "$hostname" > /proc/sys/kernel/hostname
mount --bind "$root" "$root"
cd "$root"
mount --rbind /sys sys
mount --rbind /dev dev
mount -t proc proc proc
mount -t tmpfs -o mode=755 tmpfs run
pivot_root . mnt
exec chroot . sh -euc 'umount -l /mnt; cd "$0"; exec "$@"' "$folder" "$@"
"""


@dataclass(frozen=True, slots=True)
class Root:
    """One Debian system: its release and the folder that holds it."""

    release: str
    folder: Path

    def run(
        self,
        *argv: str,
        cwd: str = HOME,
        env: Mapping[str, str] | None = None,
        check: bool = True,
        timeout: float = 600.0,
    ) -> Finished:
        """Run a command in it, with none of our environment but what leads to package indexes."""
        enter = ("unshare", "--mount", "--uts", "--propagation", "private", "sh", "-euc", _ENTER)
        inside = {**_environment(), **(env or {})}
        words = [f"{key}={value}" for key, value in inside.items()]
        return run(
            [*enter, "enter", str(self.folder), "minimal", cwd, "env", "-i", *words, *argv],
            env={"PATH": _PATH},
            check=check,
            timeout=timeout,
        )

    def write(self, path: str, text: str) -> None:
        """Write a file in it."""
        file = self.folder / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)


@contextmanager
def fresh(release: str, *packages: str) -> Iterator[Root]:
    """Give a fresh system with our checkout in it, as committed, removed at the end."""
    folder = _BASES / f"{release}-{token_hex(3)}"
    try:
        # The kernel shares the blocks where the file system can.
        run(("cp", "-a", "--reflink=auto", str(_base(release)), str(folder)), timeout=300)
        root = Root(release, folder)
        clone = folder / HOME.lstrip("/")
        clone.parent.mkdir(parents=True)
        run(("git", "clone", "--quiet", "--no-hardlinks", str(_PROJECT), str(clone)))
        if packages:
            root.run("apt-get", "update", "-qq", cwd="/")
            root.run("apt-get", "install", "-qq", "--no-install-recommends", *packages, cwd="/")
        yield root
    finally:
        _end_all_in(folder)
        shutil.rmtree(folder, ignore_errors=True)


def _base(release: str) -> Path:
    """Return the folder of an untouched system, made where it is not there yet."""
    base = _BASES / release
    _BASES.mkdir(parents=True, exist_ok=True)
    with (_BASES / f"{release}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not base.exists():
            new = _BASES / f"{release}.new"
            shutil.rmtree(new, ignore_errors=True)
            argv = ["debootstrap", "--variant=minbase", f"--include={','.join(ASKED_FOR)}"]
            run([*argv, release, str(new), *([_MIRROR] if _MIRROR else [])], timeout=1200)
            _know_the_way_out(new)
            new.rename(base)
    return base


def _know_the_way_out(root: Path) -> None:
    """Give a system what this machine needs to reach package indexes: proxies, certificates."""
    for file in ("etc/resolv.conf", "etc/pip.conf"):
        with suppress(FileNotFoundError):
            shutil.copy(Path("/", file), root / file)
    (root / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
    given = next(
        (os.environ[name] for name in ("PIP_CERT", "SSL_CERT_FILE") if name in os.environ), ""
    )
    if given:
        (root / "etc/ssl").mkdir(parents=True, exist_ok=True)
        shutil.copy(given, root / _CERTIFICATES.lstrip("/"))
    told = run(("apt-config", "dump", "Acquire"), check=False)
    # Debian's newest release may come as a snapshot that is older than a week.
    late = 'Acquire::Check-Valid-Until "false";\n'
    (root / "etc/apt/apt.conf.d/99machine").write_text(told.stdout + late)


def _environment() -> dict[str, str]:
    passed = {
        key: value
        for key, value in os.environ.items()
        if key.lower().endswith("_proxy")
        or key in {"PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_DEFAULT_TIMEOUT"}
    }
    if os.environ.get("PIP_CERT") or os.environ.get("SSL_CERT_FILE"):
        passed |= {"PIP_CERT": _CERTIFICATES, "SSL_CERT_FILE": _CERTIFICATES}
    return {**passed, "PATH": _PATH, "HOME": "/root", "DEBIAN_FRONTEND": "noninteractive"}


def _end_all_in(folder: Path) -> None:
    """Kill what still runs in a system, so that its mounts end with it."""
    try:
        ours = folder.stat()
    except FileNotFoundError:
        return
    for entry in Path("/proc").glob("[0-9]*"):
        with suppress(OSError):  # it ended while we looked
            if os.path.samestat((entry / "root").stat(), ours):
                os.kill(int(entry.name), signal.SIGKILL)
