"""An app of the run's own: its `.env` made by the deployer, then edited line by line."""

from collections.abc import Mapping
from dataclasses import dataclass

from ccci import environment, stackfile
from ccci.deployers import App, Deployer, Revision
from ccci.errors import CcciError, UsageError


@dataclass(frozen=True, slots=True)
class Missing:
    """Keys that a commit's `.env.sample` sets and the app's `.env` does not."""

    keys: tuple[str, ...]

    def __str__(self) -> str:
        """Return it as a note."""
        return (
            f"the head's .env.sample sets {', '.join(self.keys)}, which the app's .env lacks: "
            "give them with --upgrade-env"
        )


def create(deployer: Deployer, app: App, revision: Revision, changes: Mapping[str, str]) -> None:
    """Make the app and set what `--env` says. Raise CcciError where the deployer made none."""
    deployer.new_app(app, revision)
    if not app.env_file.is_file():
        raise CcciError(f"there is no .env for {app.domain} after it was made")
    edit(app, changes)


def edit(app: App, changes: Mapping[str, str]) -> None:
    """Set keys of the app's `.env`; every comment stays."""
    if changes:
        text = app.env_file.read_text(encoding="utf-8")
        edited = environment.assign(text, changes, app.env_file.name)
        app.env_file.write_text(edited, encoding="utf-8")


def lacking(app: App) -> Missing | None:
    """Return what the checked out `.env.sample` sets beyond the app's `.env`, if anything."""
    sample = stackfile.inside(app.checkout, ".env.sample")
    if not sample.is_file():
        return None
    wanted = environment.read(sample.read_text(encoding="utf-8", errors="replace"), ".env.sample")
    text = app.env_file.read_text(encoding="utf-8", errors="replace")
    known = environment.values(environment.read(text, app.env_file.name))
    keys = tuple(dict.fromkeys(entry.key for entry in wanted if entry.key not in known))
    return Missing(keys) if keys else None


def assignments(given: list[str], option: str) -> dict[str, str]:
    """Return `K=V` words as a mapping. Raise UsageError for what is none."""
    found = {}
    for word in given:
        key, separator, value = word.partition("=")
        if not separator or not key.isidentifier():
            raise UsageError(f"{option} {word!r} is no KEY=value", f"write {option} TIMEOUT=900")
        found[key] = value
    return found
