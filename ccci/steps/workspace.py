"""Where a run works: its folder, the recipe's clone in it, the Engine, and the deployer."""

from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from ccci import settings
from ccci.deployers import App, Revision, registry
from ccci.deployers.protocol import Deployer
from ccci.errors import CcciError, UsageError
from ccci.host import folders
from ccci.locks import lease
from ccci.names import AUTO
from ccci.recipe import abra_folder, checkouts, naming, overlays
from ccci.recipe.checkouts import Checkout
from ccci.recipe.refs import hide_password
from ccci.recipe.source import Source, locate, location_of, sought
from ccci.records import runs
from ccci.records.runs import Run
from ccci.report.model import Report
from ccci.steps import Steps
from ccci.steps.after import health
from ccci.steps.follow import Options
from ccci.steps.reach.beyond import Reach
from ccci.swarm.engine.client import Engine
from ccci.swarm.model import Observation
from ccci.swarm.watching.watch import Opens, Watch, observe
from ccci.terminal.output import Output

_REPOSITORY = "repository"
_APPS = "servers"
_OF_ABRA = (_APPS, "catalogue")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose, as far as deploy and upgrade share it."""

    source: str | None = None
    upstream: str | None = None
    domain: str | None = None
    server: str = "default"
    deployer: str = AUTO
    app_service: str | None = None
    resolve_image: str = "always"
    env: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict, repr=False)
    overlay: Path | None = None
    overlays: Path | None = None
    pull: bool = True
    prune: bool = False
    refuse_host_paths: bool = False
    allow_host_paths: tuple[str, ...] = ()
    options: Options = field(default_factory=Options)
    health_path: str | None = None
    health_status: str = ""
    health_service: str | None = None
    lock_timeout: float = lease.DEFAULT_TIMEOUT
    output_folder: Path | None = None
    fixed: frozenset[str] = frozenset()
    """Those of `settings.JUDGED` that the user gave: the recipe's own file does not change them."""

    @property
    def reachable(self) -> tuple[str, ...] | None:
        """Return what a revision may reach beyond its own stack; None for all there is."""
        return self.allow_host_paths if self.refuse_host_paths else None


@dataclass(frozen=True, slots=True)
class Workspace:
    """A run's place, and all it works with."""

    run: Run
    source: Source
    checkout: Checkout
    engine: Engine
    deployer: Deployer
    choices: Choices
    steps: Steps
    output: Output
    overlay: Path | None = None
    beside: Path | None = None
    """The folder that the overlay came from."""
    reached: set[Reach] = field(default_factory=set)
    """What revisions that were deployed already reach beyond their own stack."""
    decided: list[Report] = field(default_factory=list)
    """What the run came to, before its teardown: whatever comes later, this stays."""
    opens: Opens = Watch
    """What gives the watch that a stack is followed by."""
    observes: Callable[[Engine, str], Observation] = observe
    """What looks at a stack once, where nothing is followed."""

    @property
    def abra_dir(self) -> Path:
        """Return the run's own ABRA_DIR."""
        return self.run.path(runs.CHECKOUTS)

    def decide(self, report: Report) -> Report:
        """Return what the run came to, kept against whatever happens from now on."""
        self.decided.append(report)
        return report

    def chaos(self, version: str | None) -> bool:
        """Say whether a release has to be deployed as chaos: abra refuses a tree with an overlay.

        What is no release always is; the `stack` deployer's overlay is not in the tree.
        """
        return version is None or (self.overlay is not None and self.deployer.name == "abra")

    def revision(self, commit: str, version: str | None) -> Revision:
        """Return a commit as it is to be deployed, as the release that it is, or as chaos."""
        return Revision(commit, version, self.chaos(version), self.overlay, self.beside)

    def app(self, commit: str) -> App:
        """Return the app under the domain that was asked for, or under the commit's own."""
        domain = self.choices.domain or naming.domain_of(self.source.recipe, commit)
        stack = naming.stack_of(domain)
        app = App(self.source.recipe, domain, stack, self.abra_dir, self.choices.server)
        # Where it really lies: `servers` of the run's folder may be a link to the user's.
        env_file = app.env_file.parent.resolve() / app.env_file.name
        self.run.note(domain=domain, stack=stack, server=app.server, env_file=str(env_file))
        return app


