"""Where a run works: its folder, the recipe's clone in it, the Engine, and the deployer."""

import os
import shutil
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from ccci import checkout as checkouts
from ccci import config, lease, naming, runs
from ccci.checkout import Checkout
from ccci.convergence import Options
from ccci.deployers import App, Deployer
from ccci.errors import CcciError, ToolMissing, UsageError
from ccci.lease import Lease
from ccci.output import Output
from ccci.refs import hide_password
from ccci.runs import Run
from ccci.source import Source, locate
from ccci.steps import Steps, before
from ccci.steps import overlay as overlays
from ccci.swarm.engine import Engine

DEPLOYERS = ("auto", "abra", "stack")


@dataclass(frozen=True, slots=True)
class Choices:
    """What the user chose, as far as deploy and upgrade share it."""

    source: str | None = None
    upstream: str | None = None
    domain: str | None = None
    server: str = "default"
    deployer: str = "auto"
    app_service: str | None = None
    resolve_image: str = "always"
    env: Mapping[str, str] = field(default_factory=dict)
    overlay: Path | None = None
    overlays: Path | None = None
    pull: bool = True
    prune: bool = False
    options: Options = field(default_factory=Options)
    health_path: str | None = None
    health_status: str = ""
    lock_timeout: float = 900.0
    output_folder: Path | None = None


@dataclass(frozen=True, slots=True)
class Site:
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

    @property
    def abra_dir(self) -> Path:
        """Return the run's own ABRA_DIR."""
        return self.run.path(runs.CHECKOUTS)

    def chaos(self, version: str | None) -> bool:
        """Say whether a release has to be deployed as chaos: abra refuses a tree with an overlay.

        What is no release always is; the `stack` deployer's overlay is not in the tree.
        """
        return version is None or (self.overlay is not None and self.deployer.name == "abra")

    def app(self, commit: str) -> App:
        """Return the app under the domain that was asked for, or under the commit's own."""
        domain = self.choices.domain or naming.domain_of(self.source.recipe, commit)
        stack = naming.stack_of(domain)
        app = App(self.source.recipe, domain, stack, self.abra_dir, self.choices.server)
        # Where it really lies: `servers` of the run's folder may be a link to the user's.
        env_file = app.env_file.parent.resolve() / app.env_file.name
        self.run.note(domain=domain, stack=stack, server=app.server, env_file=str(env_file))
        return app


def check(recipe: str, choices: Choices) -> Source:
    """Return where the recipe is. Raise UsageError for what the command line alone tells wrong."""
    if choices.deployer not in DEPLOYERS:
        raise UsageError(
            f"--deployer {choices.deployer} is not known", f"known are {', '.join(DEPLOYERS)}"
        )
    if choices.domain is not None:
        naming.check_domain(choices.domain)
    if choices.resolve_image not in {"always", "changed", "never"}:
        raise UsageError(f"--resolve-image {choices.resolve_image} is none of always, never")
    return locate(recipe, choices.source)


@contextmanager
def opened(
    run: Run, source: Source, choices: Choices, steps: Steps, output: Output
) -> Iterator[Site]:
    """Give a site: the Engine reached, the deployer chosen, the recipe fetched.

    The clone stays with the run until the end of the block. Raise CcciError where one of them
    cannot be had.
    """
    found = overlays.find(source.recipe, choices.overlay, choices.overlays)
    copied = overlays.placed(found, run.folder) if found else None
    if found:
        run.trouble.append(str(found))
    with Engine.connect() as engine:
        engine.require_manager()
        deployer = choose(engine, choices, output)
        abra_dir = run.path(runs.CHECKOUTS)
        run.note(deployer=deployer.name, recipe=source.recipe, abra_dir=str(abra_dir))
        _lay_out(abra_dir, choices.server, share=deployer.name == "abra")
        try:
            with steps.step("fetch") as progress:
                checkout = checkouts.clone(
                    source.location,
                    abra_dir / "recipes" / source.recipe,
                    run.path(runs.JOURNAL),
                    choices.upstream,
                )
                progress.say(f"from {hide_password(source.location)}")
            yield Site(run, source, checkout, engine, deployer, choices, steps, output, copied)
        finally:
            # The `.env` of an app that stays may lie beside the recipes.
            rest = abra_dir / "recipes" if run.record.keep else abra_dir
            shutil.rmtree(rest, ignore_errors=True)


def choose(engine: Engine, choices: Choices, output: Output) -> Deployer:
    """Return the deployer: abra where it is on PATH, unless another was asked for."""
    from ccci.deployers.stack import StackDeployer

    stack = StackDeployer(engine, choices.resolve_image, choices.app_service)
    if choices.deployer == "stack":
        return stack
    if choices.deployer == "auto" and shutil.which("abra") is None:
        output.progress("abra is not installed: the stack deployer follows its conventions")
        return stack
    from ccci.deployers import abra

    try:
        return abra.AbraDeployer(env=engine.environment())
    except ToolMissing as error:
        if choices.deployer == "abra":
            raise
        output.warn(f"{error.message}: the stack deployer takes over")
        return stack


def _lay_out(abra_dir: Path, server: str, *, share: bool) -> None:
    """Make the run's ABRA_DIR: recipes of its own, `servers` and `catalogue` the user's.

    abra checks tags out in `recipes`, so that runs that share it corrupt each other (cc-ci,
    DECISIONS.md). The `stack` deployer needs nothing of the user's.
    """
    (abra_dir / "recipes").mkdir(parents=True, exist_ok=True)
    if share:
        home = Path(os.environ.get("ABRA_DIR") or Path.home() / ".abra")
        for name in ("servers", "catalogue"):
            (home / name).mkdir(parents=True, exist_ok=True)
            if not (abra_dir / name).exists():
                (abra_dir / name).symlink_to(home / name, target_is_directory=True)
    else:
        (abra_dir / "servers" / server).mkdir(parents=True, exist_ok=True)


@contextmanager
def locked(site: Site, app: App) -> Iterator[Lease]:
    """Hold the app's locks, on this host and on the swarm, for the block.

    What a killed run left under them is removed first.
    """
    with site.steps.step("lock"), ExitStack() as entered:
        engine = entered.enter_context(site.engine.sibling())
        held = entered.enter_context(
            lease.hold(
                engine,
                app.stack,
                site.run.id,
                folder=config.locks_folder(),
                timeout=site.choices.lock_timeout,
                waiting=site.output.progress,
            )
        )
        stack = entered.pop_all()
    with stack:
        before.clear(site, app, held)
        before.settle(site, app)
        yield held


def adopt(site: Site, app: App) -> None:
    """Use the `.env` of an app that an earlier run deployed and left. Raise CcciError without."""
    if app.env_file.is_file():
        return
    known = runs.recent(config.runs_folder(), target=app.domain)
    there = (Path(each.env_file) for each in known if each.env_file and each.id != site.run.id)
    found = next((path for path in there if path.is_file()), None)
    if found is None:
        raise CcciError(
            f"{app.stack} is deployed already, but its .env is not known here",
            f"put it at {app.env_file.name} below ~/.abra/servers, or give another --domain",
        )
    app.env_file.parent.mkdir(parents=True, exist_ok=True)
    app.env_file.symlink_to(found.resolve())
