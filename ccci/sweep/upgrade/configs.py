"""Configs and secrets whose content changed while their name did not: Swarm refuses that."""

import re
from collections.abc import Iterator

from ccci.compose.sections import Named
from ccci.compose.service import Place
from ccci.names import ABRA_SH, ENV_SAMPLE
from ccci.sweep.rules.model import Confidence, Severity
from ccci.sweep.upgrade.model import Slip
from ccci.sweep.upgrade.revision import STACK, AppFiles, Pair

UNCHANGED_NAME = "CCCI101"
_VARIABLE = re.compile(r"\$\{?([A-Za-z_][A-Za-z0-9_]*)(?::?-([^}]*))?")
_WHATEVER = {"STACK_NAME", "DOMAIN"}


def forgotten(pair: Pair) -> Iterator[Slip]:
    """Yield each config or secret that is made anew under the name that an app has already."""
    for kind in ("configs", "secrets"):
        old = {_full_name(each): each for each in _own(pair.old, kind)}
        for named in _own(pair.new, kind):
            name = _full_name(named)
            before = old.get(name)
            if before is not None:
                yield from _changed(pair, kind, before, named)


def _own(view: AppFiles, kind: str) -> list[Named]:
    section: dict[str, Named] = getattr(view.loaded.sections, kind)
    return [each for each in section.values() if not each.external and each.file]


def _full_name(named: Named) -> str:
    return named.called(STACK)


def _changed(pair: Pair, kind: str, before: Named, after: Named) -> Iterator[Slip]:
    word = kind.removesuffix("s")
    old = pair.old.revision.content(before.file)
    new = pair.new.revision.content(after.file)
    if old is None or new is None:
        return
    if old != new:
        yield _forgotten(pair, kind, after)
        return
    drivers = [
        view.raw(kind, each.key).get("template_driver")
        for view, each in ((pair.old, before), (pair.new, after))
    ]
    if drivers[0] != drivers[1]:
        yield Slip(
            UNCHANGED_NAME,
            f"the template_driver of the {word} `{after.key}` changed and its name did not: Swarm "
            "keeps the one that is there, unchanged",
            "give it a new version",
            after.place,
            severity=Severity.WARNING,
        )


def _forgotten(pair: Pair, kind: str, named: Named) -> Slip:
    """Return the finding with the place where the version is written, in each of its four forms."""
    word = kind.removesuffix("s")
    what = f"{named.file.removeprefix('./')} changed, and the {word} `{named.key}` keeps its name"
    refused = "Swarm refuses the deploy (only updates to Labels are allowed)"
    after = pair.new.revision
    written = pair.new.raw(kind, named.key).get("name")
    found = [
        match
        for match in _VARIABLE.finditer(written if isinstance(written, str) else "")
        if match[1] not in _WHATEVER
    ]
    if not found:
        return Slip(
            UNCHANGED_NAME,
            f"{what}, which has no version in it: {refused}",
            f"name it `${{STACK_NAME}}_{named.key}_${{{named.key.upper()}_VERSION}}`, and export "
            "the version in abra.sh",
            named.place,
        )
    variable, default = found[-1][1], found[-1][2]
    if variable in after.exports:
        value = after.exports[variable]
        return Slip(
            UNCHANGED_NAME,
            f"{what}, since abra.sh still exports {variable}={value.value}: {refused}",
            f"raise {variable} in abra.sh",
            Place(ABRA_SH, value.line),
        )
    kept = pair.old.revision.sample.get(variable) or pair.old.revision.offered.get(variable)
    if kept is not None:
        now = after.sample.get(variable) or after.offered.get(variable)
        raised = now is not None and now.value != kept.value
        how = (
            f"{variable} is raised in .env.sample, which existing apps do not follow"
            if raised
            else f"{variable}={kept.value} is kept in the .env of each app"
        )
        return Slip(
            UNCHANGED_NAME,
            f"{what}: {how}: {refused}",
            f"export {variable} in abra.sh, where the recipe can raise it",
            Place(ENV_SAMPLE, now.line) if now else named.place,
        )
    if default:
        return Slip(
            UNCHANGED_NAME,
            f"{what}, since the default in the file is still {default}: {refused}",
            f"raise the default, or export {variable} in abra.sh",
            named.place,
        )
    return Slip(
        UNCHANGED_NAME,
        f"{what} where nobody raises {variable}, which nothing in the recipe sets: {refused}",
        f"export {variable} in abra.sh, where the recipe can raise it",
        named.place,
        severity=Severity.WARNING,
        confidence=Confidence.GUESS,
    )
