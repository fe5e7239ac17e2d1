"""What the spec that failed changed, in one line. Pure."""

from collections.abc import Iterable

from ccci.host.counting import some
from ccci.host.masking import HIDDEN
from ccci.report.parts import Difference

_SHOWN = 5
_LONGEST = 48
_NAMES_SHOWN = 4


def in_words(differences: Iterable[Difference]) -> str:
    """Return differences in one line, bounded; names of one kind stand together."""
    told: dict[str, list[str]] = {}
    for each in _with_checks_as_one(list(differences)):
        kind = next((kind for kind in _BY_NAME if each.field.startswith(kind)), "")
        if kind:
            told.setdefault(kind, []).append(each.field.removeprefix(kind) + _how(each))
        else:
            told[_words(each)] = []
    words = [kind + some(names, _NAMES_SHOWN) for kind, names in told.items()]
    return some(words, _SHOWN, "; ")


def _with_checks_as_one(differences: list[Difference]) -> list[Difference]:
    """Return differences in which a health check that came or went as a whole is one."""
    check = [each for each in differences if each.field.startswith("healthcheck.")]
    for side in ("before", "after"):
        if len(check) > 1 and not any(getattr(each, side) for each in check):
            whole = Difference("healthcheck", *(("", HIDDEN) if side == "before" else (HIDDEN, "")))
            at = differences.index(check[0])
            rest = [each for each in differences if each not in check]
            return [*rest[:at], whole, *rest[at:]]
    return differences


_BY_NAME = ("environment ", "label ")
"""Fields of which the name alone is told."""


def _how(difference: Difference) -> str:
    if not difference.before:
        return " (new)"
    return "" if difference.after else " (gone)"


def _words(difference: Difference) -> str:
    if HIDDEN in {difference.before, difference.after}:
        return f"{difference.field}{_how(difference)}"
    return f"{difference.field} {_short(difference.before)} -> {_short(difference.after)}"


def _short(text: str) -> str:
    if not text:
        return "none"
    return text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…"
