"""Policies made weaker, and what labels and tags say wrongly."""

import re
from collections.abc import Iterator, Mapping

from ccci.compose import Place
from ccci.compose.service import Service
from ccci.compose.tree import Map
from ccci.recipe.releases import parse
from ccci.sweep.policy import CheckSource, Effective, effective
from ccci.sweep.rules import Choice, Subject, of_service
from ccci.sweep.rules.keeping import is_database
from ccci.sweep.rules.model import seconds
from ccci.sweep.upgrade.model import Slip
from ccci.sweep.upgrade.revision import AppFiles, Pair

VERSION_LABEL, WEAKER, TIMEOUT, TAG, LABEL_KEY = (
    "CCCI110",
    "CCCI111",
    "CCCI112",
    "CCCI115",
    "CCCI117",
)
_VERSION = re.compile(r"coop-cloud\..+\.version")
_TIMEOUT = re.compile(r"coop-cloud\..+\.timeout")
_STRENGTH = {"continue": 0, "pause": 1, "rollback": 2}
_NEWLY = tuple(f"CCCI0{n:02}" for n in (1, 2, 3, 4, 5, 10, 11, 12, 13, 15, 21, 22, 23, 24))


def weaker(pair: Pair) -> Iterator[Slip]:
    """Yield what protects a service less than it did."""
    for name, service in pair.new.loaded.services.items():
        declared = pair.old.loaded.services.get(name)
        if declared is None or not service.image:
            continue
        before, after = effective(declared), effective(service)
        yield from _action(name, service, before, after)
        if before.health is CheckSource.DEFINED and after.health in {
            CheckSource.NONE,
            CheckSource.DISABLED,
        }:
            yield Slip(
                WEAKER,
                "the health check is gone: what answers nothing is taken for running",
                "keep a health check",
                service.place("healthcheck"),
                name,
            )
        known = {rule.id for rule, _ in of_service(Subject(before), Choice(_NEWLY))}
        for rule, hit in of_service(Subject(after), Choice(_NEWLY)):
            place = service.place(*hit.keys)
            if rule.id not in known and place not in pair.new.loaded.unknown:
                yield Slip(WEAKER, f"{hit.message} ({rule.id})", hit.hint, place, name)


def _action(name: str, service: Service, before: Effective, after: Effective) -> Iterator[Slip]:
    old, new = before.update.failure_action, after.update.failure_action
    if _STRENGTH.get(new, 1) >= _STRENGTH.get(old, 1) or new == "continue":
        return
    if is_database(after.image):
        return  # for a database a pause is the better one
    yield Slip(
        WEAKER,
        f"failure_action was {old} and is {new}",
        f"keep {old}, or say why",
        service.place("deploy.update_config.failure_action", "deploy.update_config", "deploy"),
        name,
    )


def timeout(pair: Pair) -> Iterator[Slip]:
    """Yield a timeout label that is shorter than a health check's own patience, and by more now."""
    old, new = _timeout(pair.old), _timeout(pair.new)
    if new is None:
        return
    allowed, name = new
    needed, who = _patience(pair.new)
    before, _ = _patience(pair.old)
    lacked = before - old[0] if old is not None else 0.0
    if needed - allowed > max(lacked, 0.0):
        yield Slip(
            TIMEOUT,
            f"the timeout label allows {seconds(allowed)}, and the health check of `{who}` lets it "
            f"start for up to {seconds(needed)}",
            f"raise the label above {seconds(needed)}",
            pair.new.loaded.services[name].place("deploy.labels", "deploy"),
            name,
        )


def _timeout(view: AppFiles) -> tuple[float, str] | None:
    for name, service in view.loaded.services.items():
        for key, value in service.labels.items():
            if _TIMEOUT.fullmatch(key) and value.isascii() and value.isdigit():
                return float(value[:9]), name
    return None


def _patience(view: AppFiles) -> tuple[float, str]:
    """Return how long a health check lets a task start at most, and of which service.

    Until its first good probe a task is starting; it is given up at the last of `retries` bad ones
    in a row, those within the start_period not counted (moby daemon/health.go).
    """
    found = [
        (check.start_period + check.unhealthy_after, name)
        for name, service in view.loaded.services.items()
        if (check := effective(service).check) is not None
    ]
    return max(found, default=(0.0, ""))


def version_label(pair: Pair) -> Iterator[Slip]:
    """Yield a version label that a release does not carry, or that goes back."""
    if pair.overlay is not None:
        return
    old, new = _label(pair.old.loaded.services), _label(pair.new.loaded.services)
    if new is None or old is None:
        return
    value, name = new
    place = pair.new.loaded.services[name].place("deploy.labels", "deploy")
    release = pair.new.revision.release
    if release is not None and value != release:
        yield Slip(
            VERSION_LABEL,
            f"the release {release} carries the version label {value}",
            f"write {release} into the label before the tag is made (`abra recipe sync`)",
            place,
            name,
        )
        return
    before, after = parse(old[0]), parse(value)
    if before is not None and after is not None and after < before:
        yield Slip(
            VERSION_LABEL,
            f"the version label goes back from {old[0]} to {value}",
            "raise it",
            place,
            name,
        )


def _label(services: Mapping[str, Service]) -> tuple[str, str] | None:
    for name, service in services.items():
        for key, value in service.labels.items():
            if _VERSION.fullmatch(key) and value:
                return value, name
    return None


def tag(pair: Pair) -> Iterator[Slip]:
    """Yield a release tag that abra does not deploy."""
    after = pair.new.revision
    if after.release is not None and not after.annotated and pair.overlay is None:
        yield Slip(
            TAG,
            f"{after.release} is a lightweight tag: abra refuses to deploy it (its rule R014)",
            f"make it anew: `git tag -f -a {after.release}`",
        )


def label_keys(pair: Pair) -> Iterator[Slip]:
    """Yield each new label whose key holds a variable, which docker leaves as it is."""
    old = {key for _, key, _ in _keys(pair.old)}
    for name, key, place in _keys(pair.new):
        if key not in old:
            yield Slip(
                LABEL_KEY,
                f"the label's key `{key}` holds a variable, and docker replaces none in keys",
                f'write the labels as a list: `- "{key}=…"`',
                place,
                name,
            )


def nested(pair: Pair) -> Iterator[Slip]:
    """Yield each new variable within another's default, which ends at the first brace."""
    old = {text for text, _ in _nested(pair.old)}
    for text, place in _nested(pair.new):
        if text not in old:
            yield Slip(
                LABEL_KEY,
                f"`{text}` has a variable in its default: for docker that ends at the first brace, "
                "and what is left stays as it is written",
                "set the variable in .env.sample or abra.sh, without a default",
                place,
            )


def _nested(view: AppFiles) -> Iterator[tuple[str, Place]]:
    for line, place in view.lines:
        if not line.lstrip().startswith("#"):
            yield from ((match[0], place) for match in _NESTED.finditer(line))


_NESTED = re.compile(r"(?<!\$)\$\{[A-Za-z_][A-Za-z0-9_]*:?-[^}$]{0,200}\$\{[A-Za-z0-9_]{1,100}\}")


def _keys(view: AppFiles) -> Iterator[tuple[str, str, Place]]:
    for source in view.sources:
        services = source.tree.get("services")
        for name, service in services.items() if isinstance(services, Map) else ():
            holders = (service, service.get("deploy")) if isinstance(service, Map) else ()
            for labels in (h.get("labels") for h in holders if isinstance(h, Map)):
                if isinstance(labels, Map):
                    for key in labels:
                        if "$" in key and "$$" not in key:
                            yield name, key, Place(source.name, labels.line_of(key))
