"""A watch that plays its looks once a real COMMAND has ended, whose end takes real time."""

from typing import Any

from ccci.host.process import Running
from ccci.swarm.model import Observation
from ccci.swarm.watching.fake import FakeWatch

_PATIENCE = 20.0


def after_command(*looks: Observation, **more: Any) -> FakeWatch:
    def wait(_number: int) -> None:
        if isinstance(watch.command, Running):
            assert watch.command.wait(_PATIENCE) is not None, "COMMAND does not end"

    watch = FakeWatch(looks, on_look=wait, **more)
    return watch
