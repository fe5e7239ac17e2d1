"""`ccci upgrade`: a release deployed, then a commit on top of it, and the truth about both."""

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Annotated

import typer

from ccci import config, options
from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.output import Output
from ccci.report import Report

if TYPE_CHECKING:
    from ccci.checkout import Checkout
    from ccci.deployers import App
    from ccci.steps.base import Base
    from ccci.steps.dryrun import Part
    from ccci.steps.site import Choices, Site
    from ccci.steps.stage import Judged


@dataclass(frozen=True, slots=True)
class Request:
    """An upgrade as asked for."""

    recipe: str
    head: str
    choices: "Choices"
    base: str = "auto"
    allow_same: bool = False
    keep: bool = False
    upgrade_env: dict[str, str] = field(default_factory=dict)
    rehearse: bool = False


def repeated(request: Request, times: int, output: Output) -> Report:
    """Do the whole upgrade so many times; return the worst run's report and what became of all."""
    from ccci.repetition import together

    if times < 1:
        raise UsageError(f"--repeat {times} is no number of runs", "give 1 or more")
    reports: list[Report] = []
    for number in range(1, times + 1):
        if times > 1:
            output.progress(f"run {number} of {times}")
        reports.append(upgrade(request, output))
        # What stopped this one would stop the next one as well.
        if reports[-1].verdict in {Verdict.INTERRUPTED, Verdict.UNABLE}:
            break
    return together(reports) if times > 1 else reports[0]


def upgrade(request: Request, output: Output) -> Report:
    """Deploy the base, then the head on top of it, and judge both; then remove both.

    Raise UsageError for what the command line alone tells wrong; every other ending is a report.
    """
    from ccci.steps import site
    from ccci.steps.recorded import record

    _check(request)
    source = site.check(request.recipe, request.choices)
    return record(
        "upgrade", source, request.choices, output, lambda place: _upgraded(request, place)
    )


def planned(request: Request) -> Report:
    """Return what would be deployed; raises what an upgrade would raise before it is done."""
    from ccci import checkout as checkouts
    from ccci.steps import base as bases
    from ccci.steps import dryrun
    from ccci.steps.version import version_at

    def parts(clone: "Checkout", app: "App") -> list["Part"]:
        head = checkouts.resolve(clone, request.head)
        chosen = request.choices
        own = version_at(clone, app, head, chosen.env, chosen.app_service)
        base = bases.choose(clone, head, request.base, own, allow_same=request.allow_same)
        return [
            dryrun.Part("base", base.commit, base.version),
            dryrun.Part("head", head, None, request.upgrade_env),
        ]

    _check(request)
    return dryrun.planned("upgrade", request.recipe, request.choices, parts)


def _check(request: Request) -> None:
    from ccci.refs import check_ref

    check_ref(request.head)
    if request.base != "auto":
        check_ref(request.base)


def _upgraded(request: Request, place: "Site") -> Report:
    from ccci import checkout as checkouts
    from ccci.steps import base as bases
    from ccci.steps import site, teardown
    from ccci.steps.version import version_at

    with place.steps.step("head") as progress:
        head = checkouts.resolve(place.checkout, request.head)
        progress.say(f"{request.head} is {head}")
    app = place.app(head)
    with site.locked(place, app) as held:
        with place.steps.step("base") as progress:
            there = bases.deployed(place.engine.services(app.stack), app.stack)
            base = there or bases.choose(
                place.checkout,
                head,
                request.base,
                version_at(place.checkout, app, head, place.choices.env, place.choices.app_service),
                allow_same=request.allow_same,
            )
            bases.refuse_same(base, head, allow_same=request.allow_same)
            progress.say(f"{base}, commit {base.commit or 'unknown'}")
        stays = request.keep or there is not None
        with teardown.afterwards(place, app, held, stays=stays) as ending:
            report = _on_the_swarm(request, place, app, base, head, upgrade_only=there is not None)
        return ending.told(report)


