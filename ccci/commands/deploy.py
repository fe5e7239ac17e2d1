"""`ccci deploy`: a release or a commit put on the swarm, judged, and left there."""

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Annotated

import typer

from ccci import config, options
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report

if TYPE_CHECKING:
    from ccci.checkout import Checkout
    from ccci.deployers import App
    from ccci.steps.dryrun import Part
    from ccci.steps.site import Choices, Site


@dataclass(frozen=True, slots=True)
class Request:
    """A deploy as asked for: a released tag, or any ref, or neither."""

    recipe: str
    choices: "Choices"
    tag: str | None = None
    head: str | None = None
    remove: bool = False


@dataclass(frozen=True, slots=True)
class Chosen:
    """What is deployed: a full commit, and the release where it is one."""

    commit: str
    version: str | None

    def __str__(self) -> str:
        """Return it as people name it."""
        return self.version or self.commit[:8]


def deploy(request: Request, output: Output) -> Report:
    """Deploy a recipe and judge it; the app stays, unless it is to be removed.

    Raise UsageError for what the command line alone tells wrong; every other ending is a report.
    """
    from ccci.steps import site
    from ccci.steps.recorded import record

    _check(request)
    source = site.check(request.recipe, request.choices)
    return record(
        "deploy", source, request.choices, output, lambda place: _deployed(request, place)
    )


def planned(request: Request) -> Report:
    """Return what would be deployed; raises what a deploy would raise before it is done."""
    from ccci.steps import dryrun

    _check(request)

    def parts(clone: "Checkout", app: "App") -> list["Part"]:  # noqa: ARG001
        chosen = choose(clone, request.tag, request.head)
        return [dryrun.Part("deploy", chosen.commit, chosen.version)]

    return dryrun.planned("deploy", request.recipe, request.choices, parts)


def _check(request: Request) -> None:
    from ccci.refs import check_ref

    if request.tag is not None and request.head is not None:
        raise UsageError("--tag and --head are two different things to deploy", "give one of them")
    for ref in (request.tag, request.head):
        if ref is not None:
            check_ref(ref)


def choose(checkout: "Checkout", tag: str | None, head: str | None) -> Chosen:
    """Return what was asked for: without either, the newest release, else the source's HEAD.

    Raise CheckoutFailed where it cannot be found.
    """
    from ccci import checkout as checkouts
    from ccci.errors import CheckoutFailed
    from ccci.refs import hide_password

    if tag is not None:
        version = checkouts.tag_of(checkout, tag)
        if version is None:
            raise CheckoutFailed(
                f"{tag!r} is no released tag of {hide_password(checkout.source)}",
                "a release is a tag such as 1.0.0+2.3.4; --head takes any other ref",
            )
        return Chosen(checkouts.resolve(checkout, f"refs/tags/{version}"), version)
    if head is not None:
        return Chosen(checkouts.resolve(checkout, head), None)
    released = checkouts.releases(checkout)
    if released:
        newest = next(iter(released))
        return Chosen(released[newest], newest.tag)
    return Chosen(checkouts.resolve(checkout, "HEAD"), None)


def _deployed(request: Request, place: "Site") -> Report:
    from ccci.deployers import Revision
    from ccci.steps import app as apps
    from ccci.steps import site, stage, teardown

    with place.steps.step("revision") as progress:
        chosen = choose(place.checkout, request.tag, request.head)
        progress.say(f"{chosen}, commit {chosen.commit}")
    revision = Revision(
        chosen.commit,
        chosen.version,
        chaos=place.chaos(chosen.version),
        overlay=place.overlay,
    )
    app = place.app(chosen.commit)
    with site.locked(place, app) as held:
        there_already = bool(place.engine.services(app.stack))
        with teardown.afterwards(place, app, held, stays=there_already) as ending:
            stage.check_out(place, revision, stage.HEAD)
            if there_already:
                site.adopt(place, app)
                apps.edit(app, place.choices.env)
            else:
                apps.create(place.deployer, app, revision, place.choices.env)
            judged = stage.deploy(place, app, revision, stage.HEAD, {})
            # What was cut short, and what never came so far as to be judged, does not stay.
            reached = judged.verdict is not Verdict.INTERRUPTED
            ending.stays = (there_already or reached) and not request.remove
        report = judged.report(f"{chosen} runs as {app.domain}")
        extra = {**report.extra, "head": chosen.commit, "version": chosen.version}
        return ending.told(replace(report, command="deploy", extra=extra))


def given(ctx: typer.Context, name: str) -> bool:
    """Say whether an option was given on the command line itself."""
    source = ctx.get_parameter_source(name)
    return source is not None and source.name == "COMMANDLINE"


def command(
    ctx: typer.Context,
    recipe: options.Recipe,
    tag: Annotated[
        str | None,
        typer.Option(envvar=config.variables("TAG"), help="The release to deploy, pinned."),
    ] = None,
    head: Annotated[
        str | None,
        typer.Option(
            envvar=config.variables("HEAD"),
            help="A commit, branch or tag to deploy as chaos (default: the newest release).",
        ),
    ] = None,
    source: options.Source = None,
    upstream: options.Upstream = None,
    domain: options.Domain = None,
    server: options.Server = "default",
    deployer: options.DeployerName = "auto",
    app_service: options.AppService = None,
    env: options.Env = None,
    overlay: options.Overlay = None,
    overlays: options.Overlays = None,
    health_path: options.HealthPath = None,
    health_status: options.HealthStatus = "",
    timeout: options.Timeout = None,
    soak: options.Soak = None,
    resolve_image: options.ResolveImage = "always",
    lock_timeout: options.LockTimeout = "15m",
    output: options.OutputFolder = None,
    no_pull: options.NoPull = False,
    prune: options.Prune = False,
    teardown: Annotated[
        bool,
        typer.Option(
            "--teardown", envvar=config.variables("TEARDOWN"), help="Remove it after the verdict."
        ),
    ] = False,
    dry_run: options.DryRun = False,
) -> int:
    """Deploy RECIPE and say whether what was asked for runs. The app stays.

    Without --tag or --head: the newest release, else the repository's HEAD.
    """
    from ccci.steps import dryrun
    from ccci.steps.app import assignments
    from ccci.steps.site import Choices

    choices = Choices(
        source=source,
        upstream=upstream,
        domain=domain,
        server=server,
        deployer=deployer,
        app_service=app_service,
        resolve_image=resolve_image,
        env=assignments(config.values("ENV", env), "--env"),
        overlay=overlay,
        overlays=overlays,
        pull=not no_pull,
        prune=prune,
        health_path=health_path,
        health_status=health_status,
        options=options.durations(timeout, soak),
        lock_timeout=options.patience(lock_timeout),
        output_folder=output,
    )
    if tag is not None and not given(ctx, "head"):
        head = None  # the CI's own commit: the tag was asked for
    asked = Request(recipe, choices, tag, head, remove=teardown)
    found: Output = ctx.obj
    if dry_run:
        plan = planned(asked)
        found.text(dryrun.tell(plan))
        return found.report(plan)
    return found.report(deploy(asked, found))
