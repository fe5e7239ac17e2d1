"""What a revision takes or uses of those who are on the swarm already; pure, once `Owners` is had.

Docker makes each service's key, as its aliases, a name on every network of it (docker/cli,
cli/compose/convert/service.go: convertServiceNetworks), and the Engine a container's hostname
(moby, daemon/container_operations.go: buildEndpointDNSNames).
"""

import re
from collections.abc import Iterator, Mapping

from ccci.compose.tree import Map, text_of
from ccci.recipe.stack_file import SECTIONS, StackFile, declared_in, parts
from ccci.steps.reach import routes
from ccci.steps.reach.claims import name_of
from ccci.steps.reach.ownership import Owners, named_for
from ccci.steps.reach.route_rules import Listed

_TEMPLATE = "{{"
# swarmkit works out templates in mounts and volumes on the node (template/expand.go).
_LOOKED_UP = re.compile(r"\{\{\s*\.(?:Node\.(?:Hostname|ID)|Task\.\w+|Service\.(?:Name|ID))\s*\}\}")
_ELSEWHERE = "without this stack's name before it: another node may have another app's"
WORKED_OUT = "a template: only the node knows what it stands for"


def asked(there: Owners, stack: StackFile, name: str) -> Iterator[tuple[str, str]]:
    """Give what the stack `name` uses of others, or would be taken for, each with the reason."""
    yield from _objects(there, stack, name)
    yield from _names(there, stack, name)
    yield from _routes(there, stack)


def _objects(there: Owners, stack: StackFile, name: str) -> Iterator[tuple[str, str]]:
    """Give volumes, secrets, configs, networks; a network that no stack owns is for all to use."""
    for section in SECTIONS:
        for key, declared in declared_in(stack, section).items():
            called = name_of(declared, key, name)
            if _TEMPLATE in called:
                yield f"{section[:-1]}:{called}", WORKED_OUT
            owner = there.of(section, called)
            if owner != name and (owner or section != "networks"):
                nobody = "not of this stack" if called in there.known[section] else _ELSEWHERE
                yield f"{section[:-1]}:{called}", f"of the stack {owner}" if owner else nobody


def _names(there: Owners, stack: StackFile, name: str) -> Iterator[tuple[str, str]]:
    """Give the names by which a service would answer for another stack's on a network of both."""
    networks = declared_in(stack, "networks")
    taken = {each: found for found in there.neighbours for each in found.names}
    for service in stack.services:
        for called in dict.fromkeys(_called(stack, service, networks)):
            found = taken.get(called.lower())
            other = named_for(called.lower(), [each.lower() for each in there.stacks])
            if _TEMPLATE in _LOOKED_UP.sub("", called):
                yield f"alias:{called}", WORKED_OUT
            elif found is not None:
                yield f"alias:{called}", f"a name of {found} on a network that is not the stack's"
            elif other not in {"", name.lower()}:
                yield f"alias:{called}", f"as a name of the stack {other}"


def public_names(stack: StackFile, domain: str) -> Iterator[tuple[str, str]]:
    """Give keys and hostnames on shared networks that are names of the internet, not the app's.

    Whoever else is on such a network and asks for that name is sent to this service.
    """
    networks = declared_in(stack, "networks")
    for service in stack.services:
        for called in dict.fromkeys(_called(stack, service, networks, aliases=False)):
            name = called.rstrip(".")
            if "." in name and _TEMPLATE not in name and not Listed(name).is_own(domain):
                yield f"alias:{called}", "a name of the internet on a network that others share"


def _called(
    stack: StackFile, service: str, networks: Mapping[str, Map], *, aliases: bool = True
) -> Iterator[str]:
    """Give what a service is called on networks that are not the stack's own, if it is on any."""
    used = [part.get("networks") for part in parts(stack, service)]
    keys = [key for each in used if isinstance(each, list | Mapping) for key in each]
    shared = {
        text_of(key)
        for key in (keys or ["default"])
        if (networks.get(text_of(key)) or Map()).get("external")
    }
    if not shared:
        return
    yield service
    for part in parts(stack, service):
        if part.get("hostname"):
            yield text_of(part["hostname"])
    for each in used if aliases else ():
        for key, said in each.items() if isinstance(each, Mapping) else ():
            more = said.get("aliases") if isinstance(said, Mapping) else None
            if text_of(key) in shared and isinstance(more, list):
                yield from map(text_of, more)


def _routes(there: Owners, stack: StackFile) -> Iterator[tuple[str, str]]:
    """Give what other services' labels have as well, which the proxy would take for the same."""
    theirs = {each: found for found in there.neighbours for each in routes.named(found.labels)}
    inlets = {each: found for found in there.neighbours for each in routes.inlets(found.labels)}
    for labels in routes.of_stack(stack):
        for kind, what, name in dict.fromkeys(routes.named(labels)):
            if (kind, what, name) in theirs:
                whose = theirs[kind, what, name]
                yield f"route:{kind}.{what}.{name}", f"{whose} has a label for the same name"
        for kind, inlet in sorted(routes.taken_whole(labels) & inlets.keys()):
            yield f"route:{kind}:{inlet}", f"an entrypoint that {inlets[kind, inlet]} uses"
