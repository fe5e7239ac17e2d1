"""Which published ports two services may not both have. Pure.

Swarm knows a port by its protocol and its number (swarmkit manager/controlapi/service.go
checkPortConflicts): 53/udp is free where another service has 53/tcp.
"""

from collections.abc import Iterable
from dataclasses import dataclass

from ccci.swarm.decode.typed import Json


@dataclass(frozen=True, slots=True, order=True)
class Port:
    """A published port as Swarm tells two apart."""

    number: int
    protocol: str = "tcp"

    def __str__(self) -> str:
        """Return it as people write it: `80`, or `53/udp`."""
        return str(self.number) if self.protocol == "tcp" else f"{self.number}/{self.protocol}"


def published(spec: Json, mode: str) -> frozenset[Port]:
    """Return the ports that a service's spec publishes in a mode, `ingress` or `host`."""
    return _in_mode(_of(spec, "EndpointSpec"), mode)


def conflict(spec: Json, others: Iterable[Json]) -> str:
    """Return swarmkit's words where a port of a spec is another service's, or nothing.

    A port in ingress mode excludes each other of its number and protocol; two in host mode are left
    to the scheduler. What Swarm chose for a service that asked for no number counts as well.
    """
    ingress, host = published(spec, "ingress"), published(spec, "host")
    for each in others if ingress or host else ():
        name, key = (each.get("Spec") or {}).get("Name"), each.get("ID")
        endpoints = _of(each.get("Spec") or {}, "EndpointSpec"), _of(each, "Endpoint")
        for taken, mode, wanted in (
            ("an ingress port", "ingress", ingress | host),
            ("a host-published port", "host", ingress),
        ):
            both = sorted(wanted & frozenset().union(*(_in_mode(one, mode) for one in endpoints)))
            if both:
                return (
                    f"port '{both[0].number}' is already in use by service '{name}' ({key}) "
                    f"as {taken}"
                )
    return ""


def same_endpoint(before: Json, after: Json) -> bool:
    """Say whether an update leaves the endpoint alone: Swarm then asks for no port again."""
    return _endpoint(before) == _endpoint(after)


def _endpoint(spec: Json) -> tuple[object, ...]:
    endpoint = _of(spec, "EndpointSpec")
    ports = [
        (_key(each), each.get("TargetPort") or 0, each.get("PublishMode") or "ingress")
        for each in endpoint.get("Ports") or ()
    ]
    return endpoint.get("Mode") or "vip", sorted(ports)


def _in_mode(endpoint: Json, mode: str) -> frozenset[Port]:
    ports = endpoint.get("Ports") or ()
    found = (_key(each) for each in ports if (each.get("PublishMode") or "ingress") == mode)
    return frozenset(each for each in found if each.number)


def _key(port: Json) -> Port:
    return Port(int(port.get("PublishedPort") or 0), str(port.get("Protocol") or "tcp").lower())


def _of(found: Json, key: str) -> Json:
    return found.get(key) or {}
