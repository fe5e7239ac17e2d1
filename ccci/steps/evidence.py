"""What a run keeps of what it deployed: the compose files as merged, without secrets."""

from ccci import runs
from ccci.deployers import App, Deployment, plan
from ccci.errors import CcciError
from ccci.masking import masked
from ccci.steps.site import Site


def keep_compose(site: Site, app: App, deployment: Deployment, name: str) -> None:
    """Write the compose files, as docker merges them, into the run's folder.

    Where this docker CLI cannot merge, or refuses to, they stand there one after the other. What
    goes wrong is a note of the run, never its verdict.
    """
    try:
        text = _merged(app, deployment)
    except CcciError:  # what it refuses, it refuses again when it deploys
        text = None
    try:
        if text is None:
            each = (f"# {path.name}\n{plan.text_of(path)}" for path in deployment.compose_files)
            text = masked("---\n".join(each), deployment.masks)
        runs.write(site.run.path(name), text)
    except (CcciError, OSError) as error:
        site.run.trouble.append(f"the compose files could not be kept: {error}")


def _merged(app: App, deployment: Deployment) -> str | None:
    return plan.merge(
        deployment.compose_files, app.checkout, deployment.interpolation, deployment.masks
    )
