"""`ccci sandbox`: a private throwaway Swarm where there is none."""

import os
import shlex
from pathlib import Path
from typing import Annotated, Any

import typer

from ccci import config
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report, document

app = typer.Typer(
    no_args_is_help=True,
    help="A private throwaway Swarm: its own dockerd, network namespace, folder and socket.",
)

_Name = Annotated[
    str,
    typer.Option(
        envvar=config.variables("NAME"), help="Which sandbox; any number live side by side."
    ),
]
_Folder = Annotated[
    Path | None,
    typer.Option(
        envvar=config.variables("FOLDER"),
        help="Where it lives, instead of a folder of that name in the state folder.",
    ),
]
_Image = Annotated[str, typer.Argument(metavar="[IMAGE]", help="The image's name.")]


@app.command()
def up(
    ctx: typer.Context,
    name: _Name = "default",
    folder: _Folder = None,
    nodes: Annotated[
        int,
        typer.Option(
            envvar=config.variables("NODES"),
            help="A real Swarm of that many nodes on a private bridge.",
        ),
    ] = 1,
    managers: Annotated[
        int,
        typer.Option(
            envvar=config.variables("MANAGERS"), help="How many of the nodes are managers."
        ),
    ] = 1,
    export: Annotated[
        bool, typer.Option("--export", help='Print lines for `eval "$(…)"` and nothing else.')
    ] = False,
) -> int:
    """Bring a sandbox up, ready in seconds, and print how to use it.

    Run it again and nothing changes; one that is half dead is rebuilt. Needs root, dockerd, ip and
    iptables. The sandbox has no way out to any network: images are made, loaded or built in it.
    """
    output: Output = ctx.obj
    report = bring_up(_place(name, folder), nodes, managers, output)
    output.document(document(report))
    export_line = f"export DOCKER_HOST={shlex.quote(report.extra['sandbox']['docker_host'])}"
    if export:
        output.text(export_line)
    else:
        which = f" --folder {shlex.quote(str(folder))}" if folder else ""
        which = which or ("" if name == "default" else f" --name {name}")
        output.text(
            f"{report.summary}\n\nUse it:          {export_line}\n"
            f"An image for it: ccci sandbox image{which} busybox:latest\n"
            f"Remove it:       ccci sandbox down{which}"
        )
    return report.exit_code


@app.command()
def down(ctx: typer.Context, name: _Name = "default", folder: _Folder = None) -> int:
    """Remove a sandbox without trace, whatever state it is in, and say what was removed."""
    output: Output = ctx.obj
    return output.report(take_down(_place(name, folder)))


@app.command()
def status(ctx: typer.Context, name: _Name = "default", folder: _Folder = None) -> int:
    """Say whether a sandbox is up and works (0) or not (3)."""
    output: Output = ctx.obj
    return output.report(look_at(_place(name, folder)))


@app.command()
def image(
    ctx: typer.Context,
    image: _Image = "busybox:latest",
    name: _Name = "default",
    folder: _Folder = None,
) -> int:
    """Make a small image of the machine's busybox on every node of a sandbox."""
    output: Output = ctx.obj
    return output.report(make_image(_place(name, folder), image))


def _place(name: str, folder: Path | None) -> Path:
    from ccci.sandbox import place

    return place.locate(name, folder, config.state_folder(os.environ))


def bring_up(folder: Path, nodes: int, managers: int, output: Output) -> Report:
    """Bring the sandbox in this folder up."""
    from ccci.sandbox import life, place

    sandbox = place.plan(folder, nodes, managers)
    made = life.up(sandbox, output.progress)
    count = "one node" if nodes == 1 else f"{nodes} nodes, {managers} of them managers"
    return Report(
        "sandbox up",
        Verdict.CONVERGED if made else Verdict.UNCHANGED,
        f"the sandbox in {folder} {'is up' if made else 'was up already'} ({count})",
        extra={"sandbox": _describe(life.Look(sandbox, exists=True))},
    )


def take_down(folder: Path) -> Report:
    """Remove the sandbox in this folder."""
    from ccci.sandbox import life

    removed = life.down(folder)
    if not removed:
        return Report("sandbox down", Verdict.UNCHANGED, f"there was no sandbox in {folder}")
    return Report("sandbox down", Verdict.CONVERGED, f"removed the sandbox in {folder}: {removed}")


def look_at(folder: Path) -> Report:
    """Look at the sandbox in this folder."""
    from ccci.sandbox import life, tools

    tools.require_root()
    seen = life.look(folder)
    if seen.up:
        verdict, summary, hint = Verdict.CONVERGED, f"the sandbox in {folder} is up", ""
    elif seen.exists:
        verdict, hint = Verdict.UNABLE, "`ccci sandbox up` rebuilds it"
        summary = f"the sandbox in {folder} is broken: {'; '.join(seen.trouble)}"
    else:
        verdict, hint = Verdict.UNABLE, "`ccci sandbox up` makes one"
        summary = f"there is no sandbox in {folder}"
    return Report(
        "sandbox status",
        verdict,
        summary,
        hint=hint,
        notes=tuple(f"{node.name} {node.host}" for node in seen.sandbox.nodes if seen.exists),
        extra={"sandbox": _describe(seen)},
    )


def make_image(folder: Path, image: str) -> Report:
    """Make a busybox image on every node of the sandbox in this folder."""
    from ccci.errors import CcciError
    from ccci.sandbox import image as images
    from ccci.sandbox import life, tools

    tools.require_root()
    seen = life.look(folder)
    if not seen.up:
        raise CcciError(f"there is no working sandbox in {folder}", "`ccci sandbox up` makes one")
    images.load(seen.sandbox, image)
    where = "it" if seen.sandbox.node_count == 1 else "all of its nodes"
    return Report(
        "sandbox image", Verdict.CONVERGED, f"made {image} in the sandbox in {folder}, on {where}"
    )


def _describe(seen: Any) -> dict[str, Any] | None:  # noqa: ANN401 -- life.Look, imported late
    if not seen.exists:
        return None
    return {
        "folder": str(seen.sandbox.folder),
        "docker_host": seen.sandbox.host,
        "trouble": list(seen.trouble),
        "nodes": [
            {
                "name": node.name,
                "role": "manager" if node.number <= seen.sandbox.managers else "worker",
                "docker_host": node.host,
                "address": node.address,
                "network_namespace": node.namespace,
                "log": str(node.log),
            }
            for node in seen.sandbox.nodes
        ],
    }
