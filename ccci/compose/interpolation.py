"""Variables in compose files, replaced as the docker CLI does (its cli/compose/template).

Its corners are kept: `$$` is a dollar, `$X-text` without braces takes a default up to the next `}`,
a default holds no `}`, and a wrong `$` goes unnoticed when a right one follows in the same text.
"""

import re
from collections.abc import Callable, Mapping
from typing import Any

from ccci.compose.tree import ComposeError, Map, Seq

_NAME = r"[_a-zA-Z\u017f\u212a][_a-zA-Z0-9\u017f\u212a]*(?::?[-?][^}]*)?"
_VARIABLE = re.compile(rf"\$(?:(\$)|({_NAME})|\{{({_NAME})\}}|())")
_INTEGER = re.compile(r"[-+]?[0-9]+")
_FLOAT = re.compile(
    r"[-+]?(?:(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]+)?|inf(?:inity)?|nan)", re.IGNORECASE
)


class Variables:
    """What `${X}` stands for; remembers which names were asked for and not there."""

    def __init__(self, values: Mapping[str, str]) -> None:
        self.values = values
        self.unset: set[str] = set()

    def find(self, name: str) -> str | None:
        """Return the value, or None for a name that is not set."""
        return self.values.get(name)

    def replace(self, match: "re.Match[str]") -> str:
        """Return what stands for one `$…`. Raise _InvalidError as docker would."""
        escaped, named, braced, _ = match.groups()
        if escaped:
            return "$"
        text = named or braced
        if not text:
            raise _InvalidError(None)
        for mark, decide in _FORMS:
            if mark in text:
                name, _, rest = text.partition(mark)
                return decide(self.find(name), name, rest)
        value = self.find(text)
        if value is None:
            self.unset.add(text)
        return value or ""


class _InvalidError(Exception):
    """A `$` that docker cannot read; `reason` is None for one that names no variable."""

    def __init__(self, reason: str | None) -> None:
        super().__init__(reason)
        self.reason = reason


def _default_if_empty(value: str | None, _name: str, default: str) -> str:
    return value or default


def _default_if_unset(value: str | None, _name: str, default: str) -> str:
    return default if value is None else value


def _required_and_full(value: str | None, name: str, message: str) -> str:
    if not value:
        raise _InvalidError(f"required variable {name} is missing a value: {message}")
    return value


def _required(value: str | None, name: str, message: str) -> str:
    if value is None:
        raise _InvalidError(f"required variable {name} is missing a value: {message}")
    return value


# The order is docker's: `${A-b:-c}` is the variable `A-b` with the default `c`.
_FORMS: tuple[tuple[str, Callable[[str | None, str, str], str]], ...] = (
    (":-", _default_if_empty),
    ("-", _default_if_unset),
    (":?", _required_and_full),
    ("?", _required),
)


def substitute(text: str, variables: Variables) -> str:
    """Return the text with its variables replaced. Raise _InvalidError as docker would."""
    failed: list[_InvalidError | None] = [None]

    def one(match: "re.Match[str]") -> str:
        if match[1]:
            return "$"
        try:
            value = variables.replace(match)
        except _InvalidError as error:
            failed[0] = error
            return ""
        # template.go keeps one error for the whole text, which the next success clears.
        failed[0] = None
        return value

    result = _VARIABLE.sub(one, text)
    if failed[0] is not None:
        raise failed[0]
    return result


def _to_integer(text: str) -> int:
    if not _INTEGER.fullmatch(text) or not -(2**63) <= int(text) < 2**63:
        raise ValueError(f'strconv.Atoi: parsing "{text}": invalid syntax')
    return int(text)


def _to_float(text: str) -> float:
    if not _FLOAT.fullmatch(text):
        raise ValueError(f'strconv.ParseFloat: parsing "{text}": invalid syntax')
    return float(text)


def _to_boolean(text: str) -> bool:
    word = text.lower()
    if word in {"y", "yes", "true", "on"}:
        return True
    if word in {"n", "no", "false", "off"}:
        return False
    raise ValueError(f"invalid boolean: {text}")


