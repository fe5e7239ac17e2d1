"""What the Engine and the docker CLI say when they refuse a deploy, and the way out. Pure.

The line that tells why COMMAND failed is read, and no other: what a script tried before and got
over is no reason. A row counts where the tool begins to speak (`words` tells how), never in what
it quotes; names that stand in the line are filled into the next step.
"""

import re
import shlex
from dataclasses import dataclass
from functools import cache

from ccci.host.terminal_text import plain
from ccci.swarm.causes import CauseCode
from ccci.swarm.judge.hints import HINTS
from ccci.swarm.judge.refused_specs import ROWS, Row
from ccci.swarm.judge.words import own_words
from ccci.swarm.judge.wrapped_messages import fatal_of, without_client

MAKE_NETWORK = "create it first: `docker network create --driver overlay {name}`"
MAKE_KEPT = "make it first: `docker {kind} create {name} FILE`"
READ_IT = "read what it printed, mend that, and deploy again"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a deploy was refused: the cause where it has a code, and the next step."""

    cause: CauseCode | None
    hint: str


_ROWS: tuple[Row, ...] = (
    # swarmkit manager/controlapi/config.go and secret.go.
    Row(
        (
            r"failed to update (?P<kind>config|secret) (?P<name>\S+): (?:.*[:=] )?"
            r"only updates to labels"
        ),
        CauseCode.CONFIG_IMMUTABLE,
        (
            "the {kind} {name} exists with other content, from this stack or another one: raise "
            "the version in its name and deploy again"
        ),
    ),
    Row(
        r"only updates to labels are allowed",
        CauseCode.CONFIG_IMMUTABLE,
        HINTS[CauseCode.CONFIG_IMMUTABLE],
    ),
    # swarmkit manager/state/store: ErrSequenceConflict.
    Row(r"update out of sequence", CauseCode.CONFLICT, HINTS[CauseCode.CONFLICT]),
    # swarmkit manager/controlapi/service.go: errModeChangeNotAllowed.
    Row(
        r"failed to update service (?P<name>\S+): (?:.*[:=] )?service mode change is not allowed",
        None,
        (
            "Swarm changes no mode in place: `docker service rm {name}` (its tasks stop), then "
            "deploy again"
        ),
    ),
    Row(
        r"service mode change is not allowed",
        None,
        "Swarm changes no mode in place: remove the service, then deploy again",
    ),
    # swarmkit manager/controlapi/service.go: checkPortConflicts.
    Row(
        r"port <> is already in use by service <>",
        CauseCode.PORT_IN_USE,
        (
            "port {port} belongs to the service {name}: publish another one, or remove that "
            "service first"
        ),
        r"port '(?P<port>\d+)' is already in use by service '(?P<name>[^']+)'",
    ),
    # swarmkit manager/state/store: ErrNameConflict.
    Row(
        r"name conflicts with an existing object",
        None,
        (
            "another service (of another stack, perhaps) has that name already: rename the stack "
            "or the service"
        ),
    ),
    # docker/cli cli/command/stack/swarm/deploy_composefile.go: validateExternalNetworks.
    Row(
        r"network \S+ is declared as external, but could not be found",
        None,
        MAKE_NETWORK,
        r'network "?(?P<name>[^"\s]+)"? is declared as external, but could not be found',
    ),
    Row(
        r"network \S+ is declared as external, but it is not in the right scope",
        None,
        (
            "{name} belongs to one node alone: make it an overlay (`docker network rm {name}`, "
            "then `docker network create --driver overlay {name}`)"
        ),
        r'network "?(?P<name>[^"\s]+)"? is declared as external, but it is not in the right scope',
    ),
    Row(
        r"network \S+ not found",
        CauseCode.NETWORK_UNAVAILABLE,
        (
            "wait until the removal of the old stack is over (`docker network ls` no longer shows "
            "{name}), or do not remove it before deploying"
        ),
        r'network "?(?P<name>[^"\s]+)"? not found',
    ),
    # docker/cli cli/compose/convert: secrets and configs that are not there.
    Row(
        r"(?P<kind>secret|config)s? not found: (?P<name>[^\s,]+)",
        None,
        MAKE_KEPT,
    ),
    # swarmkit manager/constraint: an empty value is a variable that nobody set.
    Row(
        r"value <> is invalid",
        None,
        "a placement constraint is empty at the end: set the variable that it reads",
        r"value '' is invalid",
    ),
    # docker/cli cli/compose/convert and compose-go: the second quotes the name, or does not.
    Row(
        r"(?:service \S+ refers to )?undefined (?:volume|network|secret|config) \S",
        None,
        "declare {name} below the top-level `{kind}s:`, or mend its name in the service",
        r'undefined (?P<kind>volume|network|secret|config) "?(?P<name>[^"\s:]+)',
    ),
    Row(
        r"(?:\S+ )?additional propert(?:y|ies) \S+ (?:is |are )?not allowed",
        None,
        "docker does not know the key {name} there: mend its spelling, its place, or `version:`",
        r"additional propert(?:y|ies) '?(?P<name>[^'\s]+)'? (?:is |are )?not allowed",
    ),
    Row(
        r"this node is not a swarm manager",
        None,
        "let DOCKER_HOST or the docker context name a manager of the swarm",
    ),
    # swarmkit manager/constraint: what has no form of a constraint.
    Row(
        r"constraint expected one operator from",
        None,
        "write each placement constraint{of} as `KEY == VALUE` or `KEY != VALUE`",
    ),
    Row(
        r"key <> is invalid",
        None,
        "the key {key} of a placement constraint{of} is none: mend it (`node.labels.disk`)",
        r"key '(?P<key>[^']*)' is invalid",
    ),
    Row(
        r"value <> is invalid",
        None,
        "the value {value} of a placement constraint{of} has signs that Swarm does not take: mend "
        "it, or the variable that it reads",
        r"value '(?P<value>[^']+)' is invalid",
    ),
    # swarmkit manager/controlapi/service.go: validateEndpointSpec.
    Row(
        r"EndpointSpec: ports? (?:published with ingress mode )?can't be used with dnsrr mode",
        None,
        "say `mode: host` for the ports{of}, or drop its `endpoint_mode: dnsrr`: the routing mesh "
        "needs one address for all tasks",
    ),
    Row(
        r"EndpointSpec: duplicate (?:published )?ports provided",
        None,
        "two ports{of} are published under one number: give each its own",
    ),
    # The same: validateResources.
    Row(
        r"invalid memory value -?\d+: must be at least 4MiB",
        None,
        "a memory limit or reservation{of} is {bytes} bytes, and Swarm takes none below 4 MiB: "
        "give it its unit (`64M`), or raise it",
        r"invalid memory value (?P<bytes>-?\d+)",
    ),
    Row(
        r"invalid cpu value \S+: must be at least",
        None,
        "a limit or reservation of `cpus`{of} is {value}, and Swarm takes none below {least}: "
        "raise it",
        r"invalid cpu value (?P<value>\S+): must be at least (?P<least>[\d.e-]+)",
    ),
    # The same: validateContainerSpec, validateMounts, validateSecretRefsSpec.
    Row(
        r"ContainerSpec: duplicate mount point",
        None,
        "two mounts{of} have the target {path}: give each its own",
        r"duplicate mount point: (?P<path>\S+)",
    ),
    Row(
        r"(?:secret|config) references <> and <> have a conflicting target",
        None,
        "the {kind}s {one} and {other}{of} have one target: give each its own",
        (
            r"(?P<kind>secret|config) references '(?P<one>[^']*)' and '(?P<other>[^']*)' have a "
            r"conflicting target"
        ),
    ),
    Row(
        r"ContainerSpec: (?:<> is not a valid repository/tag|image reference must be provided)",
        None,
        "the image's name{of} is not written as one: look for a variable in it that is empty",
        r"ContainerSpec: ",
    ),
    # swarmkit manager/controlapi/common.go: validateAnnotations.
    Row(
        r"name must be 63 characters or fewer",
        None,
        "the stack's and the service's name are too long for Swarm, which takes 63 characters for "
        "both and the `_` between them: shorten one",
    ),
    # swarmkit manager/controlapi/config.go, api/validation/secrets.go.
    Row(
        r"(?:config|secret) data must be larger than 0 and less than \d+ bytes",
        None,
        "the {kind} {name} is empty, or larger than the {bytes} bytes that Swarm takes: mend its "
        "file, or bring it in the image or a volume",
        (
            r"(?:failed to create (?:config|secret) (?P<name>\S+): .*)?"
            r"(?P<kind>config|secret) data must be larger than 0 and less than (?P<bytes>\d+) bytes"
        ),
    ),
    # swarmkit manager/controlapi/service.go: UpdateService.
    Row(
        r"service (?:\S+ )?does not have a previous spec",
        None,
        "Swarm keeps no spec{of} from before, to which it could go back: deploy the revision that "
        "is to run",
    ),
    # swarmkit manager: raft, and moby daemon/cluster.
    Row(
        r"the swarm does not have a leader",
        None,
        "bring managers back until more than half of them run, and deploy again",
    ),
    # docker/cli cli/command/service/parse.go and cli/compose/convert, before anything is sent.
    Row(
        r"invalid reference format",
        None,
        "the image's name{of} is not written as one: look for a variable in it that is empty",
    ),
    Row(
        r"duplicate (?P<kind>secret|config) target for (?P<name>\S+)",
        None,
        "give each {kind} of the service a `target` of its own: {name} goes where another one does",
    ),
    # docker/cli and moby client: how the daemon is reached.
    Row(
        r"permission denied while trying to connect to the docker",
        None,
        "let your user use docker's socket (the group `docker`, or sudo)",
    ),
    Row(
        r"cannot connect to the docker daemon|error during connect",
        None,
        "start docker's daemon there, or let DOCKER_HOST or the docker context name one that runs",
    ),
    *ROWS,
)
"""Of several that fit, the first one counts."""

_BEGINS = r"(?:^|(?<=[:;,=] )|(?<=\())"


@cache
def _compiled() -> tuple[tuple[Row, re.Pattern[str], re.Pattern[str]], ...]:
    return tuple(
        (
            row,
            re.compile(f"{_BEGINS}(?:{row.said})", re.IGNORECASE),
            re.compile(row.quoting or row.said, re.IGNORECASE),
        )
        for row in _ROWS
    )


def refusal(reason: str, output: str = "") -> Refusal:
    """Return why a failed COMMAND was refused, as far as its own words tell.

    `reason` ends with the line that tells it, `output` is all that it printed: of that the last
    fatal line of abra's counts as well. Where they tell nothing that is known the next step is to
    read them.
    """
    last = [line for line in map(plain, reason.splitlines()) if line.strip()][-1:]
    fatal = [told for line in output.splitlines() if (told := fatal_of(plain(line)))][-1:]
    for line in map(without_client, (*((fatal_of(line) or line) for line in last), *fatal)):
        own = own_words(line)
        for row, said, names in _compiled():
            if said.search(own) and (found := names.search(line)):
                filled = {key: value or "" for key, value in found.groupdict().items()}
                if filled.get("name"):
                    filled["name"] = shlex.quote(filled["name"])
                hint = row.hint.format_map({**filled, "of": _of_service(line)})
                return Refusal(row.cause, hint.replace("  ", " "))
    return Refusal(None, READ_IT)


_SERVICE = re.compile(r"failed to (?:create|update) service (\S+):")


def _of_service(line: str) -> str:
    """Return ` of NAME` where docker names the service that was refused."""
    found = _SERVICE.search(line)
    return f" of {found[1]}" if found else ""
