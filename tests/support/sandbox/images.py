"""Images for the tests, out of the machine's busybox: no registry is needed."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from ccci.host.process import run
from ccci.sandbox.image import write_archive

BUSYBOX = "ccci-test/busybox:latest"


def make(
    hosts: Iterable[str],
    name: str,
    changes: Sequence[str] = (),
    files: Mapping[str, str] | None = None,
) -> str:
    """Make an image on each of these Engines and return its name.

    `changes` are lines of a Dockerfile (CMD, ENTRYPOINT, ENV, HEALTHCHECK, LABEL, USER, VOLUME,
    WORKDIR, EXPOSE, STOPSIGNAL); `files` are added to busybox, executable under `bin/`.
    """
    with tempfile.TemporaryDirectory(prefix="ccci-image-") as folder:
        archive = Path(folder) / "image.tar"
        write_archive(archive, files)
        words = [word for change in changes for word in ("--change", change)]
        for host in hosts:
            run(("docker", "--host", host, "import", *words, str(archive), name), timeout=120)
    return name
