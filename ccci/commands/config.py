"""`ccci config`: each setting, and where it comes from."""

import os
from collections.abc import Iterator, Mapping
from typing import Any

from ccci.actions import config
from ccci.actions.config import Option
from ccci.commandline.declared import Group
from ccci.commands.options import Context, examples


def declared(program: Group) -> Iterator[Option]:
    """Give every option and argument of the verbs that a variable or a file can set."""
    for command in program.load():
        for each in command.parameters:
            if each.variables:
                name = each.title.lstrip("-").lower()
                default = () if each.many else each.default
                yield Option(command.path, name, each.name, each.read, default, each.many)


def said_of(verb: str, program: Group, environ: Mapping[str, str]) -> Mapping[str, Any]:
    """Return what files of settings say of a verb's options."""
    options = list(declared(program))
    tree = config.defaults(config.read(environ, options, verb), options, environ)
    for word in verb.split():
        tree = tree.get(word, {})
    return dict(tree)


@examples(
    ("ccci config", "what is set, and by what"),
    ("CCCI_SOAK=30s ccci --json config", "for scripts"),
)
def command(ctx: Context) -> int:
    """Print each setting, and where it comes from: a variable, a file, or the default.

    Files are the user's own, `~/.config/ccci/config.toml`, and `.ccci.toml` in the current folder,
    which may set only what is judged: health-path, health-service, health-status, soak, timeout.
    `converge` heeds that one. `deploy` and `upgrade` heed the head's own `.ccci.toml` instead,
    which goes before the user's.
    """
    options = list(declared(ctx.program))
    files = config.read(os.environ, options)
    found = [config.resolve(each, files, os.environ) for each in options]
    ctx.obj.document(config.document(files, found))
    ctx.obj.text(*config.table(found))
    return 0
