"""One commit of a recipe as the rules see it, and two of them under one set of files."""

import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path

from ccci.compose import Loaded, Loader, Place, Source, open_source
from ccci.errors import CcciError
from ccci.names import ABRA_SH, COMPOSE_YML, ENV_SAMPLE
from ccci.plain_file import read_plain
from ccci.recipe import abra_script, compose_file, dotenv
from ccci.recipe.compose_file import COMPOSE_FILE
from ccci.sweep.inventory import OVERLAY_NAME

STACK = "stack"
_OFFERED = re.compile(r"\s*#\s*(?:export\s+)?([A-Z][A-Z0-9_]*)=(.*)")


@dataclass(frozen=True, slots=True)
class Setting:
    """A variable's value in `.env.sample` or `abra.sh`, and the line that sets it."""

    value: str
    line: int


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit's own files: `sample` and `exports` by variable, `offered` what is commented out.

    `release` is the tag it is deployed as, where it is one, and `annotated` whether the tag is.
    """

    commit: str
    name: str
    folder: Path
    sample: Mapping[str, Setting]
    offered: Mapping[str, Setting]
    exports: Mapping[str, Setting]
    release: str | None = None
    annotated: bool = True

    @property
    def files(self) -> tuple[str, ...]:
        """Return what COMPOSE_FILE of `.env.sample` names."""
        return compose_file.named(self.sample.get(COMPOSE_FILE, Setting("", 0)).value)

    @property
    def overlays(self) -> tuple[str, ...]:
        """Return the compose files beside those, in the folder itself or one below it."""
        every = (
            each.relative_to(self.folder).as_posix()
            for pattern in ("compose.*", "[!.]*/compose.*")
            for each in self.folder.glob(pattern)
            if OVERLAY_NAME.fullmatch(each.name)
        )
        return tuple(name for name in sorted(every) if name not in self.files)

    def has(self, name: str) -> bool:
        """Say whether there is a file of that name, be it a link."""
        path = self.folder / name
        return path.is_file() or path.is_symlink()

    def content(self, name: str) -> bytes | None:
        """Return what a file of the commit holds, None where it cannot be read."""
        try:
            return read_plain(self.folder / name, self.folder)
        except (OSError, ValueError):
            return None


def read(
    folder: Path, commit: str, name: str, *, release: str | None = None, annotated: bool = True
) -> Revision:
    """Return the commit whose files lie in a folder."""
    sample = _text(folder, ENV_SAMPLE)
    entries: tuple[dotenv.Entry, ...] = ()
    with suppress(CcciError):  # docker would not read it either, which `deploy` says
        entries = dotenv.read(sample, ENV_SAMPLE)
    offered = {
        match[1]: Setting(match[2].strip().strip("'\""), number)
        for number, line in enumerate(sample.split("\n"), 1)
        if (match := _OFFERED.match(line))
    }
    script = _text(folder, ABRA_SH)
    exported, _ = abra_script.read(script)
    return Revision(
        commit,
        name,
        folder,
        {each.key: Setting(each.value, each.first + 1) for each in entries},
        offered,
        {key: Setting(each.value, each.line) for key, each in exported.items()},
        release,
        annotated,
    )


def _text(folder: Path, name: str) -> str:
    try:
        return read_plain(folder / name, folder).decode(errors="replace")
    except (OSError, ValueError):
        return ""


READS = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)")
_READS = re.compile(rf"{READS.pattern}(:?-)?")


def _mappings(section: object) -> Iterator[Mapping[str, object]]:
    for each in section.values() if isinstance(section, Mapping) else ():
        if isinstance(each, Mapping):
            yield each


@dataclass(frozen=True, slots=True)
class AppFiles:
    """Files of a commit, read as one app's."""

    revision: Revision
    files: tuple[str, ...]
    sources: tuple[Source, ...]
    loaded: Loaded
    lines: tuple[tuple[str, Place], ...]
    """Each line of the files, and where it stands."""
    first: Mapping[str, Place]
    """Where each variable is read first."""
    defaulted: frozenset[str]
    """The variables that have a default wherever they are read."""

    def raw(self, kind: str, key: str) -> Mapping[str, object]:
        """Return an entry of a top-level section before variables are replaced."""
        for source in reversed(self.sources):
            section = source.tree.get(kind)
            entry = section.get(key) if isinstance(section, Mapping) else None
            if isinstance(entry, Mapping):
                return entry
        return {}

    @property
    def images(self) -> frozenset[str]:
        """Return the variables that name an image, be it through another variable's value."""
        written = " ".join(
            str(service.get("image") or "")
            for source in self.sources
            for service in _mappings(source.tree.get("services"))
        )
        sample = self.revision.sample
        found: set[str] = set()
        asked = READS.findall(written)
        while asked:
            name = asked.pop()
            if name not in found:
                found.add(name)
                asked += READS.findall(sample[name].value) if name in sample else ()
        return frozenset(found)

    @property
    def secret_versions(self) -> frozenset[str]:
        """Return the variables that the names of secrets are made with."""
        names = (str(self.raw("secrets", key).get("name")) for key in self.loaded.sections.secrets)
        return frozenset(variable for name in names for variable in READS.findall(name))