def _on_the_swarm(
    request: Request, place: "Site", app: "App", base: "Base", head: str, *, upgrade_only: bool
) -> Report:
    from ccci.deployers import Revision
    from ccci.steps import app as apps
    from ccci.steps import site, stage

    recorded: dict[str, str] = {}
    if upgrade_only:
        place.steps.skip("base deploy", f"{app.domain} is deployed already")
        site.adopt(place, app)
        apps.edit(app, place.choices.env)
    else:
        first = Revision(
            base.commit, base.version, chaos=place.chaos(base.version), overlay=place.overlay
        )
        try:
            stage.check_out(place, first, stage.BASE)
            apps.create(place.deployer, app, first, place.choices.env)
            judged = stage.deploy(place, app, first, stage.BASE, {})
        except CcciError as error:
            if error.verdict is not Verdict.DEPLOY_FAILED:
                raise
            return _base_broken(base, head, error.message, error.hint)
        if not judged.verdict.passed:
            return _base_failed(base, head, judged)
        recorded = dict(judged.specs)
    second = Revision(head, None, chaos=True, overlay=place.overlay)
    stage.check_out(place, second, stage.HEAD)
    lacking = apps.lacking(app)
    apps.edit(app, request.upgrade_env)
    judged = stage.deploy(place, app, second, stage.HEAD, recorded)
    if request.rehearse and judged.verdict.passed:
        judged = stage.rehearsed(place, app, judged)
    return _judged(base, head, judged, (str(lacking),) if lacking else ())


def _base_broken(base: "Base", head: str, reason: str, hint: str) -> Report:
    return Report(
        "upgrade",
        Verdict.BASE_BROKEN,
        f"the base {base} did not come up, so the head {head[:8]} was not tested: {reason}",
        hint=hint or "give another --base, or mend the release",
    )


def _base_failed(base: "Base", head: str, judged: "Judged") -> Report:
    if judged.verdict in {Verdict.INTERRUPTED, Verdict.UNABLE}:
        report = _judged(base, head, judged, ())
        return replace(report, summary=f"while the base {base} came up: {judged.summary}")
    broken = _base_broken(base, head, judged.summary, judged.hint)
    report = _judged(base, head, judged, ())
    return replace(
        report,
        verdict=broken.verdict,
        summary=broken.summary,
        hint=broken.hint,
        exit_code_override=None,
        extra={**report.extra, "base_verdict": judged.verdict.value},
    )


def _judged(base: "Base", head: str, judged: "Judged", notes: tuple[str, ...]) -> Report:
    report = judged.report(f"{head[:8]} runs, upgraded from {base}")
    return replace(
        report,
        command="upgrade",
        notes=(*notes, *report.notes),
        extra={
            **report.extra,
            "head": head,
            "base": {"version": base.version, "commit": base.commit},
        },
    )


def command(
    ctx: typer.Context,
    recipe: options.Recipe,
    head: Annotated[
        str,
        typer.Option(
            envvar=config.variables("HEAD"), help="The commit under test: a commit, branch or tag."
        ),
    ],
    base: Annotated[
        str,
        typer.Option(
            envvar=config.variables("BASE"),
            help="What to upgrade from; auto: the newest release before the head.",
        ),
    ] = "auto",
    source: options.Source = None,
    upstream: options.Upstream = None,
    domain: options.Domain = None,
    server: options.Server = "default",
    deployer: options.DeployerName = "auto",
    app_service: options.AppService = None,
    env: options.Env = None,
    upgrade_env: Annotated[
        list[str] | None,
        typer.Option(help="KEY=value for the head only; may be given again."),
    ] = None,
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
    allow_same: Annotated[
        bool,
        typer.Option(
            "--allow-same",
            envvar=config.variables("ALLOW_SAME"),
            help="Let base and head be one commit.",
        ),
    ] = False,
    repeat: Annotated[
        int,
        typer.Option(
            envvar=config.variables("REPEAT"),
            help="Do it all so many times, and say how often it failed, and of what.",
        ),
    ] = 1,
    rehearse_rollback: Annotated[
        bool,
        typer.Option(
            "--rehearse-rollback",
            envvar=config.variables("REHEARSE_ROLLBACK"),
            help="After a green head: does the policy really roll back a revision that is bad?",
        ),
    ] = False,
    keep: Annotated[
        bool, typer.Option("--keep", envvar=config.variables("KEEP"), help="Tear nothing down.")
    ] = False,
    dry_run: options.DryRun = False,
) -> int:
    """Deploy a release of RECIPE, upgrade it to --head, and say whether that commit runs.

    Both are removed afterwards. A base that does not come up is never the head's fault (exit 17).
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
    asked = Request(
        recipe,
        head,
        choices,
        base=base,
        allow_same=allow_same,
        keep=keep,
        upgrade_env=assignments(config.values("UPGRADE_ENV", upgrade_env), "--upgrade-env"),
        rehearse=rehearse_rollback,
    )
    found: Output = ctx.obj
    if dry_run:
        plan = planned(asked)
        found.text(dryrun.tell(plan))
        return found.report(plan)
    return found.report(repeated(asked, repeat, found))
