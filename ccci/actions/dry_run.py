"""What would be deployed, and nothing deployed: no Engine is asked, no lock taken."""

from collections.abc import Collection, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from ccci import settings
from ccci.actions.finished import Began
from ccci.actions.parts import Part, Parts
from ccci.deployers import App, Revision, plan, stack, writing
from ccci.deployers.plan import DeployPlan
from ccci.errors import DeployRefused
from ccci.exits import Verdict
from ccci.host import temporary
from ccci.host.masking import mask
from ccci.recipe import checkouts, files, naming, overlays
from ccci.recipe.checkouts import Checkout
from ccci.recipe.history import History
from ccci.recipe.secrets import Modifiers
from ccci.records import runs
from ccci.report.model import Report
from ccci.report.parts import DryRun
from ccci.steps.app import edit_env, take_over
from ccci.steps.before import comparison
from ccci.steps.reach import beyond, claims
from ccci.steps.reach.beyond import Reach
from ccci.steps.workspace import Choices, find_recipe


@dataclass(frozen=True, slots=True)
class _Read:
    """A part as it would be deployed: what it comes to, what is told of it, and notes."""

    plan: DeployPlan
    told: DryRun
    notes: tuple[str, ...]


def planned(command: str, recipe: str, choices: Choices, parts: Parts) -> Report:
    """Fetch the recipe, read each part as it would be deployed, and return that as a report.

    It follows the `stack` deployer, whose conventions are abra's. Of two parts, the second goes on
    top of the first, and they are compared. Raise CcciError for what stops a deploy before it
    reaches an Engine. Whose a volume, secret or network is, only the Engine knows.
    """
    source = find_recipe(recipe, choices)
    found = overlays.find(source.recipe, choices.overlay, choices.overlays)
    began = Began()
    with temporary.folder("dry") as folder:
        abra_dir = folder / "abra"
        clone = checkouts.clone(
            source.location,
            abra_dir / "recipes" / source.recipe,
            folder / runs.JOURNAL,
            choices.upstream,
        )
        chosen = parts(clone, undecided(source.recipe, choices, abra_dir))
        domain = choices.domain or naming.domain_of(source.recipe, chosen[-1].commit)
        app = _app(source.recipe, domain, choices, abra_dir)
        ours = (folder, settings.runs_folder(), settings.locks_folder())
        reached: set[Reach] = set()
        read: list[_Read] = []
        for each in chosen:
            with _named(each, alone=len(chosen) == 1):
                read.append(_part(clone, app, each, choices, found, reached, ours))
        refused, slips = _compared(clone, folder, source.recipe, chosen, read)
    report = Report(
        command,
        Verdict.DONE,
        f"dry run: {' and then '.join(each.told.what for each in read)} would be deployed as "
        f"{app.domain}; nothing was",
        target=app.domain,
        stack=app.stack,
        deployer=choices.deployer,
        notes=(*(note for each in read for note in each.notes), *slips),
        dry_run=tuple(each.told for each in read),
    )
    if refused is not None:
        summary = f"the {chosen[-1]} would be refused: {refused.message}"
        report = replace(report, verdict=refused.verdict, summary=summary, hint=refused.hint)
    return began.finish(report)


def _compared(
    clone: Checkout, folder: Path, recipe: str, parts: Sequence[Part], read: Sequence[_Read]
) -> tuple[DeployRefused | None, tuple[str, ...]]:
    """Return why the second of two parts is sure to be refused, and the slips between them."""
    if len(parts) == 1:
        return None, ()
    ends = [(each.commit, each.version or each.ref) for each in parts]
    with files.refusing("the recipe"):
        commits = comparison.compared(History(clone, folder), recipe, ends[0], ends[1])
    try:
        comparison.refuse(read[0].plan, read[1].plan, commits)
    except DeployRefused as refused:
        return refused, comparison.notes(commits, refused=True)
    return None, comparison.notes(commits)


