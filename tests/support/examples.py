"""How many made-up examples a property is tried with: few at the desk, the full number in CI.

`pytest --hypothesis-profile thorough` asks for the full number, as `make test` does; both try the
same examples each time, so that a change is judged by what it changed. `make soak` asks for
`search`, which makes up others at each run.
"""

from hypothesis import settings

DESK = "desk"
THOROUGH = "thorough"
SEARCH = "search"
_AT_THE_DESK = 10

settings.register_profile(DESK, max_examples=_AT_THE_DESK, deadline=None, derandomize=True)
settings.register_profile(THOROUGH, deadline=None, derandomize=True)
settings.register_profile(SEARCH, deadline=None)


def examples(full: int) -> int:
    """Return how many examples to try of so many, by the profile that is loaded."""
    return min(full, _AT_THE_DESK) if settings.get_current_profile_name() == DESK else full
