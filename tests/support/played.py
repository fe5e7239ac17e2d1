"""A COMMAND that is played: in the place of `host.process.Running`, without a process."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from ccci.swarm.watching.fake import FakeCommand


@dataclass
class Script:
    """Prints these lines, and ends with `code` at once; `started` is each argv that it was."""

    lines: tuple[str, ...] = ()
    code: int = 0
    started: list[tuple[str, ...]] = field(default_factory=list)

    def __call__(
        self, argv: Sequence[str], *, lines: Callable[[str], None], **_: object
    ) -> FakeCommand:
        self.started.append(tuple(argv))
        for each in self.lines:
            lines(each)
        return FakeCommand(self.code, argv=argv, output="\n".join(self.lines))
