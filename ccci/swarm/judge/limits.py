"""How long, how often, how many: every number that the judge holds a rollout against.

Seconds, unless the name says otherwise.
"""

# When a rollout is over without an answer.

UNREACHABLE_LIMIT = 60.0
"""Without an answer from the Engine for so long, nothing can be said."""

COMMAND_ALLOWANCE = 300.0
"""What COMMAND may take before it first touches the stack."""

# What a deadline is made of, beside the recipe's own numbers.

PULL_ALLOWANCE = 300.0
"""For one wave to fetch an image that is not local."""

START_ALLOWANCE = 30.0
"""To schedule tasks and to start containers, whatever the recipe says."""

WORK_ALLOWANCE = 300.0
"""For a job's work, of which no number of a recipe tells."""

# How long a good state has to last.

SHORTEST_SOAK, LONGEST_SOAK = 5.0, 60.0

BRIEF_SOAK, NEXT_PROBE = 15.0, 2.0
"""Of what has a health check, where only its next probe is waited for, and what that may take."""

AFTER_COMPLETED = 5.0
"""To look on after Swarm's `completed`, which is a timer and not health."""

RETURN_ALLOWANCE = 10.0
"""To start the old spec's task again after a rollback, beyond its restart delay and its check."""

BY_THE_CLOCK = 3600.0
"""Who starts again only after so long runs by the clock, even if a task was at work before."""

# When what does not get better is called bad.

CRASH_LOOP, SAME_CAUSE = 5, 3
"""So many failed tasks of one slot are a crash loop when so many of the last have one cause."""

TROUBLED = 3
"""A service with so many failed tasks in one slot fails on its own account."""

STALLED_AFTER = 20.0
"""A slot that could not get its task for so long, all along for one reason, will not get it."""

JUST_MADE = 5.0
"""A task that is no older has not said yet whether it gets its network."""

DISARMED_AFTER, DISARMED_DURING_COMMAND = 5.0, 20.0
"""How long a disarmed updater is given, after COMMAND's end and before: COMMAND may send again."""

UNNOTICED = 20.0
"""How long a node may be dead before Swarm says so: three heartbeats (manager/dispatcher)."""
