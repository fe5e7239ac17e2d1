"""What a run keeps of what it deployed: the compose files as merged, without secrets."""

from dataclasses import replace

from ccci import settings
from ccci.deployers import App, Deployment
from ccci.errors import CcciError
from ccci.host import files
from ccci.host.masking import masked
from ccci.recipe.kept_compose import without_values
from ccci.records import fingerprints
from ccci.steps.workspace import Workspace


def without_secrets(workspace: Workspace, app: App, deployment: Deployment) -> Deployment:
    """Return a deployment that hides the secrets of earlier runs of its app as well.

    From now on nothing that is printed shows any of them, nor those of this run.
    """
    fingerprints.remember(workspace.run, deployment.masks)
    before = fingerprints.known(settings.runs_folder(), app.stack, workspace.run.id)
    masks = (*deployment.masks, *before)
    workspace.output.keep_secret(masks)
    return replace(deployment, masks=masks)


def keep_compose(workspace: Workspace, deployment: Deployment, name: str) -> None:
    """Write the compose files, as docker merges them, into the run's folder.

    What goes wrong is a note of the run, never its verdict.
    """
    try:
        files.write(
            workspace.run.path(name), masked(without_values(deployment.merged), deployment.masks)
        )
    except (CcciError, OSError) as error:
        workspace.run.trouble.append(f"the compose files could not be kept: {error}")
