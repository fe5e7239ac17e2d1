"""What a revision's labels ask of a proxy that serves the whole swarm (traefik); pure.

A router that other apps' names fit takes their visitors, one that hands on to a service of another
stack leads past whatever guards it there, and what has the name of another app's is taken for it:
the containers of two services of one name share their visitors (traefik, pkg/provider/
configuration.go: Merge, AddService).
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from itertools import chain

from ccci.recipe.naming import stack_of
from ccci.recipe.stack_file import StackFile, container_labels, labels
from ccci.steps.reach import other_proxies, route_rules

# Keys are of any case: traefik's own parser takes them so (traefik/paerser, parser/node.go).
_LABEL = re.compile(r"traefik\.(http|tcp|udp)\.([^.]+)\.([^.]+)(?:\.(.+))?", re.IGNORECASE)
_OF_TLS = re.compile(r"traefik\.(tls\..+)", re.IGNORECASE)
_OF_TRAEFIK_1 = re.compile(r"traefik\.(?:[^.]+\.)?(frontend\.rule|backend)", re.IGNORECASE)
_HOSTS_OF_TRAEFIK_1 = re.compile(r"host:([^;:]*)", re.IGNORECASE)
_DOMAINS = re.compile(r"tls\.domains(?:\[\d+\])?\.(?:main|sans)")
_A_FILE = re.compile(r"(?:.*\.)?(?:usersfile|ca|cert|key|rootcas)(?:\[\d+\])?")
_OF_ALL = {"web", "web-secure", "websecure", "http", "https"}
"""Entrypoints that every app's visitors come in by, as proxies of a swarm call them."""

NAMED = "a name that is not the app's"
UNNAMED = "a rule that visitors of other apps fit"
BORROWED = "a service that no label of this stack declares"
WHOLE = "all that comes in by an entrypoint, whoever it is for"
FOREIGN = "a name with neither the stack's nor the recipe's before it: another app may have it"
OF_THE_PROXY = "the proxy's own files, or what it does for every app"