def find_recipe(recipe: str, choices: Choices) -> Source:
    """Return where the recipe is. Raise UsageError for what the command line alone tells wrong."""
    registry.check_name(choices.deployer)
    # The status is looked at where there is a path: any will do to find it wrong before a deploy.
    health.wanted(choices.health_path or "/", choices.health_status, {})
    if choices.domain is not None:
        naming.check_domain(choices.domain)
    if choices.resolve_image not in {"always", "changed", "never"}:
        raise UsageError(f"--resolve-image {choices.resolve_image} is none of always, never")
    if choices.upstream is not None:
        location_of(choices.upstream)
    return locate(recipe, choices.source)


@contextmanager
def opened(
    run: Run,
    source: Source,
    choices: Choices,
    steps: Steps,
    output: Output,
    *,
    connect: Callable[[], Engine] = Engine.connect,
    apart: bool = False,
) -> Iterator[Workspace]:
    """Give a workspace: the Engine reached, the deployer chosen, the recipe fetched.

    The clone stays with the run until the end of the block. With `apart` the deployer finds none
    of the user's apps, and so changes none. Raise CcciError where one of them cannot be had.
    """
    found = overlays.find(source.recipe, choices.overlay, choices.overlays)
    copied = overlays.placed(found, run.folder) if found else None
    if found:
        run.trouble.append(str(found))
    with connect() as engine:
        engine.require_manager()
        wishes = registry.Wishes(choices.resolve_image, choices.app_service)
        deployer = registry.choose(choices.deployer, engine, wishes, output)
        abra_dir = run.path(runs.CHECKOUTS)
        run.note(deployer=deployer.name, recipe=source.recipe, abra_dir=str(abra_dir))
        shared = _OF_ABRA if deployer.name == "abra" else ()
        _lay_out(
            abra_dir, choices.server, [name for name in shared if not (apart and name == _APPS)]
        )
        try:
            with steps.step("fetch") as progress:
                shown = hide_password(source.location)
                progress.waiting.begin(f"git to fetch {shown}", checkouts.FETCH_AT_MOST)
                with sought(source):
                    clone = checkouts.clone(
                        source.location,
                        abra_dir / "recipes" / source.recipe,
                        run.path(runs.JOURNAL),
                        choices.upstream,
                        repository=abra_dir / _REPOSITORY,
                        git_in_tree=deployer.name == "abra",
                    )
                progress.say(f"from {shown}")
            yield Workspace(
                run,
                source,
                clone,
                engine,
                deployer,
                choices,
                steps,
                output,
                copied,
                found.path.parent if found else None,
            )
        finally:
            # The `.env` of an app that stays may lie beside the recipes.
            every = abra_dir.iterdir() if abra_dir.is_dir() else ()
            ours = [path for path in every if path.name not in _OF_ABRA]
            for path in ours if run.record.keep else [abra_dir]:
                with suppress(OSError):
                    folders.remove(path)


def _lay_out(abra_dir: Path, server: str, shared: Collection[str]) -> None:
    """Make the run's ABRA_DIR: recipes of its own, and of the user's what is `shared`.

    abra checks tags out in `recipes`, so that runs that share it corrupt each other (cc-ci,
    DECISIONS.md). The `stack` deployer needs nothing of the user's.
    """
    (abra_dir / "recipes").mkdir(parents=True, exist_ok=True)
    for name in shared:
        home = abra_folder.folders()[0] / name
        home.mkdir(parents=True, exist_ok=True)
        if not (abra_dir / name).exists():
            (abra_dir / name).symlink_to(home, target_is_directory=True)
    if _APPS not in shared:
        (abra_dir / _APPS / server).mkdir(parents=True, exist_ok=True)


def adopt(workspace: Workspace, app: App) -> None:
    """Use the `.env` of an app that an earlier run deployed and left. Raise CcciError without."""
    if app.env_file.is_file():
        return
    found = env_left(workspace, app)
    app.env_file.parent.mkdir(parents=True, exist_ok=True)
    app.env_file.symlink_to(found)


def env_left(workspace: Workspace, app: App) -> Path:
    """Return the `.env` of an app that is deployed: an earlier run's, else the one abra has.

    Raise CcciError where there is none.
    """
    known = runs.recent(settings.runs_folder(), target=app.domain)
    there = [Path(each.env_file) for each in known if each.env_file and each.id != workspace.run.id]
    there.append(abra_folder.folders()[0] / _APPS / app.server / app.env_file.name)
    found = next((path for path in there if path.is_file()), None)
    if found is None:
        raise CcciError(
            f"{app.stack} is deployed already, but its .env is not known here",
            f"put it at {app.env_file.name} below ~/.abra/servers, or give another --domain",
        )
    return found.resolve()
