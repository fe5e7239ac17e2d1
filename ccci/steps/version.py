"""The version that a commit gives itself, in its own compose file's label."""

from collections.abc import Mapping

from ccci import checkout as checkouts
from ccci import environment, stackfile
from ccci.checkout import Checkout
from ccci.deployers import App, labelling
from ccci.errors import DeployRefused


def version_at(
    checkout: Checkout, app: App, commit: str, env: Mapping[str, str], app_service: str | None
) -> str | None:
    """Return what `coop-cloud.<stack>.version` says at a full commit, or None.

    The commit is checked out for it; `env` is what `--env` gave. A recipe that cannot be read
    gives None: the head's own deploy will say what is wrong with it.
    """
    checkouts.switch(checkout, commit, "to read its version")
    try:
        sample = stackfile.inside(app.checkout, ".env.sample")
        text = sample.read_text(encoding="utf-8", errors="replace") if sample.is_file() else ""
        values = environment.values(environment.read(text, ".env.sample"))
        values = {**values, **env, "STACK_NAME": app.stack}
        files = stackfile.compose_files(app.checkout, values.get("COMPOSE_FILE", ""))
        stack = stackfile.read(files, values)
        carrier = labelling.carrier(stack, app.stack, app_service)
        return labelling.declared_version(stack, app.stack, carrier)
    except DeployRefused:
        return None
