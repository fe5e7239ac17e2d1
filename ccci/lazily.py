"""What a package offers to other programs, imported once it is asked for. Pure."""

from collections.abc import Callable, Mapping, Sequence
from importlib import import_module


def offering(
    package: str, homes: Mapping[str, Sequence[str]]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and the `__dir__` of a package (PEP 562) that offers these names.

    `homes` are the modules that they are from. Importing the package imports none of them, so that
    the command line, which imports modules by their own names, starts as fast as without.
    """
    where = {name: module for module, names in homes.items() for name in names}

    def get(name: str) -> object:
        if name not in where:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(where[name]), name)

    return get, lambda: sorted(where)
