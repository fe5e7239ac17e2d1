"""A message of the Engine, as the next steps that its words ask for are chosen by. Pure."""

import re
from collections.abc import Callable
from dataclasses import dataclass

from ccci.swarm.causes import CauseCode
from ccci.swarm.model import Spec


@dataclass(frozen=True, slots=True)
class Message:
    """A message of the Engine, what it quotes, and where it was said."""

    text: str
    quotes: tuple[str, ...]
    spec: Spec | None
    where: str

    def named(self, pattern: str) -> str:
        """Return the group of a pattern in the whole message, or nothing."""
        found = re.search(pattern, self.text, re.IGNORECASE)
        return (found[1] if found else "").strip(" .\"'")


Step = Callable[[Message], str]
Row = tuple[CauseCode, str, Step | str]
"""A cause, the Engine's words with it, and the step, in which `{where}` is the task's node."""

NO_ROOM = "make room on the disk of {where}: `docker system df` there, `docker image prune`"
