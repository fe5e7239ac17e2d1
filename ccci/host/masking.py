"""Texts without what must never be shown. Pure."""

import hashlib
import re
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import Enum
from functools import cache, lru_cache
from typing import Any, TypeVar, get_args

from ccci.host.json_values import present, types_of
from ccci.host.patterns import late
from ccci.host.secret_values import (
    SHORTEST,
    SHORTEST_WORD,
    forms,
    secret_values,
    sounds_secret,
)

__all__ = [
    "HIDDEN",
    "Fingerprint",
    "Mask",
    "fingerprints",
    "mask",
    "masked",
    "masked_keys",
    "secret_values",
    "without_credentials",
]

HIDDEN = "***"
"""What stands where something is not shown."""

_Value = TypeVar("_Value")

_LONGEST_RUN = 20_000


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """A secret of an earlier run, known again but not known: its length and a keyed digest."""

    length: int
    salt: str
    digest: str
    blanks: bool = False


Mask = str | Fingerprint
"""A value that must never be shown, or the fingerprint of one."""


def fingerprints(values: Iterable[str], salt: str) -> tuple[Fingerprint, ...]:
    """Return the fingerprints of values in all of their forms."""
    found = {form for value in values for form in forms(value)}
    return tuple(
        Fingerprint(len(each), salt, _digest(each, salt), bool(re.search(r"\s", each)))
        for each in sorted(found)
    )


def _digest(text: str, salt: str) -> str:
    return hashlib.blake2b(
        text.encode("utf-8", "surrogatepass"), key=bytes.fromhex(salt), digest_size=16
    ).hexdigest()


def masked(text: str, masks: Iterable[Mask], hide: Callable[[str], str] = lambda _: HIDDEN) -> str:
    """Return the text with each of these values, and credentials in addresses, hidden.

    A value is hidden in each of its forms, a short one only where it stands alone. What overlaps
    is hidden as one.
    """
    known = _Known.of(masks if isinstance(masks, frozenset) else frozenset(masks))
    found = known.spans(text)
    if not found:
        return without_credentials(text)
    at = 0
    shown: list[str] = []
    for begin, end in _joined(found):
        shown += [text[at:begin], hide(text[begin:end])]
        at = end
    return without_credentials("".join([*shown, text[at:]]))


def mask(value: _Value, masks: Iterable[Mask]) -> _Value:
    """Return a value (a report) with every text in it masked, keys of mappings included.

    A mapping in a field of a dataclass is keyed by what others named; of a document of any JSON, a
    key of letters alone is the document's own word, and stays.
    """
    found: _Value = _mask(value, frozenset(masks), named=False)
    return found


def _mask(value: Any, masks: frozenset[Mask], *, named: bool) -> Any:  # noqa: ANN401 -- whatever a report holds
    if isinstance(value, str):
        return value if isinstance(value, Enum) else masked(value, masks)
    if value is None or isinstance(value, (int, float)):
        return value
    if is_dataclass(value) and not isinstance(value, type):
        changed = {
            name: _mask(getattr(value, name), masks, named=named)
            for name, named in _fields_of(type(value))
        }
        same = all(getattr(value, name) is each for name, each in changed.items())
        return value if same else replace(value, **changed)
    if isinstance(value, (tuple, list)):
        made = [_mask(each, masks, named=named) for each in value]
        same = all(one is other for one, other in zip(made, value, strict=True))
        return value if same else type(value)(made)
    if isinstance(value, dict):
        return masked_keys(
            {key: _mask(each, masks, named=named) for key, each in value.items()},
            lambda key: masked(key, masks),
            named=named,
        )
    return value


@cache
def _fields_of(cls: type) -> tuple[tuple[str, bool], ...]:
    """Return each field's name, and whether others name the keys of what it holds.

    Of a document of any JSON they are words of its own.
    """
    kinds = {each.name: present(types_of(cls)[each.name]) for each in fields(cls)}
    return tuple((name, get_args(kind)[1:] != (Any,)) for name, kind in kinds.items())


def masked_keys(
    mapping: Mapping[Any, Any], masking: Callable[[str], str], *, named: bool
) -> dict[Any, Any]:
    """Return a mapping whose keys hold no secret; none is lost for being masked as another is.

    Unless others `named` its keys, one of letters alone is a word of the document and stays.
    """
    found: dict[Any, Any] = {}
    for key, value in mapping.items():
        shown = key
        if isinstance(key, str) and (named or not _WORD.fullmatch(key)):
            shown = whole = masking(key)
            number = 1
            while shown in found:
                number += 1
                shown = f"{whole} ({number})"
        found[shown] = value
    return found


