"""An app through abra: `app new`, its secrets, its deploy and its removal."""

import shutil
from dataclasses import dataclass, field
from pathlib import Path

from ccci import environment, process, stackfile
from ccci.deployers import App, Deployment, Revision
from ccci.deployers.abra import flags, parse, run
from ccci.deployers.plan import variables
from ccci.errors import DeployRefused
from ccci.masking import secret_values

OVERLAY = "compose.ccci.yml"
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

    def generate_secrets(self, app: App, revision: Revision) -> tuple[str, ...]:
        """Let abra generate what the app lacks; return the names that came up on the swarm.

        Raise DeployRefused for those with `generate=false`, which nobody has inserted, and for a
        compose file that COMPOSE_FILE names and the commit lacks: abra reads them all for this.
        """
        _put_back(app, revision.overlay)
        _compose_files(app)
        before = self._secrets(app)
        help_page = self._help("app", "secret", "generate")
        # It prints what it generated, so nothing of it is kept.
        self._obey(flags.generate_secrets(app.domain, help_page), app, _SECRETS_WITHIN, quiet=True)
        after = self._secrets(app)
        absent = [name for name in self._by_hand(app) if name not in after]
        if absent:
            raise DeployRefused(
                f"a person has to provide these secrets: {', '.join(absent)}",
                f"`abra app secret insert {app.domain} NAME VERSION VALUE`",
            )
        return tuple(sorted(after - before))

    def prepare(self, app: App, revision: Revision) -> Deployment:
        """Wire the overlay into the checkout and say how abra is asked to deploy.

        A tree that the overlay made dirty goes as chaos: abra refuses it otherwise.
        """
        dirty = _wire(app, revision.overlay)
        values, notes = variables(app)
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
            compose_files=_compose_files(app),
            interpolation=values,
            dirty_paths=dirty,
            secrets=tuple(sorted(self._secrets(app))),
            masks=secret_values(values),
            notes=(*notes, *(f"this abra has no {name}" for name in what.missing)),
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

    def _obey(self, what: flags.Order, app: App, timeout: float, *, quiet: bool = False) -> None:
        masks = secret_values(_values(app)) if app.env_file.is_file() else ()
        run.obey(self.abra, what, self._environment(app), timeout=timeout, masks=masks, quiet=quiet)

    def _secrets(self, app: App) -> set[str]:
        return self._names("secret", app)

    def _names(self, kind: str, app: App) -> set[str]:
        listed = self._docker(app, kind, "ls", "--format", "{{.Name}}").split()
        return {name for name in listed if name.startswith(f"{app.stack}_")}

    def _docker(self, app: App, *words: str) -> str:
        finished = process.run(("docker", *words), env=self._environment(app), timeout=_LIST_WITHIN)
        return finished.stdout

    def _by_hand(self, app: App) -> list[str]:
        """Return the names, on the swarm, of secrets that only a person can provide.

        `SECRET_NAME_VERSION=v1 # generate=false` in the `.env` says so, where a compose file uses
        it (docs.coopcloud.tech; bonfire-networks/bonfire-coop-cloud .env.sample).
        """
        entries = environment.read(app.env_file.read_text(), app.env_file.name)
        used = "\n".join(path.read_text(errors="replace") for path in _compose_files(app))
        return [
            f"{app.stack}_{entry.key[7:-8].lower()}_{entry.value}"
            for entry in entries
            if entry.key.startswith("SECRET_")
            and entry.key.endswith("_VERSION")
            and "generate=false" in entry.comment.replace(" ", "")
            and entry.key in used
        ]


def _values(app: App) -> dict[str, str]:
    text = app.env_file.read_text()
    return environment.values(environment.read(text, app.env_file.name))


def _compose_files(app: App) -> tuple[Path, ...]:
    return stackfile.compose_files(app.checkout, _values(app).get("COMPOSE_FILE", ""))


def _put_back(app: App, overlay: Path | None) -> None:
    """Put the overlay into a checkout that was switched, where COMPOSE_FILE names it already."""
    if overlay is not None and OVERLAY in _values(app).get("COMPOSE_FILE", "").split(":"):
        shutil.copyfile(overlay, app.checkout / OVERLAY)


def _wire(app: App, overlay: Path | None) -> tuple[str, ...]:
    """Put the overlay into the checkout and its name into COMPOSE_FILE; return what is dirty."""
    if overlay is None:
        return ()
    shutil.copyfile(overlay, app.checkout / OVERLAY)
    text = app.env_file.read_text()
    names = [path.relative_to(app.checkout).as_posix() for path in _compose_files(app)]
    if OVERLAY not in names:
        app.env_file.write_text(
            environment.assign(text, {"COMPOSE_FILE": ":".join([*names, OVERLAY])})
        )
    return (OVERLAY,)
