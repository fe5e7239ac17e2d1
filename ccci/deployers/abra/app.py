"""An app through abra: `app new`, its secrets, its deploy and its removal."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from ccci.deployers import App, Deployment, Revision, writing
from ccci.deployers.abra import flags, parse, run
from ccci.deployers.masking import masks_of
from ccci.deployers.plan import DeployPlan, app_entries, make, together
from ccci.errors import DeployRefused
from ccci.host import docker_cli
from ccci.names import ABRA_SH, OVERLAY
from ccci.recipe import abra_reading, abra_script, compose_file, dotenv, overlays, stack_file
from ccci.recipe import files as files_of_recipe
from ccci.recipe.compose_file import COMPOSE_FILE

_NEW_WITHIN = 120.0
_SECRETS_WITHIN = 120.0
_DEPLOY_WITHIN = 600.0
_UNDEPLOY_WITHIN = 180.0
_LIST_WITHIN = 30.0


@dataclass(frozen=True, slots=True)
class AbraDeployer:
    """Deploys through the abra at this path; `env` goes on top of the environment of its calls."""

    abra: str = field(default_factory=run.executable)
    env: dict[str, str] = field(default_factory=dict)
    _made: list[str] = field(default_factory=list, repr=False, compare=False)

    @property
    def name(self) -> str:
        """Return the word for `--deployer` and the report."""
        return "abra"

    @property
    def version(self) -> str:
        """Return abra's version. Raise ToolMissing when it is too old."""
        return str(run.version_of(self.abra))

    def new_app(self, app: App, revision: Revision) -> None:  # noqa: ARG002
        """Make the app's `.env` from the recipe's `.env.sample`.

        As chaos always, where this abra can: without it `app new` checks out the newest release
        (seen in recipe-maintainers/cc-ci), and what is checked out is our choice.
        """
        app.env_file.parent.mkdir(parents=True, exist_ok=True)
        self._obey(
            flags.new(app.recipe, app.domain, app.server, self._help("app", "new")),
            app,
            _NEW_WITHIN,
        )
        if not app.env_file.is_file():
            raise DeployRefused(
                f"abra made no {app.env_file.name} for {app.domain}",
                f"see whether abra knows the server {app.server}: `abra server ls`",
            )
        _keep_at_home(app)

    def plan(self, app: App, revision: Revision) -> DeployPlan:
        """Wire the overlay into the checkout and read what abra is about to read.

        abra reads the recipe itself, so this checks the same files under the same variables; the
        labels are abra's own.
        """
        _refuse_others(app)
        # What was set since the app was made cannot always be said to both.
        abra_reading.agreed(app.env_file.read_bytes().decode(errors="replace"), app.env_file.name)
        _wire(app, revision.overlay)
        wired = app.checkout / OVERLAY if revision.overlay else None
        made = make(app, replace(revision, overlay=wired), None, labelled=False)
        return replace(made, revision=revision)

    def generate_secrets(self, plan: DeployPlan) -> tuple[str, ...]:
        """Let abra generate what the app lacks; return the names that came up on the swarm.

        Raise DeployRefused for those with `generate=false`, which nobody has inserted.
        """
        app = plan.app
        # The tree may have been put there anew since the plan was made.
        _wire(app, plan.revision.overlay)
        before = self._secrets(app)
        help_page = self._help("app", "secret", "generate")
        # It prints what it generated, so nothing of it is told.
        order = flags.generate_secrets(app.domain, help_page)
        said = self._obey(order, app, _SECRETS_WITHIN, quiet=True)
        after = self._secrets(app)
        self._made.extend(parse.generated(said, after - before))
        by_hand = (each.name for each in plan.secrets if not each.modifiers.generate)
        absent = [name for name in by_hand if name.startswith(f"{app.stack}_")]
        absent = [name for name in absent if name not in after]
        if absent:
            raise DeployRefused(
                f"a person has to provide these secrets: {', '.join(absent)}",
                f"`abra app secret insert {app.domain} NAME VERSION VALUE`",
            )
        return tuple(sorted(after - before))

    def prepare(self, plan: DeployPlan) -> Deployment:
        """Say how abra is asked to deploy.

        A tree that the overlay made dirty goes as chaos: abra refuses it otherwise.
        """
        app, revision = plan.app, plan.revision
        paths = writing.write(plan.resolved)
        # abra may have switched the tree when it made the secrets, and with it the overlay.
        dirty = _wire(app, _overlay(plan, paths))
        what = flags.deploy(
            app.domain,
            revision.version,
            self._help("app", "deploy"),
            chaos=revision.chaos or bool(dirty),
        )
        return Deployment(
            argv=(self.abra, *what.argv),
            env=self._environment(app),
            cwd=app.abra_dir,
            merged=together(plan, paths),
            dirty_paths=dirty,
            secrets=tuple(sorted(self._secrets(app))),
            masks=(*plan.masks, *self._made),
            notes=(*plan.notes, *(f"this abra has no {name}" for name in what.missing)),
            patience=_DEPLOY_WITHIN,
            terminal=True,
        )

    def excuses(self, code: int, output: str) -> bool:
        """Say whether abra's own monitor lost patience: the spec is applied all the same.

        It gives up on a task in its start period and on cold pulls (cc-ci commit 7dab4f5 and
        docs/runbook.md).
        """
        found = parse.fatal(output.splitlines())
        return code == 1 and found is not None and found.complaint is parse.Complaint.CONVERGENCE

    def undeploy(self, app: App) -> None:
        """Ask for the stack's removal; abra returns before it is gone (cc-ci commit d87cb8e)."""
        if not app.env_file.is_file():
            return
        try:
            self._obey(
                flags.undeploy(app.domain, self._help("app", "undeploy")), app, _UNDEPLOY_WITHIN
            )
        except DeployRefused as refused:
            if "not deployed" not in refused.message:
                raise

    def _help(self, *verb: str) -> flags.Help:
        return run.help_of(self.abra, verb)

    def _environment(self, app: App) -> dict[str, str]:
        return {**run.abra_environment(app.abra_dir), **self.env}

    def _obey(
        self, what: flags.Order, app: App, timeout: float, *, quiet: bool = False
    ) -> list[str]:
        masks = masks_of(app, _values(app)) if app.env_file.is_file() else ()
        env = self._environment(app)
        return run.obey(self.abra, what, env, timeout=timeout, masks=masks, quiet=quiet)

    def _secrets(self, app: App) -> set[str]:
        return self._names("secret", app)

    def _names(self, kind: str, app: App) -> set[str]:
        listed = self._docker(app, kind, "ls", "--format", "{{.Name}}").split()
        return {name for name in listed if name.startswith(f"{app.stack}_")}

    def _docker(self, app: App, *words: str) -> str:
        env = self._environment(app)
        return docker_cli.run(words, env=env, timeout=_LIST_WITHIN).stdout


