"""`ccci sandbox`: a private throwaway Swarm where there is none."""

import os
import shlex
from pathlib import Path
from typing import Annotated

from ccci import settings
from ccci.actions import sandbox
from ccci.commandline.declared import Panel
from ccci.commands.options import Context, argument, examples, option
from ccci.report.model import document
from ccci.sandbox import layout
from ccci.terminal.story import tell

_Name = Annotated[
    str,
    option(
        "SANDBOX_NAME",
        "Which sandbox; any number live side by side.",
        formerly="NAME",
        panel=Panel.WHERE,
        metavar="NAME",
        short=True,
    ),
]
_Folder = Annotated[
    Path | None,
    option(
        "SANDBOX_FOLDER",
        "Where it lives, instead of a folder of that name in the state folder.",
        formerly="FOLDER",
        panel=Panel.WHERE,
        metavar="FOLDER",
        short=True,
    ),
]


@examples(
    ("ccci sandbox up", "a Swarm of one node, and how to use it"),
    ("ccci sandbox up --name three --nodes 3", "one of three nodes, beside it"),
    ('eval "$(ccci sandbox up --export)"', "and let docker in this shell speak to it"),
)
def up(
    ctx: Context,
    name: _Name = "default",
    folder: _Folder = None,
    nodes: Annotated[
        int,
        option(
            "NODES",
            "A real Swarm of that many nodes on a private bridge.",
            panel=Panel.WHERE,
            short=True,
        ),
    ] = 1,
    managers: Annotated[
        int, option("MANAGERS", "How many of the nodes are managers.", panel=Panel.WHERE)
    ] = 1,
    export: Annotated[
        bool,
        option(
            "",
            'Print lines for `eval "$(…)"` and nothing else.',
            "--export",
            panel=Panel.OUTPUT,
            short=True,
        ),
    ] = False,
) -> int:
    """Bring a sandbox up, ready in seconds, and print how to use it.

    Run it again and nothing changes; one that is half dead is rebuilt. Needs root, dockerd, ip and
    iptables. The sandbox has no way out to any network: images are made, loaded or built in it.
    """
    output = ctx.obj
    place = _place(name, folder)
    report = sandbox.bring_up(place, nodes, managers, output)
    output.document(document(report))
    export_line = f"export DOCKER_HOST={shlex.quote(layout.Sandbox(place).host)}"
    if export:
        output.text(export_line)
    else:
        which = f" --folder {shlex.quote(str(folder))}" if folder else ""
        which = which or ("" if name == "default" else f" --name {name}")
        output.text(
            report.summary,
            "",
            f"Use it:          {export_line}",
            f"An image for it: ccci sandbox image{which} busybox:latest",
            f"Remove it:       ccci sandbox down{which}",
        )
    return report.exit_code


@examples(("ccci sandbox down", "remove it, whatever state it is in"))
def down(ctx: Context, name: _Name = "default", folder: _Folder = None) -> int:
    """Remove a sandbox without trace, whatever state it is in, and say what was removed."""
    return tell(sandbox.take_down(_place(name, folder)), ctx.obj)


@examples(("ccci sandbox status", "is it up?"))
def status(ctx: Context, name: _Name = "default", folder: _Folder = None) -> int:
    """Say whether a sandbox is up and works (0) or not (3)."""
    return tell(sandbox.look_at(_place(name, folder)), ctx.obj)


@examples(("ccci sandbox image busybox:1.36", "an image to deploy, without a registry"))
def image(
    ctx: Context,
    image: Annotated[str, argument("[IMAGE]", "The image's name.")] = "busybox:latest",
    name: _Name = "default",
    folder: _Folder = None,
) -> int:
    """Make a small image of the machine's busybox on every node of a sandbox."""
    return tell(sandbox.make_image(_place(name, folder), image), ctx.obj)


def _place(name: str, folder: Path | None) -> Path:
    return layout.locate(name, folder, settings.state_folder(os.environ))
