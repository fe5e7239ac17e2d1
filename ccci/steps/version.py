"""The version that a commit gives itself, in its own compose file's label."""

from ccci import checkout as checkouts
from ccci import environment, stackfile
from ccci.deployers import App, labelling
from ccci.errors import DeployRefused
from ccci.steps.site import Site


def version_at(site: Site, app: App, commit: str) -> str | None:
    """Return what `coop-cloud.<stack>.version` says at a full commit, or None.

    The commit is checked out for it. A recipe that cannot be read gives None: the head's own
    deploy will say what is wrong with it.
    """
    checkouts.switch(site.checkout, commit, "to read its version")
    try:
        sample = stackfile.inside(app.checkout, ".env.sample")
        text = sample.read_text(encoding="utf-8", errors="replace") if sample.is_file() else ""
        values = environment.values(environment.read(text, ".env.sample"))
        values = {**values, **site.choices.env, "STACK_NAME": app.stack}
        files = stackfile.compose_files(app.checkout, values.get("COMPOSE_FILE", ""))
        stack = stackfile.read(files, values)
        carrier = labelling.carrier(stack, app.stack, site.choices.app_service)
        return labelling.declared_version(stack, app.stack, carrier)
    except DeployRefused:
        return None