def _keep_at_home(app: App) -> None:
    """Let what `.env.sample` says of the app's name and stack be the run's own.

    And all that it says what ccci reads: abra reads the file again, with a parser of its own.
    """
    # As bytes: Python would take a lone CR for the end of a line.
    text = app.env_file.read_bytes().decode(errors="replace")
    known = dotenv.values(dotenv.read(text, app.env_file.name))
    own = {"DOMAIN": app.domain, "STACK_NAME": app.stack}
    changes = {key: value for key, value in own.items() if known.get(key, value) != value}
    changed = dotenv.assign(text, changes, app.env_file.name) if changes else text
    agreed = abra_reading.agreed(changed, app.env_file.name)
    app.env_file.write_text(agreed, encoding="utf-8", errors="surrogateescape")


def _refuse_others(app: App) -> None:
    """Raise DeployRefused where abra would deploy to another stack, or another domain, than ours.

    Or from other files than were read.

    It takes both from the app's `.env`, and from what `abra.sh` exports, which wins.
    """
    script = files_of_recipe.settings(app.checkout, ABRA_SH)
    exported = abra_script.exports(script)[0] if script is not None else {}
    values = _values(app)
    files = exported.get(COMPOSE_FILE)
    if files is not None and files != values.get(COMPOSE_FILE):
        raise DeployRefused(
            f"abra.sh sets COMPOSE_FILE={files}: abra may deploy that, or what "
            f"{app.env_file.name} says",
            "set it in .env.sample alone",
        )
    for where, found in ((app.env_file.name, values), (ABRA_SH, exported)):
        for key, own in (("STACK_NAME", app.stack), ("DOMAIN", app.domain)):
            theirs = found.get(key, own)
            if theirs != own:
                raise DeployRefused(
                    f"{where} sets {key}={theirs}: abra would deploy to that one, not to {own}",
                    f"leave {key} out: it is the run's own",
                )
        if compose_file.blank_beside(found.get(COMPOSE_FILE, "")) is not None:
            raise DeployRefused(
                f"{where} has a blank beside a name in COMPOSE_FILE, which abra takes for a part "
                "of it",
                "take it out",
            )


def _values(app: App) -> dict[str, str]:
    return dotenv.values(app_entries(app))


def _overlay(plan: DeployPlan, paths: Sequence[Path]) -> Path | None:
    """Return the overlay as abra is to read it: resolved, where it names files of its own folder.

    abra would seek them in the checkout.
    """
    wired = plan.app.checkout / OVERLAY
    if wired in plan.resolved.borrowed:
        return paths[plan.stack.files.index(wired)]
    return plan.revision.overlay


def _wire(app: App, overlay: Path | None) -> tuple[str, ...]:
    """Put the overlay into the checkout and its name into COMPOSE_FILE; return what is dirty.

    The name goes into the file that sets COMPOSE_FILE for abra: the app's `.env`, whatever
    `abra.sh` says of it.
    """
    if overlay is None:
        return ()
    overlays.put(overlay, app.checkout)
    values = _values(app)
    paths = stack_file.compose_files(app.checkout, values.get(COMPOSE_FILE, ""))
    names = [path.relative_to(app.checkout).as_posix() for path in paths]
    if OVERLAY not in names:
        text = app.env_file.read_text(encoding="utf-8", errors="replace")
        changed = dotenv.assign(text, {COMPOSE_FILE: ":".join([*names, OVERLAY])})
        app.env_file.write_text(changed, encoding="utf-8", errors="surrogateescape")
    return (OVERLAY,)
