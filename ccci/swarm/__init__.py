"""Watching a Swarm rollout and judging it.

What this package offers to other programs, with examples in `docs/reference/python.md`:

    begin, advance              judge looks of one's own, one after the other: a fold, and no clock
    observation                 make such a look of the Engine's own JSON
    Engine, Watch, observe      look at a stack: once, or each time that something happens there
    FakeWatch, FakeCommand      the same for tests: they play what they are told, in no time
    Trace, replay               record a rollout, and judge a recorded one again

Each is imported once it is asked for.
"""

from typing import TYPE_CHECKING

from ccci.lazily import offering

if TYPE_CHECKING:
    from ccci.exits import Verdict
    from ccci.swarm.baseline import Baseline, take
    from ccci.swarm.decode.observation import observation
    from ccci.swarm.engine.client import Engine
    from ccci.swarm.judge.rollout import Policy, Rollout, advance, begin
    from ccci.swarm.model import Cause, CauseCode, Judgement, Observation
    from ccci.swarm.watching.fake import FakeCommand, FakeWatch
    from ccci.swarm.watching.protocol import Watching
    from ccci.swarm.watching.recording import beginning, ending, observations, replay
    from ccci.swarm.watching.trace import Trace
    from ccci.swarm.watching.watch import Watch, observe
else:
    __getattr__, __dir__ = offering(
        __name__,
        {
            "ccci.exits": ("Verdict",),
            "ccci.swarm.baseline": ("Baseline", "take"),
            "ccci.swarm.decode.observation": ("observation",),
            "ccci.swarm.engine.client": ("Engine",),
            "ccci.swarm.judge.rollout": ("Policy", "Rollout", "advance", "begin"),
            "ccci.swarm.model": ("Cause", "CauseCode", "Judgement", "Observation"),
            "ccci.swarm.watching.fake": ("FakeCommand", "FakeWatch"),
            "ccci.swarm.watching.protocol": ("Watching",),
            "ccci.swarm.watching.recording": ("beginning", "ending", "observations", "replay"),
            "ccci.swarm.watching.trace": ("Trace",),
            "ccci.swarm.watching.watch": ("Watch", "observe"),
        },
    )

__all__ = [
    "Baseline",
    "Cause",
    "CauseCode",
    "Engine",
    "FakeCommand",
    "FakeWatch",
    "Judgement",
    "Observation",
    "Policy",
    "Rollout",
    "Trace",
    "Verdict",
    "Watch",
    "Watching",
    "advance",
    "begin",
    "beginning",
    "ending",
    "observation",
    "observations",
    "observe",
    "replay",
    "take",
]
