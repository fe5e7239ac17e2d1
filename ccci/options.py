"""The options that `deploy` and `upgrade` share, written once."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from ccci import config

if TYPE_CHECKING:
    from ccci.convergence import Options

Recipe = Annotated[
    str,
    typer.Argument(
        envvar=config.variables("RECIPE"), help="A name, or the path or URL of a repository."
    ),
]
Source = Annotated[
    str | None,
    typer.Option(envvar=config.variables("SOURCE"), help="The repository to take it from."),
]
Upstream = Annotated[
    str | None,
    typer.Option(
        envvar=config.variables("UPSTREAM"), help="Where a fork's release tags come from."
    ),
]
Domain = Annotated[
    str | None,
    typer.Option(
        envvar=config.variables("DOMAIN"),
        help="The app's domain (default: a short one of the run's own).",
    ),
]
Server = Annotated[str, typer.Option(envvar=config.variables("SERVER"), help="abra's server.")]
DeployerName = Annotated[
    str,
    typer.Option("--deployer", envvar=config.variables("DEPLOYER"), help="auto, abra or stack."),
]
AppService = Annotated[
    str | None,
    typer.Option(
        envvar=config.variables("APP_SERVICE"),
        help="The service that carries the labels, where none is named app.",
    ),
]
Env = Annotated[
    list[str] | None, typer.Option(help="KEY=value for the app's .env; may be given again.")
]
Overlay = Annotated[
    Path | None,
    typer.Option(
        envvar=config.variables("OVERLAY"), help="A compose file that goes on top of the recipe's."
    ),
]
Overlays = Annotated[
    Path | None,
    typer.Option(
        envvar=config.variables("OVERLAYS"), help="A folder that holds RECIPE/compose.ccci.yml."
    ),
]
Timeout = Annotated[
    str | None,
    typer.Option(
        envvar=config.variables("TIMEOUT"),
        help="The deadline of each rollout, such as 90s or 20m (default: from the recipe).",
    ),
]
Soak = Annotated[
    str | None,
    typer.Option(envvar=config.variables("SOAK"), help="How long it has to stay up."),
]
ResolveImage = Annotated[
    str,
    typer.Option(
        envvar=config.variables("RESOLVE_IMAGE"),
        help="always: ask the registry, as abra does; never: images that the nodes have.",
    ),
]
HealthPath = Annotated[
    str | None,
    typer.Option(
        envvar=config.variables("HEALTH_PATH"), help="A path that has to answer, such as /status."
    ),
]
HealthStatus = Annotated[
    str,
    typer.Option(
        envvar=config.variables("HEALTH_STATUS"), help="The answers that are fine: 200,302."
    ),
]
LockTimeout = Annotated[
    str,
    typer.Option(envvar=config.variables("LOCK_TIMEOUT"), help="How long to wait for another run."),
]
OutputFolder = Annotated[
    Path | None,
    typer.Option(
        "--output", envvar=config.variables("OUTPUT"), help="A folder for the run's files."
    ),
]
NoPull = Annotated[
    bool, typer.Option("--no-pull", envvar=config.variables("NO_PULL"), help="Pull no image.")
]
Prune = Annotated[
    bool,
    typer.Option(
        "--prune", envvar=config.variables("PRUNE"), help="Remove services that were dropped."
    ),
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        envvar=config.variables("DRY_RUN"),
        help="Say what would be deployed, and deploy nothing; needs no Engine.",
    ),
]


def durations(timeout: str | None, soak: str | None) -> "Options":
    """Return how a rollout is judged. Raise UsageError for what is no duration."""
    from ccci.convergence import Options
    from ccci.durations import seconds

    return Options(timeout=seconds(timeout, "--timeout"), soak=seconds(soak, "--soak"))


def patience(lock_timeout: str) -> float:
    """Return how many seconds to wait for a lock. Raise UsageError for what is no duration."""
    from ccci.durations import seconds

    return seconds(lock_timeout, "--lock-timeout") or 0.0