_WORD = re.compile(r"[$A-Za-z_]+")


# All of them are bounded, so that no text takes more than linear time.
_SCHEME = r"\b([a-z][a-z0-9+.-]{0,15}://)"
_ADDRESS = late(rf"{_SCHEME}([^\s/?#@'\"<>]*(?:@[^\s/?#@'\"<>]*)*)@", re.IGNORECASE)
# A password with a slash in it: what follows the colon is no port, and an @ comes later.
_ODD_ADDRESS = late(
    rf"{_SCHEME}[^\s/?#@:'\"<>]{{1,200}}:(?!\d*/)[^\s'\"<>]{{0,200}}@", re.IGNORECASE
)
# `user:token@host:path`, but not `image:tag@sha256:…`.
_WITHOUT_SCHEME = late(r"(?<![\w.+%~:/@-])[\w.+%~-]+:[^\s/@'\"<>]{1,256}@(?!sha\d+:)(?=[\w.-]+:)")
_PARAMETER = late(r"([?&#;])([\w.-]+)=([^\s&#;'\"<>]+)")


def without_credentials(text: str) -> str:
    """Return a text without the users, passwords and tokens of the addresses in it.

    The user of an ssh address is no secret where no password follows.
    """
    if "@" in text:
        text = _ADDRESS().sub(_without_user, text)
        text = _ODD_ADDRESS().sub(rf"\1{HIDDEN}@", text)
        text = _WITHOUT_SCHEME().sub(f"{HIDDEN}@", text)
    if "=" in text:
        text = _PARAMETER().sub(_without_value, text)
    return text


def _without_user(found: re.Match[str]) -> str:
    plain = found[1].lower() in {"ssh://", "git+ssh://"} and ":" not in found[2]
    return found[0] if plain else f"{found[1]}{HIDDEN}@"


def _without_value(found: re.Match[str]) -> str:
    return f"{found[1]}{found[2]}={HIDDEN}" if sounds_secret(found[2]) else found[0]


class _Known:
    """Masks made ready to be looked for."""

    def __init__(self, masks: frozenset[Mask]) -> None:
        texts = {form for each in masks if isinstance(each, str) for form in forms(each)}
        self.long = sorted(each for each in texts if len(each) >= SHORTEST)
        self.words = sorted(each for each in texts if SHORTEST_WORD <= len(each) < SHORTEST)
        self.digests: dict[tuple[bool, str, int], set[str]] = defaultdict(set)
        for each in masks:
            if isinstance(each, Fingerprint):
                self.digests[each.blanks, each.salt, each.length].add(each.digest)

    @staticmethod
    @lru_cache(maxsize=32)
    def of(masks: frozenset[Mask]) -> "_Known":
        """Return these masks, made ready once."""
        return _Known(masks)

    def spans(self, text: str) -> list[tuple[int, int]]:
        """Return from where to where something is secret, in any order, overlaps included."""
        found: list[tuple[int, int]] = []
        for value in self.long:
            at = text.find(value)
            while at >= 0:
                found.append((at, at + len(value)))
                at = text.find(value, at + 1)
        for value in self.words:
            at = text.find(value)
            while at >= 0:
                if _stands_alone(text, at, at + len(value)):
                    found.append((at, at + len(value)))
                at = text.find(value, at + 1)
        if self.digests:
            found += self._recognized(text)
        return found

    def _recognized(self, text: str) -> list[tuple[int, int]]:
        """Return where a secret stands of which only the fingerprint is known.

        What is too long to be looked through is hidden whole.
        """
        found = []
        for (blanks, salt, length), digests in self.digests.items():
            for run in re.finditer(r"[^\n]+" if blanks else r"\S+", text):
                if run.end() - run.start() > _LONGEST_RUN:
                    found.append(run.span())
                    continue
                for begin in range(run.start(), run.end() - length + 1):
                    end = begin + length
                    if length < SHORTEST and not _stands_alone(text, begin, end):
                        continue
                    if _digest(text[begin:end], salt) in digests:
                        found.append((begin, end))
        return found


def _stands_alone(text: str, begin: int, end: int) -> bool:
    before, after = text[begin - 1 : begin], text[end : end + 1]
    return not (before.isalnum() or after.isalnum())


def _joined(spans: list[tuple[int, int]]) -> list[tuple[int, int]]:
    """Return spans in order, those that overlap as one."""
    found: list[tuple[int, int]] = []
    for begin, end in sorted(spans):
        if found and begin < found[-1][1]:
            found[-1] = (found[-1][0], max(found[-1][1], end))
        else:
            found.append((begin, end))
    return found
