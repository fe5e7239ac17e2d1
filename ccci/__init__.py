"""Say whether the commit that was meant is the commit that runs on Docker Swarm, or why not.

What other programs may import, with examples in `docs/reference/python.md` (nothing else is kept
stable, and nothing is imported by this package itself):

    ccci.swarm            judge looks at a rollout, watch a stack, record, replay; a fake for tests
    ccci.steps.follow     follow: follow a stack, and a COMMAND, to the verdict
    ccci.report           read: a report out of its JSON
    ccci.sweep, compose   sweep recipes, also by rules of one's own; read them as docker does
    ccci.sandbox          a throwaway Swarm; sandbox.fixtures: for pytest
"""

__version__ = "0.1.0"
"""Told here, and read by what builds the package: to ask that for it takes as long as to start."""
