"""The rules of a router of traefik: whose visitors they fit; pure.

The grammar is that of traefik's own documentation (Routers, Rule). Matchers of names are `Host`,
`HostHeader`, `HostSNI`, and those that take a regular expression: in traefik 3 one that fits
anywhere in a name, in traefik 2 a text with `{name:expression}` in it that fits the whole name.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass

_SIGN = re.compile(r"&&|\|\||[!()]")
_MATCHER = re.compile(
    r"(\w+)\s*\(((?:`[^`]*`|\"[^\"]*\"|'[^']*'|[^`\"'()])*)\)",
)
_QUOTED = r"(?:`[^`]*`|\"[^\"]*\"|'[^']*')"
_ARGUMENTS = re.compile(rf"\s*{_QUOTED}(?:\s*,\s*{_QUOTED})*\s*")
_ONE = re.compile(_QUOTED)
_LITERAL = {"host", "hostsni", "hostheader"}
_PATTERN = {"hostregexp", "hostsniregexp"}
_BLANK = re.compile(r"\s*")
_DEEPEST = 50
ANY = "*"


@dataclass(frozen=True, slots=True)
class Listed:
    """What a matcher of names lists: a name as it is, or an expression that names fit."""

    text: str
    pattern: bool = False

    def is_own(self, domain: str) -> bool:
        """Say whether it fits nothing but the domain and what is below it."""
        if self.pattern:
            return _fits_only(self.text.lower(), domain)
        return self.text.lower() == domain or self.text.lower().endswith(f".{domain}")


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule as it was read: whether to its end, what it lists, and whether all else is fenced.

    One that is `confined` fits no names but those that it lists, whatever else it asks for.
    """

    read: bool
    confined: bool
    listed: tuple[Listed, ...] = ()


def read(rule: str) -> Rule:
    """Return what a rule says. One that cannot be read is not confined: who knows what it fits."""
    tokens: list[str | bool] = []
    listed: list[Listed] = []
    at = 0
    while (at := _after(_BLANK.match(rule, at))) < len(rule):
        sign, matcher = _SIGN.match(rule, at), _MATCHER.match(rule, at)
        if sign:
            tokens.append(sign[0])
        elif matcher:
            found = _listed(matcher)
            listed += found
            tokens.append(bool(found) and Listed(ANY) not in found)
        else:
            return Rule(read=False, confined=False, listed=tuple(listed))
        at = _after(sign or matcher)
    reading = _Reading(tokens)
    confined = reading.is_confined()
    return Rule(reading.ended, confined, tuple(listed))


def _fits_only(pattern: str, domain: str) -> bool:
    """Say whether an expression fits the domain and names below it alone, as far as can be seen.

    Either each dot is escaped and its end is tied (traefik 3), or what is in braces goes before
    the plain name (traefik 2, which puts both anchors there itself).
    """
    if "|" in pattern:
        return False
    if re.fullmatch(rf"(?:\{{[a-z]\w*:[^{{}}]*\}}\.)+{re.escape(domain)}", pattern):
        return True
    literal = domain.replace(".", r"\.") + "$"
    before = pattern.removeprefix("(?i)").replace(r"\-", "-").removesuffix(literal)
    if not pattern.replace(r"\-", "-").endswith(literal):
        return False
    optional = before.startswith("^(") and re.fullmatch(r"\^\([^()]*\\\.\)[?*+]?", before)
    return before == "^" or before.endswith(r"\.") or bool(optional)


def _after(found: re.Match[str] | None) -> int:
    return found.end() if found else 0


def _listed(matcher: re.Match[str]) -> list[Listed]:
    """Return what a matcher of names lists, and nothing for any other, or one that is not read."""
    word = matcher[1].lower()
    if word not in _LITERAL | _PATTERN or not _ARGUMENTS.fullmatch(matcher[2]):
        return []
    return [Listed(each[1:-1], word in _PATTERN) for each in _ONE.findall(matcher[2])]


class _Reading:
    """The words of a rule, read by its grammar; each step says whether its part is confined."""

    def __init__(self, tokens: Sequence[str | bool]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0
        self._sound = True

    @property
    def ended(self) -> bool:
        """Say whether all of it was read, by the grammar."""
        return self._sound and self._at == len(self._tokens)

    def is_confined(self) -> bool:
        """Say whether the whole is, read to its end."""
        found = self._either()
        return found and self.ended

    def _either(self) -> bool:
        found = self._both()
        while self._taken("||"):
            found = self._both() and found
        return found

    def _both(self) -> bool:
        found = self._one()
        while self._taken("&&"):
            found = self._one() or found
        return found

    def _one(self) -> bool:
        negated = False
        while self._taken("!"):
            negated = True  # what it forbids fits everybody else
        found = self._part()
        return found and not negated

    def _part(self) -> bool:
        if not self._taken("("):
            there = self._at < len(self._tokens) and isinstance(self._tokens[self._at], bool)
            found = there and self._tokens[self._at] is True
            self._sound = self._sound and there
            self._at += 1
            return found
        if self._depth == _DEEPEST:
            self._sound = False
            return False
        self._depth += 1
        found = self._either()
        self._depth -= 1
        closed = self._taken(")")
        self._sound = self._sound and closed
        return closed and found

    def _taken(self, sign: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == sign
        self._at += found
        return found
