"""Room on the disk that holds the images, where that disk is this machine's."""

import os
import shutil

from ccci.report.parts import Check
from ccci.steps import machine
from ccci.swarm.decode.info import Info
from ccci.swarm.engine.client import Engine


def of_images(engine: Engine, info: Info | None = None) -> Check | None:
    """Return the check of the Engine's own disk, or None where it is not this machine's.

    `info` is what the Engine says of itself, where that is known already.
    """
    if not engine.host.startswith("unix://"):
        return None
    root = (Info(engine.info()) if info is None else info).folder
    # The socket may be another machine's, or lead out of the container that we run in.
    if not root or "\0" in root or not os.access(root, os.F_OK):
        return None
    return machine.disk("docker disk", root, shutil.disk_usage(root).free)
