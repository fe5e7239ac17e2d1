"""What of an app's variables must never be shown: all but what its recipe shows to everybody."""

from collections.abc import Mapping
from contextlib import suppress

from ccci.deployers import App
from ccci.errors import CcciError
from ccci.host.secret_values import secret_values
from ccci.names import ABRA_SH, ENV_SAMPLE
from ccci.recipe import abra_script, dotenv, files


def masks_of(app: App, values: Mapping[str, str]) -> tuple[str, ...]:
    """Return the secret ones among the values that an app's compose files may refer to.

    What `.env.sample` and `abra.sh` of the checkout hold is public, and so is what is part of the
    names that a report has to say. Nothing is raised: a file that cannot be read makes nothing
    public.
    """
    return secret_values(values, _shown(app), (app.recipe, app.stack, app.domain))


def _shown(app: App) -> frozenset[str]:
    found: set[str] = set()
    with suppress(CcciError):
        script = files.settings(app.checkout, ABRA_SH) or ""
        found |= set(abra_script.exports(script)[0].values())
    with suppress(CcciError):
        sample = files.settings(app.checkout, ENV_SAMPLE) or ""
        found |= set(dotenv.values(dotenv.read(sample)).values())
    return frozenset(found)
