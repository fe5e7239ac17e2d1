"""What the newer commit wants of an app and the older did not: secrets, variables, networks."""

import re
from collections.abc import Iterator, Mapping

from ccci.compose.sections import Named
from ccci.compose.service import Place
from ccci.names import ENV_SAMPLE
from ccci.recipe.compose_file import COMPOSE_FILE as SETTING
from ccci.sweep.rules.model import Confidence, Severity
from ccci.sweep.upgrade.model import NOWHERE, Slip
from ccci.sweep.upgrade.revision import READS, Pair

SECRET, VARIABLE, COMPOSE_FILE, VERSION, EXTERNAL = (
    "CCCI102",
    "CCCI103",
    "CCCI113",
    "CCCI114",
    "CCCI119",
)
_VERSION = re.compile(r"[A-Z0-9_]+_VERSION")
_ABRAS_OWN = "ABRA_"
_MOST = 100


def secrets(pair: Pair) -> Iterator[Slip]:
    """Yield each secret that a service uses and an existing app was never given."""
    old = _externals(pair.old.loaded.sections.secrets)
    new = _externals(pair.new.loaded.sections.secrets)
    dropped: dict[str, Named] = {}
    for name, each in old.items():
        if name not in new:
            dropped.setdefault(each.key, each)
    services = sorted(pair.new.loaded.services.items(), reverse=True)
    used = {key: name for name, each in services for key in each.secrets}
    yield from _renamed_variables(pair, old, used)
    notes = _new_notes(pair)
    for name, named in new.items():
        if name in old or named.key not in used:
            continue
        renamed = dropped.get(named.key)
        instead = f" instead of `{_short(renamed)}`" if renamed else ""
        told = "secret" in notes or named.key.lower() in notes
        yield Slip(
            SECRET,
            f"{used[named.key]} wants the secret `{_short(named)}`{instead}, which existing apps "
            "have not: docker refuses the deploy",
            "let each app make it before the upgrade (`abra app secret generate`), and say so in "
            "the release notes",
            named.place,
            used[named.key],
            severity=Severity.WARNING if told else None,
        )


def _renamed_variables(
    pair: Pair, old: Mapping[str, Named], used: Mapping[str, str]
) -> Iterator[Slip]:
    """Yield each secret whose version another variable gives now, where nobody sets either.

    Without an older `.env.sample` both names look the same: what the apps have is not known.
    """
    unset = {*pair.new.loaded.unset, *pair.new.loaded.needs}
    for named in _externals(pair.new.loaded.sections.secrets).values():
        before = old.get(named.name)
        if before is None or named.key not in used:
            continue
        was, now = (
            set(READS.findall(str(view.raw("secrets", each.key).get("name") or "")))
            for view, each in ((pair.old, before), (pair.new, named))
        )
        came = sorted((now - was) & unset)
        if came and was - now:
            gone = ", ".join(sorted(was - now))
            yield Slip(
                SECRET,
                f"the name of the secret `{named.key}` reads {', '.join(came)} instead of {gone}: "
                "existing apps have not set it, so that docker refuses the deploy",
                f"keep {gone}, or say in the release notes what to set",
                named.place,
                used[named.key],
                severity=Severity.WARNING,
                confidence=Confidence.LIKELY,
            )


def _externals(section: dict[str, Named]) -> dict[str, Named]:
    return {each.name: each for each in section.values() if each.external}


def _short(named: Named) -> str:
    """Return a secret's name without the stack; its key where an app has no version for it."""
    name = named.name.removeprefix("stack_")
    return named.key if name.endswith("_") else name


def _new_notes(pair: Pair) -> str:
    """Return what the files below `release/` say that the newer commit brings, in small letters."""
    texts: list[str] = []
    after, before = pair.new.revision, pair.old.revision
    folder = after.folder / "release"
    for path in sorted(folder.iterdir()) if folder.is_dir() and not folder.is_symlink() else ():
        name = f"release/{path.name}"
        content = after.content(name)
        if content is not None and content != before.content(name):
            texts.append(content.decode(errors="replace").lower())
    return "\n".join(texts)


