"""What somebody may have meant who named a stack that is not there. Pure."""

from collections.abc import Iterable

from ccci.nearest import nearest
from ccci.swarm.decode.listed import Listed

_FEW = 5


def stacks(services: Iterable[Listed]) -> dict[str, list[str]]:
    """Return the stacks that the Engine's services belong to, each with its services' names."""
    found: dict[str, list[str]] = {}
    for each in services:
        if each.stack:
            found.setdefault(each.stack, []).append(each.name.removeprefix(f"{each.stack}_"))
    return found


def instead(name: str, services: Iterable[Listed]) -> str:
    """Return what a name that is no stack's may stand for, as a next step; empty for no idea."""
    known = stacks(services)
    for stack, names in known.items():
        if name.startswith(f"{stack}_") and name.removeprefix(f"{stack}_") in names:
            return f"the stack is {stack}, and {name.removeprefix(f'{stack}_')} a service of it"
    for stack, names in known.items():
        if name in names:
            return f"{name} is a service of the stack {stack}: name that"
    near = nearest(name, sorted(known), 3)
    if near and near[0] != name:
        return f"did you mean {near[0]}?"
    if known and len(known) <= _FEW:
        return f"the stacks there are: {', '.join(sorted(known))}"
    return ""


def listed(names: Iterable[str], known: Iterable[str]) -> str:
    """Return the names that there are, those much like what was asked for first, a few of them."""
    every = sorted(known)
    first = [near for name in names for near in nearest(name, every, 3)]
    ordered = list(dict.fromkeys([*first, *every]))
    more = f" and {len(ordered) - _FEW} more" if len(ordered) > _FEW else ""
    return ", ".join(ordered[:_FEW]) + more


def changed(before: Iterable[Listed], after: Iterable[Listed]) -> tuple[str, ...]:
    """Return the stacks of which a service was made, changed or removed between two listings."""
    olds = {each.id: each for each in before}
    news = {each.id: each for each in after}
    same = {key for key in olds.keys() & news.keys() if olds[key].version == news[key].version}
    moved = (each for key, each in (olds | news).items() if key not in same)
    return tuple(sorted(stacks(moved)))
