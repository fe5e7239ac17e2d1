"""What labels and variables ask of other programs that serve a whole swarm or host; pure.

caddy-docker-proxy (its README: a label `caddy` is an address, a label `caddy.x` a directive),
docker-flow-proxy (`com.df.*`), nginx-proxy (VIRTUAL_HOST), and ofelia, which runs jobs in
whatever container a label names, or on the host.
"""

import re
from collections.abc import Collection, Iterator

from ccci.recipe.stack_file import StackFile, pairs, parts
from ccci.steps.reach.route_rules import Listed

_CADDY = re.compile(r"(caddy(?:_\d+)?)((?:\..+)?)", re.IGNORECASE)
_ORDER = re.compile(r"^\d+_")
_TO_ANOTHER = {"reverse_proxy", "php_fastcgi", "forward_auth", "to"}
_OF_CADDY = {"root", "file_server", "import", "exec"}
_OWN_UPSTREAMS = re.compile(r"\{\{\s*upstreams\b[^{}]*\}\}")
_MATCHER = re.compile(r"(?:^|\s)[*@/]\S*")
_FLOW = re.compile(r"com\.df\.servicedomain(?:\.\d+)?", re.IGNORECASE)
_OFELIA = re.compile(r"(?:ofelia|chadburn)\.(job-[\w-]+)\.[^.]+\.(.+)", re.IGNORECASE)
_NGINX = {"VIRTUAL_HOST", "VIRTUAL_HOST_MULTIPORTS", "LETSENCRYPT_HOST"}

NAMED = "a name that is not the app's, in the words of another proxy"
BORROWED = "an address that the proxy hands on to"
OF_THE_PROXY = "what the proxy does for every app"
A_JOB = "a job on the host, or in a container of another app"


def asked(found: Collection[tuple[str, str]], domain: str) -> Iterator[tuple[str, str]]:
    """Give what labels ask of these programs that is not of the app at `domain` alone."""
    sites = {key.lower() for key, _ in found}
    for key, value in found:
        caddy, job = _CADDY.fullmatch(key), _OFELIA.fullmatch(key)
        if caddy:
            yield from _of_caddy(caddy[1].lower(), caddy[2].lower(), value, sites, domain)
        elif _FLOW.fullmatch(key):
            yield from ((each, NAMED) for each in _foreign(value, domain))
        elif job and (job[1].lower() != "job-exec" or job[2].lower() == "container"):
            yield key.lower(), A_JOB


def of_environment(stack: StackFile, domain: str) -> Iterator[tuple[str, str]]:
    """Give the names that services' variables ask nginx-proxy for."""
    for service in stack.services:
        for part in parts(stack, service):
            for key, value in pairs(part.get("environment")).items():
                if key in _NGINX:
                    yield from ((each, NAMED) for each in _foreign(value, domain))


def _of_caddy(
    site: str, rest: str, value: str, sites: Collection[str], domain: str
) -> Iterator[tuple[str, str]]:
    words = [_ORDER.sub("", each) for each in rest.split(".")]
    handed_on = words[-1] in _TO_ANOTHER or "dynamic" in words
    if not rest:
        yield from ((each, NAMED) for each in _foreign(value, domain))
        if not value.strip():
            yield site, OF_THE_PROXY
    elif site not in sites or _OF_CADDY.intersection(words):
        yield f"{site}{rest}", OF_THE_PROXY
    elif handed_on and _MATCHER.sub("", _OWN_UPSTREAMS.sub("", value)).strip():
        yield value, BORROWED


def _foreign(value: str, domain: str) -> Iterator[str]:
    """Give the addresses in a list that are not of the domain: `:80` is everybody's."""
    for each in re.split(r"[,\s]+", value.strip()):
        name = re.sub(r"^[a-z]+://", "", each.lower()).partition("/")[0].partition(":")[0]
        if each and not Listed(name.removeprefix("*.")).is_own(domain):
            yield each
