"""What the options of a recipe ask the steps for."""

from dataclasses import replace

from ccci import settings
from ccci.commands.options import Context
from ccci.commands.shared import Deployed, Shared
from ccci.host.durations import seconds
from ccci.steps.app import assignments
from ccci.steps.follow import Options
from ccci.steps.given_secrets import read_given
from ccci.steps.workspace import Choices


def of_recipe(given: Deployed) -> Choices:
    """Return what the steps take of it. Raise UsageError for what cannot be meant."""
    return Choices(
        source=given.source,
        upstream=given.upstream,
        domain=given.domain,
        server=given.server,
        deployer=given.deployer,
        app_service=given.app_service,
        resolve_image=given.resolve_image,
        env=assignments(given.env or (), "--env"),
        secrets=read_given(given.secret or ()),
        overlay=given.overlay,
        overlays=given.overlays,
        prune=given.prune,
        refuse_host_paths=given.refuse_host_paths,
        allow_host_paths=tuple(given.allow_host_path or ()),
    )


def chosen(ctx: Context, shared: Shared) -> Choices:
    """Return what the steps take, with which options the user gave, by a word or a variable.

    Raise UsageError for what cannot be meant.
    """
    fixed = {name for name in settings.JUDGED if name.replace("-", "_") in ctx.said}
    return replace(
        of_recipe(shared),
        fixed=frozenset(fixed),
        pull=not shared.no_pull,
        health_path=shared.health_path,
        health_status=shared.health_status,
        health_service=shared.health_service,
        options=Options(
            timeout=seconds(shared.timeout, "--timeout"),
            soak=seconds(shared.soak, "--soak"),
            sample=not shared.no_sample,
        ),
        lock_timeout=seconds(shared.lock_timeout, "--lock-timeout") or 0.0,
        output_folder=shared.output,
    )
