"""The options that `deploy` and `upgrade` share, written once."""

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

from ccci import settings
from ccci.commandline.declared import Completes, Panel
from ccci.commands import options
from ccci.commands.options import Context, argument, many, option
from ccci.host.durations import seconds
from ccci.names import OVERLAY
from ccci.terminal import story
from ccci.terminal.output import Output

# What reads recipes is imported where one is: a plan of a COMMAND starts without.
if TYPE_CHECKING:
    from ccci.actions.parts import Parts
    from ccci.steps.workspace import Choices

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
            words=("auto", "abra", "stack"),
        ),
    ] = "auto"
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

    @property
    def of_recipe(self) -> "Choices":
        """Return what the steps take of it. Raise UsageError for what cannot be meant."""
        from ccci.steps.app import assignments
        from ccci.steps.given_secrets import read_given
        from ccci.steps.workspace import Choices

        return Choices(
            source=self.source,
            upstream=self.upstream,
            domain=self.domain,
            server=self.server,
            deployer=self.deployer,
            app_service=self.app_service,
            resolve_image=self.resolve_image,
            env=assignments(self.env or (), "--env"),
            secrets=read_given(self.secret or ()),
            overlay=self.overlay,
            overlays=self.overlays,
            prune=self.prune,
            refuse_host_paths=self.refuse_host_paths,
            allow_host_paths=tuple(self.allow_host_path or ()),
        )


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

    @property
    def choices(self) -> "Choices":
        """Return what the steps take. Raise UsageError for what cannot be meant."""
        from ccci.steps.follow import Options

        return replace(
            self.of_recipe,
            pull=not self.no_pull,
            health_path=self.health_path,
            health_status=self.health_status,
            health_service=self.health_service,
            options=Options(
                timeout=seconds(self.timeout, "--timeout"),
                soak=seconds(self.soak, "--soak"),
                sample=not self.no_sample,
            ),
            lock_timeout=seconds(self.lock_timeout, "--lock-timeout") or 0.0,
            output_folder=self.output,
        )


def chosen(ctx: Context, shared: Shared) -> "Choices":
    """Return what the steps take, with which options the user gave, by a word or a variable."""
    fixed = {name for name in settings.JUDGED if name.replace("-", "_") in ctx.said}
    return replace(shared.choices, fixed=frozenset(fixed))


def show_dry_run(
    command: str, recipe: str, choices: "Choices", parts: "Parts", output: Output
) -> int:
    """Print what a verb would deploy, and what a swarm makes of it; return the exit code."""
    from ccci.actions.dry_run import tell
    from ccci.actions.plan_recipe import dry_run
    from ccci.planning import text

    found = dry_run(command, recipe, choices, parts, output)
    output.text(*tell(found.report))
    for plan in found.plans:
        story.tell_rows(text.rows(plan), output)
    return story.tell(found.report, output)
