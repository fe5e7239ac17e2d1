"""Whose a cause is: the place's where something was deployed, or what was deployed. Pure."""

import re
from enum import Enum

from ccci.swarm.exit_codes import SIGILL, SIGKILL
from ccci.swarm.judge.words import own_words
from ccci.swarm.model import Cause, CauseCode


class Whose(Enum):
    """Who has a cause to mend."""

    PLACE = "place"
    """This swarm's: another one may well run the same."""
    RECIPE = "recipe"
    """The recipe's or the app's: it fails alike everywhere."""
    EITHER = "either"


def whose(cause: Cause) -> Whose:
    """Return whose a cause is; of one code the Engine's words may tell more."""
    said = own_words(cause.detail)
    for code, words, found in _BY_WORDS:
        if code in {cause.code, None} and re.search(words, said, re.IGNORECASE):
            return found
    if cause.code is CauseCode.EXIT_NONZERO and cause.exit_code in _OF_A_NODE:
        return Whose.EITHER
    return _BY_CODE.get(cause.code, Whose.EITHER)


_OF_A_NODE = frozenset({SIGILL, SIGKILL})
"""The processor lacks an instruction, or the node is short of memory."""

_BY_WORDS: tuple[tuple[CauseCode | None, str, Whose], ...] = (
    (None, r"no space left on device", Whose.PLACE),
    (CauseCode.EXIT_NONZERO, r"unable to remount dir as readonly", Whose.PLACE),
    (CauseCode.EXIT_NONZERO, r"logging driver|setting rlimits?|exec format error", Whose.EITHER),
    # The registry knows it, or it is no name at all (distribution/reference).
    (CauseCode.IMAGE_UNAVAILABLE, r"manifest .*(?:unknown|not found)", Whose.RECIPE),
    (CauseCode.IMAGE_UNAVAILABLE, r"invalid reference format", Whose.RECIPE),
    (
        CauseCode.IMAGE_UNAVAILABLE,
        r"no such image|does not exist|unauthorized|denied|no matching manifest|not found",
        Whose.EITHER,
    ),
    # moby volume/mounts/validate.go, runc's rootfs_linux.go: as it is written.
    (CauseCode.MOUNT_FAILED, r"must be (?:an )?absolute|must not be empty", Whose.RECIPE),
    (CauseCode.MOUNT_FAILED, r"duplicate mount|invalid mount target", Whose.RECIPE),
    (CauseCode.UNKNOWN, r"lstat <(?:store)?>: not a directory", Whose.RECIPE),
    (CauseCode.MOUNT_FAILED, r"not a directory|directory onto a file", Whose.RECIPE),
)

_BY_CODE: dict[CauseCode, Whose] = {
    **dict.fromkeys(
        (
            CauseCode.IMAGE_UNAVAILABLE,
            CauseCode.MOUNT_FAILED,
            CauseCode.NETWORK_UNAVAILABLE,
            CauseCode.NO_SUITABLE_NODE,
            CauseCode.OLD_TASK_NOT_STOPPING,
            CauseCode.ORCHESTRATOR_RESTARTED,
            CauseCode.PORT_IN_USE,
        ),
        Whose.PLACE,
    ),
    **dict.fromkeys(
        (
            CauseCode.EXITED_EARLY,
            CauseCode.EXIT_NONZERO,
            CauseCode.OOM_KILLED,
            CauseCode.UNHEALTHY,
        ),
        Whose.RECIPE,
    ),
}
