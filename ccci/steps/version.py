"""The version that a commit gives itself, in its own compose file's label."""

from collections.abc import Mapping

from ccci.deployers import App, labelling, plan
from ccci.errors import DeployRefused
from ccci.names import ENV_SAMPLE
from ccci.recipe import checkouts, dotenv, files, stack_file
from ccci.recipe.checkouts import Checkout
from ccci.recipe.compose_file import COMPOSE_FILE


def version_at(
    clone: Checkout, app: App, commit: str, env: Mapping[str, str], app_service: str | None
) -> str | None:
    """Return what `coop-cloud.<stack>.version` says at a full commit, or None.

    The commit is checked out for it; `env` is what `--env` gave. A recipe that cannot be read
    gives None: the head's own deploy will say what is wrong with it.
    """
    checkouts.switch(clone, commit, "to read its version")
    try:
        text = files.settings(app.checkout, ENV_SAMPLE) or ""
        entries = dotenv.read(dotenv.assign(text, env, ENV_SAMPLE), ENV_SAMPLE)
        values, _ = plan.variables(app, entries)
        paths = stack_file.compose_files(app.checkout, values.get(COMPOSE_FILE, ""))
        stack = stack_file.read(paths, values, inside=app.checkout)
        carrier = labelling.carrier(stack, app.stack, app_service)
        return labelling.declared_version(stack, app.stack, carrier)
    except DeployRefused:
        return None
