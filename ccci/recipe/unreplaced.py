"""What of a compose file fits docker's schema only once its variables are replaced. Pure.

abra holds the files against the schema before that.
"""

from collections.abc import Iterator

from ccci.compose import schema
from ccci.compose.shape import check
from ccci.compose.tree import Map, text_of

_DURATIONS = {
    "healthcheck": ("interval", "timeout", "start_period", "start_interval"),
    "deploy.update_config": ("delay", "monitor"),
    "deploy.rollback_config": ("delay", "monitor"),
    "deploy.restart_policy": ("delay", "window"),
    "": ("stop_grace_period",),
}


def durations(name: str, tree: Map) -> Iterator[str]:
    """Give the place of each duration of a file that holds a variable, as it is written."""
    services = tree.get("services")
    for service_name, service in services.items() if isinstance(services, Map) else ():
        for path, keys in _DURATIONS.items():
            block = service
            for step in filter(None, path.split(".")):
                block = block.get(step) if isinstance(block, Map) else None
            for key in keys if isinstance(block, Map) else ():
                if "$" in str(block.get(key, "")).replace("$$", ""):
                    where = f"{path}.{key}" if path else key
                    yield f"{name} line {block.line_of(key)}: {where} of {service_name}"


def other_kinds(name: str, tree: Map, replaced: Map) -> Iterator[str]:
    """Give the place of each text that a variable makes a number, or true or false.

    docker casts it when it replaces the variable (cli/compose/loader/interpolate.go), and its
    schema knows of no text there. `tree` is a file as it is written, `replaced` the same without
    variables.
    """
    version = text_of(tree.get("version") or "")
    shape = schema.compose_file(schema.DEFAULT_VERSION if version in {"", "3"} else version)
    if shape is None:
        return
    later = {fault.path for fault in check(replaced, shape)}
    for fault in check(tree, shape):
        if fault.wrong_kind and fault.path not in later:
            yield f"{name} line {fault.line}: {fault.path}"
