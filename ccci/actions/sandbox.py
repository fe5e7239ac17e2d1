"""A private throwaway Swarm: brought up, looked at, given an image, taken down."""

from pathlib import Path

from ccci.errors import CcciError
from ccci.exits import Verdict
from ccci.report.model import Report
from ccci.report.parts import Sandbox, SandboxNode, SandboxState
from ccci.sandbox import image, layout, lifecycle, tools
from ccci.terminal.output import Output


def bring_up(folder: Path, nodes: int, managers: int, output: Output) -> Report:
    """Bring the sandbox in this folder up."""
    sandbox = layout.plan(folder, nodes, managers)
    made = lifecycle.up(sandbox, output.progress)
    count = "one node" if nodes == 1 else f"{nodes} nodes, {managers} of them managers"
    return Report(
        "sandbox up",
        Verdict.DONE,
        f"the sandbox in {folder} {'is up' if made else 'was up already'} ({count})",
        sandbox=_describe(lifecycle.Look(sandbox, exists=True)),
    )


def take_down(folder: Path) -> Report:
    """Remove the sandbox in this folder."""
    removed = lifecycle.down(folder)
    if not removed:
        return Report("sandbox down", Verdict.DONE, f"there was no sandbox in {folder}")
    return Report("sandbox down", Verdict.DONE, f"removed the sandbox in {folder}: {removed}")


def look_at(folder: Path) -> Report:
    """Look at the sandbox in this folder."""
    tools.require_root()
    seen = lifecycle.look(folder)
    if seen.up:
        verdict, summary, hint = Verdict.DONE, f"the sandbox in {folder} is up", ""
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
        sandbox=_describe(seen),
    )


def make_image(folder: Path, name: str) -> Report:
    """Make a busybox image on every node of the sandbox in this folder."""
    tools.require_root()
    seen = lifecycle.look(folder)
    if not seen.up:
        raise CcciError(f"there is no working sandbox in {folder}", "`ccci sandbox up` makes one")
    image.load(seen.sandbox, name)
    where = "it" if seen.sandbox.node_count == 1 else "all of its nodes"
    return Report(
        "sandbox image", Verdict.DONE, f"made {name} in the sandbox in {folder}, on {where}"
    )


def _describe(seen: lifecycle.Look) -> SandboxState:
    if not seen.exists:
        return SandboxState(None)
    nodes = tuple(
        SandboxNode(
            name=node.name,
            role="manager" if node.number <= seen.sandbox.managers else "worker",
            docker_host=node.host,
            address=node.address,
            network_namespace=node.namespace,
            log=str(node.log),
        )
        for node in seen.sandbox.nodes
    )
    folder = str(seen.sandbox.folder)
    return SandboxState(Sandbox(folder, seen.sandbox.host, tuple(seen.trouble), nodes))
