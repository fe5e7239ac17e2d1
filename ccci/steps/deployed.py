"""What is deployed as a stack already, read from the labels of its services."""

from collections.abc import Iterable

from ccci.recipe.base import Base
from ccci.swarm.decode import specs
from ccci.swarm.decode.typed import Json


def deployed_base(services: Iterable[Json]) -> Base | None:
    """Return what is deployed as a stack already, by its labels; None where nothing is.

    `services` are the Engine's answers for the stack. The commit is as labelled, and empty where
    none is. Raise EngineError where an answer makes no sense.
    """
    declared = [specs.identity_of(each) for each in services]
    if not declared:
        return None
    commit = next((each.commit for each in declared if each.commit), "")
    return Base(commit, next((each.version for each in declared if each.version), None))
