"""Say whether the commit that was meant is the commit that runs on Docker Swarm, or why not.

What other programs may import, with examples in `docs/reference/python.md` (nothing else is kept
stable, and nothing is imported by this package itself):

    ccci.swarm.judge.rollout    begin, advance: judge observations of a rollout, one after the other
    ccci.steps.follow           follow: follow a stack to its verdict; swarm.watching.fake for tests
    ccci.swarm.watching         recording.replay: judge a recorded rollout again
    ccci.report.model           read: a report out of its JSON
    ccci.sweep.static, compose  sweep recipes; read compose files as docker does, with their lines
    ccci.sandbox.fixtures       a throwaway Swarm for pytest
"""

__version__ = "0.1.0"
"""Told here, and read by what builds the package: to ask that for it takes as long as to start."""
