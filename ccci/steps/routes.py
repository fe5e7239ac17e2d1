"""What a revision's labels ask of a proxy that serves the whole swarm (traefik); pure.

A router that other apps' names fit takes their visitors, and one that hands on to a service of
another stack leads past whatever guards it there.
"""

import re
from collections.abc import Iterator, Mapping

from ccci.recipe.stack import StackFile, labels

_LABEL = re.compile(r"traefik\.(http|tcp|udp)\.(routers|services)\.([^.]+)\.(.+)", re.IGNORECASE)
_LISTED = re.compile(r"host(?:sni|regexp|sniregexp|header)?\s*\(([^)]*)", re.IGNORECASE)
_HOSTS = re.compile(r"host(?:sni|regexp|sniregexp|header)?", re.IGNORECASE)
_NAMES = re.compile(r"[`\"']([^`\"']+)[`\"']")
_SIGN = re.compile(r"&&|\|\||[!()]")
_MATCHER = re.compile(
    r"(\w+)\s*\(((?:`[^`]*`|\"[^\"]*\"|'[^']*'|[^`\"'()])*)\)",
)
_BLANK = re.compile(r"\s*")
_DEEPEST = 50
_OF_ALL = {"web", "web-secure", "websecure", "http", "https"}
"""Entrypoints that every app's visitors come in by, as proxies of a swarm call them."""
_ANY = "*"

NAMED = "a name that is not the app's"
UNNAMED = "a rule that visitors of other apps fit"
BORROWED = "a service that no label of this stack declares"


def asked(stack: StackFile, domain: str) -> Iterator[tuple[str, str]]:
    """Give what the labels of a stack route that is not its own, and why that is told.

    That is names beside `domain` and those below it, rules that other names fit too, services that
    are not the stack's, and addresses that a service stands for.
    """
    found = [each for service in stack.services for each in _labels(labels(stack, service))]
    own = {(kind, name) for kind, what, name, _, _ in found if what == "services"}
    inlets = {
        (kind, name): {each.strip() for each in value.lower().split(",")}
        for kind, what, name, key, value in found
        if what == "routers" and key == "entrypoints"
    }
    for kind, what, name, key, value in found:
        addressed = what == "services" and key == "loadbalancer.server.url"
        named = what == "routers" and key == "service"
        if addressed or (named and not _is_own(kind, value, own)):
            yield value, BORROWED
        elif what == "routers" and key == "rule":
            # What has an entrypoint of its own, as mail and git over ssh do, takes nobody's place.
            apart = kind == "tcp" and not (inlets.get((kind, name), _OF_ALL) & _OF_ALL)
            yield from _of_rule(value, domain, apart=apart)


def _labels(found: Mapping[str, str]) -> Iterator[tuple[str, str, str, str, str]]:
    """Give kind, `routers` or `services`, name, option and value of each label of a proxy."""
    for key, value in found.items():
        match = _LABEL.fullmatch(key)
        if match:
            kind, what, name, option = (each.lower() for each in match.groups())
            yield kind, what, name, option, value


def _is_own(kind: str, value: str, own: set[tuple[str, str]]) -> bool:
    name, _, provider = value.lower().partition("@")
    return provider in {"", "swarm", "docker"} and (kind, name) in own


def _of_rule(rule: str, domain: str, *, apart: bool) -> Iterator[tuple[str, str]]:
    for listed in _LISTED.findall(rule):
        for name in _NAMES.findall(listed):
            below = name.lower() == domain or name.lower().endswith(f".{domain}")
            if name != _ANY and not below:
                yield name, NAMED
    if not apart and not is_confined(rule):
        yield rule, UNNAMED


def is_confined(rule: str) -> bool:
    """Say whether a rule fits no names but those that it lists, whatever else it asks for.

    One that cannot be read is not: who knows what a proxy makes of it.
    """
    tokens: list[str | bool] = []
    at = 0
    while (at := _after(_BLANK.match(rule, at))) < len(rule):
        sign, matcher = _SIGN.match(rule, at), _MATCHER.match(rule, at)
        tokens.append(sign[0] if sign else matcher is not None and _lists_names(matcher))
        at = _after(sign or matcher)
        if at == 0:
            return False
    return _Reading(tokens).is_confined()


def _after(found: re.Match[str] | None) -> int:
    return found.end() if found else 0


def _lists_names(matcher: re.Match[str]) -> bool:
    """Say whether a matcher fits nothing but the names that it lists."""
    return bool(_HOSTS.fullmatch(matcher[1])) and _ANY not in _NAMES.findall(matcher[2])


class _Reading:
    """The words of a rule, read by its grammar; each step says whether its part is confined."""

    def __init__(self, tokens: list[str | bool]) -> None:
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def is_confined(self) -> bool:
        """Say whether the whole is, read to its end."""
        found = self._either()
        return found and self._at == len(self._tokens)

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
            found = self._at < len(self._tokens) and self._tokens[self._at] is True
            self._at += 1
            return found
        if self._depth == _DEEPEST:
            return False
        self._depth += 1
        found = self._either()
        self._depth -= 1
        return self._taken(")") and found

    def _taken(self, sign: str) -> bool:
        found = self._at < len(self._tokens) and self._tokens[self._at] == sign
        self._at += found
        return found