def variables(pair: Pair) -> Iterator[Slip]:
    """Yield each variable that is read for the first time and that an existing app has not."""
    before = {*pair.old.loaded.unset, *pair.old.loaded.needs}
    needed = [each for each in pair.new.loaded.needs if each not in before]
    unset = [each for each in pair.new.loaded.unset if each not in before and each not in needed]
    after = pair.new.revision
    of_secrets = pair.new.secret_versions
    for name in needed:
        place = pair.new.first.get(name)
        if place is not None:
            yield Slip(
                VARIABLE,
                f"the files require {name}, which existing apps have not: docker refuses them",
                f"give it a default, `${{{name}:-…}}`",
                place,
                severity=Severity.ERROR,
            )
    for name in unset:
        if name in pair.old.defaulted and name not in after.sample and name not in of_secrets:
            yield Slip(
                VARIABLE,
                f"{name} had a default and has none now, and nobody sets it: it is empty in the "
                "apps that relied on the default",
                f"keep the default, `${{{name}:-…}}`",
                pair.new.first.get(name, NOWHERE),
            )
    # Where the older commit has no .env.sample, nobody knows what its apps have.
    for name in unset if pair.old.revision.sample else ():
        if name in after.offered or name.startswith(_ABRAS_OWN):
            continue
        if name in pair.old.first:
            continue  # it was read before, in another place
        given = after.sample.get(name)
        if given is not None and not given.value:
            continue
        if name in of_secrets:
            continue  # the secret is the finding
        have = (
            f"{name}, which only new apps get ({ENV_SAMPLE}): existing ones have it empty"
            if given
            else f"{name}, which nobody sets: it is empty"
        )
        yield Slip(
            VARIABLE,
            f"the files read {have}",
            f"give it a default, `${{{name}:-{given.value if given else '…'}}}`",
            pair.new.first.get(name, NOWHERE),
        )


def compose_file(pair: Pair) -> Iterator[Slip]:
    """Yield the change of COMPOSE_FILE that existing apps will not follow."""
    before, after = pair.old.revision, pair.new.revision
    added = [name for name in dict.fromkeys(after.files) if name not in before.files]
    if pair.overlay is None and added and before.sample:
        setting = after.sample.get(SETTING)
        yield Slip(
            COMPOSE_FILE,
            f"new apps use {', '.join(added)} as well, existing ones keep their COMPOSE_FILE",
            "say in the release notes what to add to COMPOSE_FILE, or move it into compose.yml",
            Place(ENV_SAMPLE, setting.line if setting else 0),
        )


def versions(pair: Pair) -> Iterator[Slip]:
    """Yield each version of `.env.sample` that was raised, which existing apps will not follow."""
    if pair.overlay is not None:
        return
    before, after = pair.old.revision, pair.new.revision
    images, of_secrets = pair.new.images, pair.new.secret_versions
    changed = {
        name: (before.sample[name].value, setting.value)
        for name, setting in after.sample.items()
        if name in before.sample
        and before.sample[name].value != setting.value
        and name not in after.exports
        and (name in images or _VERSION.fullmatch(name))
    }
    first = list(changed.items())[:_MOST]
    for name, (was, now) in changed.items():
        others = [each for other, each in first if other != name]
        if any(old and was.replace(old, new) == now for old, new in others):
            continue  # it changed with the variable in it
        secret = name.startswith("SECRET_") or name in of_secrets
        what = "secret" if secret else "image" if name in images else "version"
        yield Slip(
            VERSION,
            f"{name} goes from {was} to {now} for new apps: existing ones keep the {what} they "
            "have",
            f"export {name} in abra.sh where the recipe is to decide it, or say in the release "
            "notes what to do",
            Place(ENV_SAMPLE, after.sample[name].line),
        )


def externals(pair: Pair) -> Iterator[Slip]:
    """Yield each network, volume and config of others that was not asked for before."""
    services = pair.new.loaded.services.values()
    used = {
        "networks": {name for each in services for name in each.networks},
        "volumes": {mount.source for each in services for mount in each.mounts or ()},
        "configs": {name for each in services for name in each.configs},
    }
    for kind, keys in used.items():
        old = _externals(getattr(pair.old.loaded.sections, kind))
        for name, named in _externals(getattr(pair.new.loaded.sections, kind)).items():
            if named.key in keys and name not in old:
                word = kind.removesuffix("s")
                yield Slip(
                    EXTERNAL,
                    f"the {word} `{name}` of somebody else is used for the first time: where it "
                    "is not there, docker refuses the deploy",
                    "say in the release notes who makes it",
                    named.place,
                )
