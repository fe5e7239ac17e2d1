"""What the Engine answers to a write that it does not do. A value."""

import re

CONFLICT, INVALID, NOT_FOUND, UNIMPLEMENTED, FAILED = 409, 400, 404, 501, 500
FORBIDDEN = 403
_OF_SWARM = re.compile(r"rpc error: code = \w+ desc = ")


class Refused(Exception):  # noqa: N818 -- what the Engine would answer
    """The Engine would refuse a write: its status and its words."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message

    @property
    def words(self) -> str:
        """Return its words without those of the way that they came."""
        return _OF_SWARM.sub("", self.message, count=1)


def invalid(words: str) -> Refused:
    """Return the refusal of a spec by Swarm's own API, whose words the Engine hands on."""
    return of_swarm(INVALID, "InvalidArgument", words)


def of_swarm(status: int, code: str, words: str) -> Refused:
    """Return a refusal by Swarm's own API: the Engine's status, Swarm's code and words."""
    return Refused(status, f"rpc error: code = {code} desc = {words}")