Cast = Callable[[str], int | float | bool]
_UPDATE: dict[str, Cast] = {"parallelism": _to_integer, "max_failure_ratio": _to_float}
_SERVICE: dict[str, Cast] = {
    "configs.[].mode": _to_integer,
    "secrets.[].mode": _to_integer,
    "healthcheck.retries": _to_integer,
    "healthcheck.disable": _to_boolean,
    "deploy.replicas": _to_integer,
    **{
        f"deploy.{which}_config.{key}": cast
        for which in ("update", "rollback")
        for key, cast in _UPDATE.items()
    },
    "deploy.restart_policy.max_attempts": _to_integer,
    "deploy.placement.max_replicas_per_node": _to_integer,
    "ports.[].target": _to_integer,
    "ports.[].published": _to_integer,
    "ulimits.*": _to_integer,
    "ulimits.*.hard": _to_integer,
    "ulimits.*.soft": _to_integer,
    "privileged": _to_boolean,
    "oom_score_adj": _to_integer,
    "read_only": _to_boolean,
    "stdin_open": _to_boolean,
    "tty": _to_boolean,
    "volumes.[].read_only": _to_boolean,
    "volumes.[].volume.nocopy": _to_boolean,
}
_CASTS: dict[tuple[str, ...], Cast] = {
    **{("services", "*", *path.split(".")): cast for path, cast in _SERVICE.items()},
    **{("networks", "*", key): _to_boolean for key in ("external", "internal", "attachable")},
    **{(section, "*", "external"): _to_boolean for section in ("volumes", "secrets", "configs")},
}


def _cast_for(path: str) -> Cast | None:
    """Return what docker turns the text at a path into, once a variable stood in it.

    It splits the path at dots, so that a service with a dot in its name gets no casts.
    """
    parts = path.split(".")
    if len(parts) < 3:  # noqa: PLR2004
        return None
    parts[1] = "*"
    if len(parts) > 3 and parts[2] == "ulimits":  # noqa: PLR2004
        parts[3] = "*"
    return _CASTS.get(tuple(parts))


class Interpolation:
    """One pass over a file's tree; `failures` is what docker would stop at."""

    def __init__(self, variables: Variables) -> None:
        self.variables = variables
        self.failures: list[ComposeError] = []

    def tree(self, value: Map) -> Map:
        """Return the tree with every text replaced; what needs no change is shared."""
        return self._map(value, "") if value.dollar else value

    def _value(self, value: Any, path: str, line: int) -> Any:  # noqa: ANN401
        if type(value) is str:
            return self._text(value, path, line) if "$" in value else value
        if isinstance(value, Map):
            return self._map(value, path) if value.dollar else value
        if isinstance(value, Seq) and value.dollar:
            result = Seq(value.line)
            result.lines = value.lines
            below = f"{path}.[]"
            result.extend(self._value(entry, below, line) for entry, line in value.located())
            return result
        return value

    def _map(self, value: Map, path: str) -> Map:
        result = Map(value.line)
        result.lines = value.lines
        prefix = f"{path}." if path else ""
        for key, entry in value.items():
            result[key] = self._value(entry, prefix + key, value.lines[key])
        return result

    def _text(self, text: str, path: str, line: int) -> str | int | float | bool:
        try:
            result = substitute(text, self.variables)
        except _InvalidError as error:
            shown = text if error.reason is None else error.reason
            self.failures.append(
                ComposeError(
                    f'invalid interpolation format for {path}: "{shown}"; '
                    "you may need to escape any $ with another $",
                    line,
                )
            )
            return text
        cast = _cast_for(path)
        if cast is None or result == text:
            return result
        try:
            return cast(result)
        except ValueError as error:
            self.failures.append(
                ComposeError(
                    f"error while interpolating {path}: failed to cast to expected type: {error}",
                    line,
                )
            )
            return result
