"""A small image out of the machine's own busybox, since no registry may be within reach."""

import io
import struct
import tarfile
from collections.abc import Iterable, Mapping
from pathlib import Path

from ccci.errors import CcciError, ToolMissing
from ccci.host import temporary
from ccci.host.process import run
from ccci.sandbox.daemon import docker
from ccci.sandbox.layout import Sandbox

# Debian 12's busybox-static 1.35 dies of SIGSEGV in `wget -T`: use `timeout 3 wget` in a probe.
BUSYBOX = Path("/bin/busybox")
_FOLDERS = ("bin", "data", "dev", "etc", "home", "mnt", "proc", "root", "run", "srv", "sys", "usr")
_FILES = {
    "etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/sh\n",
    "etc/group": "root:x:0:\nnogroup:x:65534:\n",
}
_INTERPRETER = 3  # PT_INTERP: elf(5)


def load(sandbox: Sandbox, name: str, changes: Iterable[str] = ()) -> None:
    """Make the image on every node; `changes` are lines of a Dockerfile such as `CMD ["sh"]`."""
    with temporary.folder("image") as folder:
        archive = folder / "image.tar"
        write_archive(archive)
        words = [word for change in changes for word in ("--change", change)]
        for node in sandbox.nodes:
            docker(node, "import", *words, str(archive), name, timeout=120)


def write_archive(archive: Path, files: Mapping[str, str] | None = None) -> None:
    """Write the file system of the image: busybox, its applets, the usual folders and `files`.

    Files under `bin/` are executable. Raise ToolMissing when busybox is not there or not static.
    """
    if not BUSYBOX.exists() or not _static(BUSYBOX.read_bytes()):
        raise ToolMissing(
            f"{BUSYBOX} is not installed or not statically linked",
            "on Debian: apt-get install busybox-static",
        )
    applets = run((str(BUSYBOX), "--list")).stdout.split()
    with tarfile.open(archive, "w") as out:
        for name in _FOLDERS:
            _add(out, name, mode=0o755, kind=tarfile.DIRTYPE)
        for name in ("tmp", "var", "var/tmp"):
            _add(out, name, mode=0o755 if name == "var" else 0o1777, kind=tarfile.DIRTYPE)
        _add(out, "bin/busybox", mode=0o755, content=BUSYBOX.read_bytes())
        for applet in applets:
            if applet != "busybox":
                _add(out, f"bin/{applet}", mode=0o777, kind=tarfile.SYMTYPE, target="busybox")
        for name, text in {**_FILES, **(files or {})}.items():
            _add(out, name, mode=0o755 if name.startswith("bin/") else 0o644, content=text.encode())


def _add(
    out: tarfile.TarFile,
    name: str,
    *,
    mode: int,
    kind: bytes = tarfile.REGTYPE,
    target: str = "",
    content: bytes = b"",
) -> None:
    entry = tarfile.TarInfo(name)
    entry.mode, entry.type, entry.linkname, entry.size = mode, kind, target, len(content)
    out.addfile(entry, io.BytesIO(content))


def _static(program: bytes) -> bool:
    """Say whether an ELF program needs no loader; only 64 bits, little endian, is known."""
    if program[:6] != b"\x7fELF\x02\x01":
        raise CcciError(f"{BUSYBOX} is no 64-bit little-endian ELF program")
    (start,) = struct.unpack_from("<Q", program, 32)
    size, count = struct.unpack_from("<HH", program, 54)
    kinds = (struct.unpack_from("<I", program, start + index * size)[0] for index in range(count))
    return _INTERPRETER not in kinds