def undecided(recipe: str, choices: Choices, abra_dir: Path) -> App:
    """Return the app before it is known what of its recipe is deployed, which names its domain."""
    return _app(recipe, choices.domain or f"dry-run.{naming.SUFFIX}", choices, abra_dir)


def _app(recipe: str, domain: str, choices: Choices, abra_dir: Path) -> App:
    return App(recipe, domain, naming.stack_of(domain), abra_dir, choices.server)


@contextmanager
def _named(part: Part, *, alone: bool) -> Iterator[None]:
    """Let a refusal say which of two parts it is about."""
    try:
        yield
    except DeployRefused as error:
        if alone:
            raise
        raise DeployRefused(f"the {part} would be refused: {error.message}", error.hint) from None


def _part(
    clone: Checkout,
    app: App,
    part: Part,
    choices: Choices,
    overlay: overlays.Overlay | None,
    reached: set[Reach],
    ours: Collection[Path],
) -> _Read:
    """Read a part as it would be deployed; what it reaches is added to `reached`."""
    checkouts.switch(clone, part.commit, f"dry run of the {part.name}")
    revision = Revision(
        part.commit,
        part.version,
        chaos=part.version is None,
        overlay=overlay.path if overlay else None,
        beside=overlay.path.parent if overlay else None,
    )
    if not app.env_file.exists():
        stack.new_env(app, revision)
        edit_env(app, choices.env)
    said = take_over(app, part.env, from_sample=part.from_sample, given=choices.env)
    made = plan.make(app, revision, choices.app_service)
    claims.refuse_ours(made.stack, app.stack)
    told = _told(made, writing.write(made.resolved), part, overlay)
    reaches = beyond.as_handed_over(made, ours)
    outside = beyond.judged(reaches, reached, part.name, choices.reachable)
    return _Read(made, *mask((told, (*said, *made.notes, *outside)), made.masks))


def _told(
    made: DeployPlan, paths: Sequence[Path], part: Part, overlay: overlays.Overlay | None
) -> DryRun:
    return DryRun(
        what=part.version or part.commit[:8],
        name=part.name,
        commit=part.commit,
        version=part.version,
        files=tuple(path.name for path in made.stack.files),
        overlay=str(overlay) if overlay else None,
        compose=plan.merged(made, paths) or plan.together(made, paths),
        service=made.carrier,
        labels=dict(made.labels),
        secrets={each.name: _how(each.modifiers) for each in made.secrets},
        configs={name: _last(file) for name, file in made.config_files.items()},
        networks=tuple(made.networks),
        images=dict(made.images),
    )


def _how(modifiers: Modifiers) -> str:
    if not modifiers.generate:
        return "a person has to provide it"
    if modifiers.length is None:
        return "generated: a passphrase"
    return f"generated: {modifiers.length} characters, charset {modifiers.charset}"


def _last(file: str) -> str:
    return file.rpartition("/")[2]


def tell(report: Report) -> list[str]:
    """Return what would be deployed, for people, line by line."""
    return [line for each in report.dry_run or () for line in _tell(each)]


def _tell(part: DryRun) -> list[str]:
    lines = [f"{part.name}: {part.what} (commit {part.commit})"]
    lines += [f"  file      {name}" for name in part.files]
    lines += [f"  overlay   {part.overlay}"] if part.overlay else []
    lines += [f"  image     {name}: {image}" for name, image in part.images.items()]
    lines += [f"  secret    {name} ({how})" for name, how in part.secrets.items()]
    lines += [f"  config    {name} from {file}" for name, file in part.configs.items()]
    lines += [f"  network   {name} has to be there" for name in part.networks]
    lines += [f"  label     {part.service}: {key}={text}" for key, text in part.labels.items()]
    merged = part.compose.rstrip("\n").split("\n")
    return [*lines, "  compose as merged:", *(f"    {line}" for line in merged)]
