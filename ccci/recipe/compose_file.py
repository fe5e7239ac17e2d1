"""What COMPOSE_FILE names, wherever it is set: compose files with `:` between them. Pure.

The docker CLI takes each `--compose-file` as it stands (28.2, `docker stack config`): a blank is a
part of the path, and a file that is named twice is read twice. Its lists are then there twice, and
of `a.yml`, `b.yml`, `a.yml` the last one wins over the second. Of abra no more is known than that
it splits at `:`, so nothing is made of a name that docker would not make of it.
"""

from ccci.names import COMPOSE_YML

COMPOSE_FILE = "COMPOSE_FILE"


def named(setting: str) -> tuple[str, ...]:
    """Return the names in their order, as they stand; `compose.yml` where there is none."""
    return tuple(name for name in setting.split(":") if name) or (COMPOSE_YML,)


def blank_beside(setting: str) -> str | None:
    """Return the first name that has a blank at one of its ends, or None."""
    return next((name for name in named(setting) if name != name.strip()), None)
