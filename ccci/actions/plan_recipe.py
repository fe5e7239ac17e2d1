"""To plan a recipe: its deployer's own deploy, speaking to a recording Engine.

It is the deploy itself up to COMMAND's end: the same checkout, `.env`, secrets and checks, through
an Engine that lets nothing be written. No lock is taken and no run recorded.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any

from ccci import settings
from ccci.actions import dry_run as read_alone
from ccci.actions.parts import Part, Parts
from ccci.deployers import App, Revision
from ccci.errors import BaseBroken, DeployRefused, EngineUnavailable, UsageError
from ccci.exits import Verdict
from ccci.host import temporary
from ccci.host.cleanup import ensured
from ccci.host.files import PRIVATE
from ccci.host.masking import mask
from ccci.planning.model import Plan, PlannedRevision, document
from ccci.recipe.base import Base
from ccci.recipe.source import Source
from ccci.records import runs
from ccci.report.model import Report
from ccci.steps import Steps, recorder
from ccci.steps.app import create_app, edit_env, take_over
from ccci.steps.before import early
from ccci.steps.before.early import Pair
from ccci.steps.before.preparation import BASE, check_out, prepare
from ccci.steps.deployed import deployed_base
from ccci.steps.recorder import Command, Recorder
from ccci.steps.revision import dropped
from ccci.steps.workspace import Choices, Workspace, env_left, find_recipe, opened
from ccci.swarm.engine.client import Engine
from ccci.terminal.output import Output


@dataclass(frozen=True, slots=True)
class Planned:
    """One deploy of a recipe: what it is for, its full commit, what the swarm would make of it."""

    name: str
    commit: str
    plan: Plan


def planned(
    recipe: str,
    choices: Choices,
    parts: Parts,
    output: Output,
    *,
    timeout: float = recorder.DEPLOY_PATIENCE,
    finds_app: bool = False,
) -> tuple[Planned, ...]:
    """Return the plan of each deploy, a later one on top of those before it.

    With `finds_app` and without a domain it is the app that a recorded run left of this recipe,
    where one is deployed; `recipe` may then be its domain or stack, too. `timeout` is how many
    seconds the deployer's command may take. Raise what a deploy would
    raise before it is done, EngineUnavailable where there is no swarm.
    """
    with Engine.connect() as engine:
        engine.require_manager()
        if finds_app:
            recipe, choices = _of_app(engine, recipe, choices)
        source = find_recipe(recipe, choices)
        if finds_app and choices.domain is None:
            choices = replace(choices, domain=_left(engine, source.recipe))
        with (
            recorder.over(engine) as recording,
            _workspace(source, choices, recording, output) as workspace,
        ):
            return tuple(_each(workspace, recording, parts, timeout))


def _of_app(engine: Engine, target: str, choices: Choices) -> tuple[str, Choices]:
    """Return the recipe that is meant and, where an app is named, its domain with the choices."""
    record = runs.find(settings.runs_folder(), target)
    if record is None or not record.recipe or target not in {record.domain, record.stack}:
        return target, choices
    if choices.domain not in {None, record.domain}:
        raise UsageError(f"{target} and --domain {choices.domain} are two apps", "give one of them")
    if not record.stack or not engine.services(record.stack):
        raise UsageError(f"{target} is not deployed", "give the recipe, and --domain for a new app")
    return record.recipe, replace(choices, domain=record.domain)


def _left(engine: Engine, recipe: str) -> str | None:
    """Return the domain of the newest app of a recipe that a run left and that is still there."""
    known = runs.recent(settings.runs_folder(), target=recipe)
    kept = (each for each in known if each.keep and each.recipe == recipe and not each.gone)
    return next((each.domain for each in kept if each.stack and engine.services(each.stack)), None)


@dataclass(frozen=True, slots=True)
class Told:
    """A dry run: its report, and the plans, where there was a swarm to ask."""

    report: Report
    plans: tuple[Plan, ...] = ()


def dry_run(command: str, recipe: str, choices: Choices, parts: Parts, output: Output) -> Told:
    """Return what a verb would deploy, by the files alone, with the plan where a swarm is at hand.

    Raise what the verb would raise before anything is done.
    """
    report = read_alone.planned(command, recipe, choices, parts)
    if report.verdict is not Verdict.DONE:
        return Told(report)
    try:
        found = planned(recipe, choices, parts, output)
    except (EngineUnavailable, OtherEngineError) as error:
        note = f"no swarm was asked what it would make of it: {error.message}"
        return Told(report.noting(note))
    # By name: base and head may be one commit.
    plans = {each.name: each.plan for each in found}
    told = (replace(each, plan=_told(plans.get(each.name))) for each in report.dry_run or ())
    last = found[-1].plan
    notes = (*report.notes, *(note for each in found for note in each.plan.notes))
    worse = last if last.verdict is not Verdict.DONE else report
    report = replace(
        report,
        verdict=worse.verdict,
        summary=worse.summary,
        hint=worse.hint,
        deployer=last.revision.deployer if last.revision is not None else report.deployer,
        dry_run=tuple(told),
        notes=tuple(dict.fromkeys(notes)),
    )
    return Told(report, tuple(replace(each.plan, base=None) for each in found))


def _told(plan: Plan | None) -> Mapping[str, Any] | None:
    return document(plan) if plan is not None else None


class OtherEngineError(UsageError):
    """What deploys would go by another Engine than the recording one."""


@contextmanager
def _workspace(
    source: Source, choices: Choices, recording: Recorder, output: Output
) -> Iterator[Workspace]:
    """Give a workspace on the recording Engine, whose run is forgotten at the end."""
    quiet = replace(output, verbosity=output.verbosity - 1)
    # Images are looked for, and none is pulled: that would be a write.
    choices = replace(choices, pull=choices.resolve_image == "never")

    def connect() -> Engine:
        return Engine.connect(environ={"DOCKER_HOST": recording.host})

    with temporary.folder("plan") as folder:
        run = runs.begin(folder, "plan", source.recipe, recipe=source.recipe)
        with (
            ensured(run.drop),
            opened(
                run, source, choices, Steps(quiet), quiet, connect=connect, apart=True
            ) as workspace,
        ):
            if workspace.deployer.name == "abra" and choices.server != "default":
                raise OtherEngineError(
                    f"abra reaches its server {choices.server} by an Engine of its own",
                    "plan with `--deployer stack`, or for the server default",
                )
            yield workspace


def _each(
    workspace: Workspace, recording: Recorder, parts: Parts, timeout: float
) -> Iterator[Planned]:
    undecided = read_alone.undecided(workspace.source.recipe, workspace.choices, workspace.abra_dir)
    chosen = parts(workspace.checkout, undecided)
    app = workspace.app(chosen[-1].commit)
    there = deployed_base(recording.engine.services(app.stack))
    before = there or Base(chosen[0].commit, chosen[0].version)
    if there is not None:
        # What is deployed is what an upgrade starts from.
        chosen = chosen[-1:]
        app.env_file.parent.mkdir(parents=True, exist_ok=True)
        app.env_file.write_bytes(env_left(workspace, app).read_bytes())
        app.env_file.chmod(PRIVATE)
        edit_env(app, workspace.choices.env)
    if there is not None or len(chosen) > 1:
        older, newer = (
            workspace.revision(each.commit, each.version) for each in (before, chosen[-1])
        )
        early.note_slips(workspace, Pair(older, newer, chosen[-1].ref or newer.commit))
    base: Plan | None = None
    for number, part in enumerate(chosen):
        if number:
            recording.begin()
        found = _one(workspace, recording, app, part, timeout, adopted=there is not None)
        plan = replace(found.plan, base=base)
        fails = plan.verdict.exit_code != 0
        if fails and part.name == BASE:
            said = f"the base {part.version or part.commit[:8]}: {plan.summary}"
            plan = replace(plan, verdict=Verdict.BASE_BROKEN, summary=said)
        yield replace(found, plan=plan)
        if fails:
            return
        base = plan


def _one(
    workspace: Workspace,
    recording: Recorder,
    app: App,
    part: Part,
    timeout: float,
    *,
    adopted: bool,
) -> Planned:
    revision = workspace.revision(part.commit, part.version)
    try:
        return _deployed(workspace, recording, app, part, revision, timeout, adopted=adopted)
    except DeployRefused as error:
        if part.name != BASE:
            raise
        raise BaseBroken(
            f"the base {part.version or part.commit[:8]}: {error.message}", error.hint
        ) from error


def _deployed(
    workspace: Workspace,
    recording: Recorder,
    app: App,
    part: Part,
    revision: Revision,
    timeout: float,
    *,
    adopted: bool,
) -> Planned:
    check_out(workspace, revision, part.name)
    if not app.env_file.exists():
        create_app(workspace.deployer, app, revision, workspace.choices.env)
    said = take_over(
        app,
        part.env,
        from_sample=part.from_sample,
        given=workspace.choices.env,
        adopted=adopted,
    )
    ready = prepare(workspace, app, revision, part.name)
    deployment = ready.deployment
    output: list[str] = []

    def taken(line: str) -> None:
        output.append(line)
        workspace.output.detail(line)

    asked = recording.run(
        Command(
            deployment.argv,
            deployment.env,
            taken,
            timeout,
            cwd=deployment.cwd,
            terminal=deployment.terminal,
        )
    )
    if asked.code and workspace.deployer.excuses(asked.code, "\n".join(output)):
        asked = replace(asked, code=0)
    if workspace.choices.prune:
        said += dropped(workspace, app, ready.plan.stack)
        asked = replace(asked, writes=tuple(recording.writes))
    plan, secrets = recording.plan(app.stack, asked, deployment.masks)
    workspace.output.keep_secret(secrets)
    notes = tuple(dict.fromkeys((*said, *workspace.run.trouble, *deployment.notes)))
    workspace.run.trouble.clear()
    revised = PlannedRevision(
        app.recipe, app.domain, part.commit, part.version, workspace.deployer.name
    )
    plan = replace(plan, revision=revised, notes=(*plan.notes, *notes))
    return mask(Planned(part.name, part.commit, plan), {*secrets, *deployment.masks})
