"""What the Engine and the docker CLI say when they refuse a deploy, and the way out. Pure.

COMMAND's own words are read line by line; a row is anchored at the tool's words, and names that
stand in them are filled into the next step.
"""

import re
from dataclasses import dataclass
from functools import cache

from ccci.swarm.causes import CauseCode
from ccci.swarm.judge.hints import HINTS

READ_IT = "read what it printed, mend that, and deploy again"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why a deploy was refused: the cause where it has a code, and the next step."""

    cause: CauseCode | None
    hint: str


_ROWS: tuple[tuple[str, CauseCode | None, str], ...] = (
    # swarmkit manager/controlapi/config.go and secret.go.
    (
        r"failed to update (?P<kind>config|secret) (?P<name>\S+):.*only updates to labels",
        CauseCode.CONFIG_IMMUTABLE,
        (
            "the {kind} {name} exists with other content, from this stack or another one: raise "
            "the version in its name and deploy again"
        ),
    ),
    (
        r"only updates to labels are allowed",
        CauseCode.CONFIG_IMMUTABLE,
        HINTS[CauseCode.CONFIG_IMMUTABLE],
    ),
    # swarmkit manager/state/store: ErrSequenceConflict.
    (r"update out of sequence", CauseCode.CONFLICT, HINTS[CauseCode.CONFLICT]),
    # swarmkit manager/controlapi/service.go: errModeChangeNotAllowed.
    (
        r"failed to update service (?P<name>\S+):.*service mode change is not allowed",
        None,
        (
            "Swarm changes no mode in place: `docker service rm {name}` (its tasks stop), then "
            "deploy again"
        ),
    ),
    (
        r"service mode change is not allowed",
        None,
        "Swarm changes no mode in place: remove the service, then deploy again",
    ),
    # swarmkit manager/controlapi/service.go: checkPortConflicts.
    (
        r"port '(?P<port>\d+)' is already in use by service '(?P<name>[^']+)'",
        CauseCode.PORT_IN_USE,
        (
            "port {port} belongs to the service {name}: publish another one, or remove that "
            "service first"
        ),
    ),
    # swarmkit manager/state/store: ErrNameConflict.
    (
        r"(?:service (?P<name>\S+):.*)?name conflicts with an existing object",
        None,
        (
            "another service (of another stack, perhaps) has that name already: rename the stack "
            "or the service"
        ),
    ),
    # docker/cli cli/command/stack/swarm/deploy_composefile.go: validateExternalNetworks.
    (
        r'network "?(?P<name>[^"\s]+)"? is declared as external, but could not be found',
        None,
        "create it first: `docker network create --driver overlay {name}`",
    ),
    (
        r'network "?(?P<name>[^"\s]+)"? is declared as external, but it is not in the right scope',
        None,
        (
            "{name} belongs to one node alone: make it an overlay (`docker network rm`, then "
            "`docker network create --driver overlay {name}`)"
        ),
    ),
    (
        r"network (?P<name>\S+) not found",
        CauseCode.NETWORK_UNAVAILABLE,
        (
            "wait until the removal of the old stack is over (`docker network ls` no longer shows "
            "{name}), or do not remove it before deploying"
        ),
    ),
    # docker/cli cli/compose/convert: secrets and configs that are not there.
    (
        r"(?P<kind>secret|config) not found: (?P<name>\S+)",
        None,
        "make it first: `docker {kind} create {name} FILE`",
    ),
    # swarmkit manager/constraint: an empty value is a variable that nobody set.
    (
        r"value '' is invalid",
        None,
        "a placement constraint is empty at the end: set the variable that it reads",
    ),
    (
        r"undefined (?P<kind>volume|network|secret|config) (?P<name>[^\s:]+)",
        None,
        "declare {name} below the top-level `{kind}s:`, or mend its name in the service",
    ),
    (
        r"additional propert(?:y|ies) (?P<name>\S+) (?:is|are) not allowed",
        None,
        "docker does not know the key {name} there: mend its spelling, its place, or `version:`",
    ),
    (
        r"this node is not a swarm manager",
        None,
        "let DOCKER_HOST or the docker context name a manager of the swarm",
    ),
)


@cache
def _compiled() -> tuple[tuple[re.Pattern[str], CauseCode | None, str], ...]:
    return tuple((re.compile(text, re.IGNORECASE), cause, hint) for text, cause, hint in _ROWS)


def refusal(output: str) -> Refusal:
    """Return why a failed COMMAND was refused, as far as its own words tell; the last line first.

    Where they tell nothing that is known the next step is to read them.
    """
    for line in reversed(output.splitlines()):
        for pattern, cause, hint in _compiled():
            found = pattern.search(line)
            if found:
                names = {key: value or "" for key, value in found.groupdict().items()}
                return Refusal(cause, hint.format_map(names))
    return Refusal(None, READ_IT)
