"""What the Engine says of a spec that it does not take as it is written, and the way out.

The words are swarmkit's (manager/controlapi/service.go, common.go, config.go, secret.go;
manager/constraint) and moby's (daemon/cluster/convert).
"""

from dataclasses import dataclass

from ccci.swarm.causes import CauseCode

_TEMPLATES = (
    "Swarm knows `.Service.ID`, `.Service.Name`, `.Node.ID`, `.Node.Hostname`, "
    "`.Node.Platform.OS`, `.Node.Platform.Architecture`, `.Task.ID`, `.Task.Name` and "
    '`.Task.Slot`, spelled like that, and `index .Service.Labels "KEY"`: mend the template'
)


@dataclass(frozen=True, slots=True)
class Row:
    """One refusal: what the tool says with its quotes blanked, and what comes of it."""

    said: str
    cause: CauseCode | None
    hint: str
    quoting: str = ""
    """The same with its quotes, where a name stands in them."""


ROWS: tuple[Row, ...] = (
    Row(
        r"name must be valid as a DNS name component",
        None,
        (
            "letters, digits, dashes and underscores alone, with a letter or a digit at each end: "
            "rename the stack, or the service or network in it"
        ),
    ),
    Row(
        r"invalid name, only 64 ",
        None,
        "shorten the name of the config or secret (the stack's name counts), or mend its spelling",
    ),
    Row(
        r"(?:malformed (?:file )?(?:secret|config) reference|invalid config: )",
        None,
        "give each config and secret of the service a name that exists and one `target`",
    ),
    Row(r"expanding (?:env|mounts|hostname) failed", None, _TEMPLATES),
    Row(
        r"invalid mount(?:type|propagation): <>",
        None,
        "docker knows no mount with `{word}`: mend its `type` or its `bind.propagation`",
        r'invalid mount(?:type|propagation): "(?P<word>[^"]*)"',
    ),
    Row(
        r"(?P<key>Interval|Timeout|StartPeriod) in HealthConfig cannot be less than",
        None,
        "give the health check's {key} a unit (`30s`): Swarm takes 1ms or more",
    ),
    Row(
        r"Retries in HealthConfig cannot be negative",
        None,
        "give the health check 0 `retries` (Docker's 3 then) or more",
    ),
    Row(
        r"invalid restartcondition: <>",
        None,
        "say `none`, `on-failure` or `any` in `restart_policy: condition`: Swarm has no `{word}`",
        r'invalid restartcondition: "(?P<word>[^"]*)"',
    ),
    # docker/cli cli/compose/convert/service.go; 20.10 has no jobs there, its Engine has.
    Row(
        r"unknown mode: (?P<word>(?:replicated|global)-job)",
        None,
        "a docker CLI takes `{word}` in a compose file from 23.0 on: deploy with a newer one",
    ),
    Row(
        r"unknown mode: (?P<word>\S+)",
        None,
        "say `replicated`, `global`, `replicated-job` or `global-job` as `mode`: Swarm has no "
        "`{word}`",
    ),
    Row(
        r"unrecognized update failure action (?P<word>\S+)",
        None,
        "say `pause`, `continue` or `rollback` as `failure_action`: Swarm has no `{word}`",
    ),
    Row(
        r"unrecognized update order (?P<word>\S+)",
        None,
        "say `stop-first` or `start-first` as `order`: Swarm has no `{word}`",
    ),
    Row(
        r"(?P<key>restart|update)-(?P<what>\w+) cannot be",
        None,
        "mend the `{what}` of its {key} policy: no time is below 0, and a ratio is from 0 to 1",
    ),
    Row(
        r"jobs may not have an update config",
        None,
        "take `update_config` out: a job is not rolled, Swarm runs it again",
    ),
    Row(
        r"invalid resolution mode: <>",
        None,
        "say `vip` or `dnsrr` as `endpoint_mode`: Swarm has no `{word}`",
        r'invalid resolution mode: "(?P<word>[^"]*)"',
    ),
    Row(
        r"must specify only one service mode|unsupported runtime|mismatched runtime",
        None,
        "send one mode and a container: docker knows how to run nothing else as a service",
    ),
    Row(
        r"the network (?P<name>\S+) cannot be used with services",
        None,
        (
            "{name} belongs to one node alone: make it an overlay (`docker network rm`, then "
            "`docker network create --driver overlay {name}`)"
        ),
    ),
    Row(
        r"service cannot be explicitly attached to the ingress network",
        None,
        "take the network {name} out of the service: published ports go by it of themselves",
        r'to the ingress network "(?P<name>[^"]+)"',
    ),
)
"""Of several that fit, the first one counts."""
