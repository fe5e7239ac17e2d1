"""The options that `deploy` and `upgrade` share, written once."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import Context, argument, many, option
from ccci.names import AUTO, OVERLAY

Recipe = Annotated[
    str,
    argument(
        "RECIPE",
        "A recipe's name, or the path or URL of its repository.",
        variable="RECIPE",
        completes=Completes.RECIPES,
    ),
]
DryRun = Annotated[
    bool,
    option(
        "DRY_RUN",
        "Say what would be deployed, and deploy nothing; needs no Engine.",
        "--dry-run",
        panel=Panel.OUTPUT,
        short=True,
    ),
]


UpgradeEnv = Annotated[
    list[str] | None,
    many(
        "UPGRADE_ENV",
        "A variable for the head only.",
        panel=Panel.SETTINGS,
        metavar="KEY=VALUE",
    ),
]


def head_meant(ctx: Context, head: str | None, tag: str | None) -> str | None:
    """Return the head; where a tag was asked for it is not the CI's own commit."""
    return None if tag is not None and "head" not in ctx.given else head


@dataclass(frozen=True, slots=True, kw_only=True)
class Deployed:
    """What is deployed of a recipe, as which app, and by what: `plan`, `deploy` and `upgrade`."""

    source: Annotated[
        str | None,
        options.repository(
            "SOURCE",
            "The repository to take it from.",
        ),
    ] = None
    upstream: Annotated[
        str | None,
        options.repository(
            "UPSTREAM",
            "Where a fork's release tags come from.",
        ),
    ] = None
    domain: Annotated[
        str | None,
        option(
            "DOMAIN",
            "The app's domain (default: a short one of the run's own).",
            panel=Panel.WHERE,
            metavar="DOMAIN",
        ),
    ] = None
    server: Annotated[
        str, option("SERVER", "abra's server.", panel=Panel.WHERE, metavar="SERVER")
    ] = "default"
    deployer: Annotated[
        str,
        option(
            "DEPLOYER",
            "What deploys; auto is abra where there is one.",
            panel=Panel.WHERE,
            words=(AUTO, "abra", "stack"),
        ),
    ] = AUTO
    app_service: Annotated[
        str | None,
        options.service(
            "APP_SERVICE",
            "The service that carries the labels, where none is named app.",
        ),
    ] = None
    env: Annotated[
        list[str] | None,
        many(
            "ENV",
            "A variable for the app's .env.",
            panel=Panel.SETTINGS,
            metavar="KEY=VALUE",
            short=True,
        ),
    ] = None
    secret: Annotated[
        list[str] | None,
        many(
            "SECRET",
            "A secret that a person provides, as the recipe names it; - is standard input.",
            panel=Panel.SETTINGS,
            metavar="NAME=FILE",
        ),
    ] = None
    overlay: Annotated[
        Path | None,
        option(
            "OVERLAY",
            "A compose file that goes on top of the recipe's.",
            panel=Panel.SETTINGS,
        ),
    ] = None
    overlays: Annotated[
        Path | None,
        option(
            "OVERLAYS",
            f"A folder that holds RECIPE/{OVERLAY}.",
            panel=Panel.SETTINGS,
            metavar="FOLDER",
        ),
    ] = None
    resolve_image: Annotated[
        str,
        option(
            "RESOLVE_IMAGE",
            "always: ask the registry, as abra does; never: images that the nodes have.",
            panel=Panel.WHERE,
            words=("always", "changed", "never"),
        ),
    ] = "always"
    prune: Annotated[
        bool,
        option("PRUNE", "Remove services that were dropped.", "--prune", panel=Panel.CLEANING),
    ] = False
    refuse_host_paths: Annotated[
        bool,
        option(
            "REFUSE_HOST_PATHS",
            "Refuse what mounts paths of the host or reaches what is not its own.",
            "--refuse-host-paths",
            panel=Panel.WHERE,
        ),
    ] = False
    allow_host_path: Annotated[
        list[str] | None,
        many(
            "ALLOW_HOST_PATH",
            "What --refuse-host-paths lets through: a path and all below it.",
            panel=Panel.WHERE,
            metavar="PATH",
        ),
    ] = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared(Deployed):
    """What `deploy` and `upgrade` share: that, and how it is followed."""

    health_path: Annotated[
        str | None,
        option(
            "HEALTH_PATH",
            "A path that has to answer, such as /status.",
            panel=Panel.JUDGING,
            metavar="PATH",
            short=True,
        ),
    ] = None
    health_status: Annotated[
        str,
        option(
            "HEALTH_STATUS",
            "The answers that are fine: 200,302.",
            panel=Panel.JUDGING,
            metavar="CODES",
        ),
    ] = ""
    health_service: Annotated[
        str | None,
        options.service(
            "HEALTH_SERVICE",
            "The service to ask (default: the one that traefik's labels or a port name).",
            panel=Panel.JUDGING,
        ),
    ] = None
    timeout: Annotated[
        str | None,
        options.duration(
            "TIMEOUT",
            "The deadline of each rollout, such as 90s or 20m (default: from the recipe).",
            short=True,
        ),
    ] = None
    soak: Annotated[
        str | None,
        option("SOAK", "How long it has to stay up.", panel=Panel.JUDGING, metavar="DURATION"),
    ] = None
    lock_timeout: Annotated[
        str,
        options.lock_timeout(Panel.JUDGING),
    ] = options.LOCK_TIMEOUT
    output: Annotated[
        Path | None,
        option(
            "OUTPUT",
            "A folder for the run's files.",
            panel=Panel.OUTPUT,
            metavar="FOLDER",
        ),
    ] = None
    no_sample: options.NoSample = False
    no_pull: Annotated[
        bool, option("NO_PULL", "Pull no image.", "--no-pull", panel=Panel.WHERE)
    ] = False
