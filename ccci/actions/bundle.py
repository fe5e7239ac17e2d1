"""To bundle: one archive of a recorded run that may be shown to others."""

import os
import tempfile
from pathlib import Path

from ccci import settings
from ccci.actions.finished import Began
from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.host.masking import Mask
from ccci.host.secret_values import of_environment
from ccci.records import bundle as archives
from ccci.records import fingerprints, index, reopening
from ccci.report.model import Report


def bundle(root: Path, target: str, output: Path | None) -> Report:
    """Write the archive of the run that `target` names, as `ccci explain` takes it.

    Raise UsageError where it names none, or one that is still being made, or where `output` is
    there already; CcciError where it cannot be written.
    """
    began = Began()
    folder = reopening.ended_folder_of(root, target)
    name = folder.resolve().name
    place = output or Path(f"ccci-{name}.tar.gz")
    masks: set[Mask] = {*fingerprints.of_folder(folder), *of_environment(os.environ)}
    try:
        data, missing = archives.pack(folder, name, frozenset(masks), _homes(folder))
        archives.write(place, data)
    except OSError as error:
        raise CcciError(
            f"{error.filename or place}: {error.strerror}", "choose another place with --output"
        ) from error
    return began.finish(
        Report(
            "runs bundle",
            Verdict.DONE,
            f"packed run {name} into {place} ({len(data)} bytes), secrets masked",
            target=target,
            hint=f"read it before you send it; `ccci explain {place}` tells it again",
            notes=missing,
        )
    )


def _homes(folder: Path) -> list[tuple[str, str]]:
    """Return the paths of this machine that its files may tell, and what is told instead."""
    state = settings.state_folder(os.environ)
    paths = {
        tempfile.gettempdir(): "TMP",
        os.environ.get("ABRA_DIR", ""): "ABRA",
        index.in_folder(folder).abra_dir or "": "ABRA",
        str(settings.runs_folder()): "RUNS",
        str(folder.resolve()): "RUN",
        str(folder.absolute()): "RUN",
        str(state): "STATE",
        str(Path.cwd()): "HERE",
        str(Path.home()): "~",
    }
    bare = {path.rstrip("/"): name for path, name in paths.items() if path.startswith("/")}
    return [(path, name) for path, name in bare.items() if path]