Labels = Collection[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class _Label:
    """A label of traefik: `http`, `routers`, a name, an option in small letters, and its value."""

    kind: str
    what: str
    name: str
    option: str
    value: str


def asked(stack: StackFile, domain: str, names: Collection[str] = ()) -> Iterator[tuple[str, str]]:
    """Give what the labels of a stack ask for that is not its own, and why that is told.

    That is names beside `domain` and those below it, rules that other names fit too, services that
    are not the stack's, addresses that the proxy asks, and routers, services and middlewares that
    begin with none of `names`, if there are any.
    """
    for found in of_stack(stack):
        yield from _of_traefik(list(_parsed(found)), stack, domain)
        yield from _of_the_proxy(found, domain)
        yield from other_proxies.asked(found, domain)
        for kind, what, name in dict.fromkeys(named(found)):
            if names and not any(_begins(name, each.lower()) for each in names):
                yield f"{kind}.{what}.{name}", FOREIGN
    yield from other_proxies.of_environment(stack, domain)


def of_stack(stack: StackFile) -> tuple[Labels, Labels]:
    """Return the labels of all services, then those of their containers: who reads which is open.

    Traefik reads services' in a swarm, but containers' where it is told to.
    """
    services = [labels(stack, each).items() for each in stack.services]
    containers = [container_labels(stack, each).items() for each in stack.services]
    return tuple(chain(*services)), tuple(chain(*containers))


def named(found: Labels) -> Iterator[tuple[str, str, str]]:
    """Give what labels name: kind, `routers`, `services` or the like, and name, in small letters.

    Two apps' of one name are one for the proxy, or none at all.
    """
    for each in _parsed(found):
        yield each.kind, each.what, each.name
    for key, value in found:
        match = _OF_TRAEFIK_1.fullmatch(key)
        if match and match[1].lower() == "backend":
            yield "http", "backends", value.lower()


def inlets(found: Labels) -> frozenset[tuple[str, str]]:
    """Return the entrypoints of TCP and UDP that labels use, but those of every app."""
    return frozenset(
        (each.kind, inlet)
        for each in _parsed(found)
        if each.kind != "http" and each.what == "routers" and each.option == "entrypoints"
        for inlet in _words(each.value) - _OF_ALL
    )


def taken_whole(found: Labels) -> frozenset[tuple[str, str]]:
    """Return those of `inlets` by which labels take whatever comes in, whoever it is for."""
    parsed = list(_parsed(found))
    whole = {
        (each.kind, each.name)
        for each in parsed
        if each.what == "routers" and (each.kind == "udp" or _fits_all(each))
    }
    of_whole = [
        (f"traefik.{each.kind}.routers.{each.name}.entrypoints", each.value)
        for each in parsed
        if (each.kind, each.name) in whole and each.option == "entrypoints"
    ]
    return inlets(of_whole)


def _fits_all(label: _Label) -> bool:
    return label.option == "rule" and not route_rules.read(label.value).confined


def _parsed(found: Labels) -> Iterator[_Label]:
    for key, value in found:
        match = _LABEL.fullmatch(key)
        if match:
            kind, what, name, option = ((each or "").lower() for each in match.groups())
            yield _Label(kind, what, name, option, value)


def _words(value: str) -> set[str]:
    return {each.strip() for each in value.lower().split(",")}


def _begins(name: str, own: str) -> bool:
    """Say whether a name is an app's own, or goes on behind it with another sign."""
    return name.startswith(own) and not name[len(own) : len(own) + 1].isalnum()


def _of_traefik(
    found: Collection[_Label], stack: StackFile, domain: str
) -> Iterator[tuple[str, str]]:
    own = {(each.kind, each.name) for each in found if each.what == "services"}
    by_router: dict[tuple[str, str], set[str]] = defaultdict(set)
    for each in found:
        if each.what == "routers":
            said = _words(each.value) if each.option == "entrypoints" else set()
            by_router[each.kind, each.name] |= said
    for (kind, _), said in by_router.items():
        if kind == "udp":
            yield f"udp:{','.join(sorted(said)) or 'every entrypoint'}", WHOLE
    for each in found:
        if each.what == "routers":
            said = by_router[each.kind, each.name]
            # What has an entrypoint of its own, as mail and git over ssh do, takes nobody's place.
            apart = each.kind == "tcp" and bool(said) and not said & _OF_ALL
            yield from _of_router(each, domain, own, apart=apart)
        elif _hands_on(each, stack, domain, own):
            yield each.value, BORROWED
        elif _A_FILE.fullmatch(each.option) and each.value.startswith("/"):
            yield each.value, OF_THE_PROXY


def _of_router(
    label: _Label, domain: str, own: set[tuple[str, str]], *, apart: bool
) -> Iterator[tuple[str, str]]:
    if label.option == "service" and not _is_own(label.kind, label.value, own):
        yield label.value, BORROWED
    elif _DOMAINS.fullmatch(label.option):
        for name in (each.removeprefix("*.") for each in _words(label.value)):
            if not route_rules.Listed(name).is_own(domain):
                yield name, NAMED
    elif label.option == "rule":
        rule = route_rules.read(label.value)
        for each in rule.listed:
            if each.text != route_rules.ANY and not each.is_own(domain):
                yield each.text, NAMED
        if not rule.confined and not (apart and rule.read):
            yield label.value, UNNAMED


def _hands_on(label: _Label, stack: StackFile, domain: str, own: set[tuple[str, str]]) -> bool:
    """Say whether the proxy itself sends to what a label says, and that is not the app's."""
    if label.what == "middlewares" and label.option.endswith(".service"):
        return not _is_own(label.kind, label.value, own)
    addressed = label.option == "forwardauth.address"
    if label.what == "services":
        addressed = label.option.endswith((".url", ".address")) or "//" in label.value
    elif label.option.startswith("plugin."):
        addressed = "//" in label.value
    return addressed and not _is_own_address(label.value, stack, domain)


def _is_own_address(address: str, stack: StackFile, domain: str) -> bool:
    """Say whether an address is the app's, beyond every doubt about how it is read."""
    found = re.fullmatch(r"https?://([a-z0-9._-]+)(?::\d+)?(?:/[^@\\]*)?", address.lower())
    name = stack_of(domain)
    services = {f"{name}_{service}".lower() for service in stack.services}
    return found is not None and (
        found[1] in services or route_rules.Listed(found[1]).is_own(domain)
    )


def _is_own(kind: str, value: str, own: set[tuple[str, str]]) -> bool:
    name, _, provider = value.lower().partition("@")
    return provider in {"", "swarm", "docker"} and (kind, name) in own


def _of_the_proxy(found: Labels, domain: str) -> Iterator[tuple[str, str]]:
    """Give labels of traefik's TLS, which is every app's, and rules of traefik 1."""
    for key, value in found:
        tls, old = _OF_TLS.fullmatch(key), _OF_TRAEFIK_1.fullmatch(key)
        if tls:
            yield tls[1].lower(), OF_THE_PROXY
        elif old and old[1].lower() == "frontend.rule":
            hosts = _HOSTS_OF_TRAEFIK_1.fullmatch(value)
            names = _words(hosts[1]) if hosts else {""}
            if not all(route_rules.Listed(each).is_own(domain) for each in names):
                yield value, UNNAMED
