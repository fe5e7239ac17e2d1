"""A run's files as one archive that may be shown to others, and such an archive opened again.

Everything is masked once more, and known folders of this machine have a name instead. The same run
gives the same bytes. What an archive holds when it comes back is anybody's: only a report or a
trace is taken out of it, no link is followed, and no more is unpacked than a run can hold.
"""

import gzip
import io
import json
import os
import re
import tarfile
import zlib
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from ccci.errors import CcciError, UsageError
from ccci.host import files, sanitizer
from ccci.host.masking import Mask, masked
from ccci.records import runs

MAGIC = b"\x1f\x8b"
LARGEST = 16 * 2**20
"""So many bytes of one file are packed; of a longer one its beginning, in whole lines."""
_WHOLE = 64 * 2**20
"""So many bytes are packed, or unpacked, altogether."""
_MOST = 100


def pack(
    folder: Path, name: str, masks: frozenset[Mask], homes: Iterable[tuple[str, str]]
) -> tuple[bytes, tuple[str, ...]]:
    """Return a run's folder as an archive, and what of it was cut or left out.

    `homes` are paths of this machine, and what is told in their place. Raise OSError.
    """
    clean = _cleaner(masks, sorted(homes, key=lambda each: -len(each[0])))
    missing: list[str] = []
    out = io.BytesIO()
    room = _WHOLE
    with (
        gzip.GzipFile(filename="", mode="wb", fileobj=out, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w", format=tarfile.PAX_FORMAT) as archive,
    ):
        for path in runs.files_of(folder):
            text, cut = _read(path, min(LARGEST, room))
            if cut:
                missing.append(f"{path.name} is longer than what is packed of it")
            data = _cleaned(path.name, text, clean).encode("utf-8", "replace")
            room -= len(text)
            about = tarfile.TarInfo(f"ccci-{name}/{path.name}")
            about.size, about.mode = len(data), files.PRIVATE
            archive.addfile(about, io.BytesIO(data))
    return out.getvalue(), tuple(missing)


def write(path: Path, data: bytes) -> None:
    """Write an archive where nothing is yet. Raise UsageError where something is, OSError."""
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC
    with files.opened(path.parent) as folder:
        try:
            descriptor = os.open(path.name, flags, files.PRIVATE, dir_fd=folder)
        except FileExistsError:
            raise UsageError(
                f"{path} is there already", "nothing is written over: give another --output"
            ) from None
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
        except BaseException:
            with suppress(OSError):
                os.unlink(path.name, dir_fd=folder)
            raise


def unpack(path: Path, into: Path) -> Path:
    """Take the report of an archive, and its traces, into a folder, and return that folder.

    Raise CcciError for what is no archive of a run.
    """
    wanted = {runs.REPORT, *runs.TRACES}
    try:
        with (
            gzip.open(path) as packed,
            tarfile.open(fileobj=_Bounded(packed), mode="r|") as archive,
        ):
            for number, member in enumerate(archive):
                name = member.name.rpartition("/")[2]
                if number >= _MOST:
                    break
                if name in wanted and member.isreg():
                    wanted.discard(name)
                    content = archive.extractfile(member)
                    files.write(into / name, content.read(LARGEST) if content else b"")
    except (OSError, EOFError, zlib.error, tarfile.TarError, ValueError, OverflowError) as error:
        raise CcciError(
            f"{path} is no archive of a run: {error}", "`ccci runs bundle` makes one"
        ) from None
    return into


class _Bounded(io.RawIOBase):
    """What is unpacked, up to where no run is as long."""

    def __init__(self, packed: Any) -> None:  # noqa: ANN401 -- a file
        self._packed = packed
        self._room = _WHOLE + LARGEST

    def read(self, size: int = -1, /) -> bytes:
        """Return the next bytes. Raise ValueError where it is too much."""
        data: bytes = self._packed.read(min(size, self._room + 1) if size >= 0 else self._room + 1)
        self._room -= len(data)
        if self._room < 0:
            raise ValueError("it is larger than any run")
        return data


def _read(path: Path, most: int) -> tuple[str, bool]:
    """Return the beginning of a file, in whole lines where it is cut, and whether it is."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        data = file.read(most + 1)
    cut = len(data) > most
    if cut:
        data = data[: data.rfind(b"\n", 0, most) + 1]
    return data.decode("utf-8", "replace"), cut


def _cleaner(masks: frozenset[Mask], homes: Iterable[tuple[str, str]]) -> Callable[[str], str]:
    known: dict[str, str] = {}
    told = [(_folder(home), name) for home, name in homes]

    def clean(text: str) -> str:
        """Return a text without secrets and paths; a trace says the same a thousand times."""
        if text not in known:
            found = text
            for home, name in told:
                found = home.sub(name, found)
            known[text] = masked(found, masks)
        return known[text]

    return clean


def _folder(path: str) -> re.Pattern[str]:
    """Return what finds a folder, and all below it: `/root`, but neither `/rootless` nor `/x/root`.

    A longer path is hidden wherever it begins: what stands before it may be an option's letter.
    """
    begin = r"(?<![\w.-])" if path.count("/") == 1 else ""
    return re.compile(rf"{begin}{re.escape(path)}(?!\w|[.-]\w)")


def _cleaned(name: str, text: str, clean: Callable[[str], str]) -> str:
    """Return the text of a file without what must not be told; JSON stays JSON."""
    if name.endswith(".jsonl"):
        # By newlines alone: what else parts lines for Python may stand in a text of JSON.
        lines = text.removesuffix("\n").split("\n")
        return "".join(f"{_of_json(line, clean, None)}\n" for line in lines if line)
    if name.endswith(".json"):
        return f"{_of_json(text, clean, 2)}\n"
    return "".join(f"{clean(line)}\n" for line in text.splitlines())


def _of_json(text: str, clean: Callable[[str], str], indent: int | None) -> str:
    try:
        found = _walked(json.loads(text), clean)
    except (ValueError, RecursionError):
        return clean(text)
    told = json.dumps(found, indent=indent, separators=None if indent else (",", ":"))
    return sanitizer.json_text(told)


def _walked(value: Any, clean: Callable[[str], str]) -> Any:  # noqa: ANN401 -- any JSON
    if isinstance(value, str):
        return clean(value)
    if isinstance(value, list):
        return [_walked(each, clean) for each in value]
    if isinstance(value, dict):
        return {clean(key): _walked(each, clean) for key, each in value.items()}
    return value