@dataclass(frozen=True, slots=True)
class Pair:
    """An existing app before and after; `overlay` is the optional file that it uses, if any.

    `missing` are files that it names and the newer commit has not.
    """

    old: AppFiles
    new: AppFiles
    overlay: str | None = None
    missing: tuple[str, ...] = field(default=())


def app_pair(
    before: Revision,
    after: Revision,
    old_files: Sequence[str],
    new_files: Sequence[str],
    kept: Mapping[str, str],
) -> Pair:
    """Return one app with these files of each commit and these variables of its own.

    Files that a commit does not have, such as an overlay of the user's, are left out.
    """
    old, new = (
        tuple(name for name in files if revision.has(name))
        for revision, files in ((before, old_files), (after, new_files))
    )
    return Pair(_app_files(before, old, kept), _app_files(after, new, kept))


def pairs(before: Revision, after: Revision) -> Iterator[Pair]:
    """Yield the app of the older `.env.sample`, then one with each of its optional overlays."""
    yield _pair(before, after, before.files, None)
    for overlay in before.overlays:
        if after.has(overlay):
            yield _pair(before, after, (*before.files, overlay), overlay)


def alone(revision: Revision, overlay: str) -> Loaded:
    """Return what an overlay of a commit says by itself."""
    source = open_source(overlay, revision.folder / overlay, inside=revision.folder)
    values = {key: each.value for key, each in {**revision.offered, **revision.sample}.items()}
    return Loader({**values, "STACK_NAME": STACK}, inside=revision.folder).load((source,))


def _pair(before: Revision, after: Revision, files: tuple[str, ...], overlay: str | None) -> Pair:
    kept = {key: each.value for key, each in before.sample.items()}
    if overlay is not None:
        kept = {key: each.value for key, each in before.offered.items()} | kept
    kept.setdefault("DOMAIN", "app.example.com")
    missing = tuple(name for name in files if not after.has(name))
    return replace(app_pair(before, after, files, files, kept), overlay=overlay, missing=missing)


def _app_files(revision: Revision, files: tuple[str, ...], kept: Mapping[str, str]) -> AppFiles:
    exported = {key: each.value for key, each in revision.exports.items()}
    values = {**kept, **exported, "STACK_NAME": STACK}
    sources = tuple(
        open_source(name, revision.folder / name, inside=revision.folder) for name in files
    )
    if not sources:
        sources = (open_source(COMPOSE_YML, revision.folder / COMPOSE_YML, content=b"{}"),)
    loaded = Loader(values, inside=revision.folder).load(sources)
    lines = tuple(line for source in sources for line in _lines(revision, source.name))
    first: dict[str, Place] = {}
    without: set[str] = set()
    for line, place in lines:
        for name, default in _READS.findall(line):
            first.setdefault(name, place)
            if not default:
                without.add(name)
    defaulted = frozenset(first.keys() - without)
    return AppFiles(revision, files, sources, loaded, lines, first, defaulted)


def _lines(revision: Revision, name: str) -> Iterator[tuple[str, Place]]:
    content = revision.content(name) or b""
    for number, line in enumerate(content.decode(errors="replace").splitlines(), 1):
        yield line, Place(name, number)
