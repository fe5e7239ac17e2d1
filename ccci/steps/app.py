"""An app of the run's own: its `.env` made by the deployer, then edited line by line."""

import re
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field, replace

from ccci.deployers import App, Revision
from ccci.deployers.plan import app_entries
from ccci.deployers.protocol import Deployer
from ccci.errors import CcciError, UsageError
from ccci.names import ENV_SAMPLE
from ccci.recipe import dotenv, files
from ccci.recipe.compose_file import COMPOSE_FILE

_MODIFIERS = re.compile(r"\s#\s*(?:length|charset|generate)\s*=")
_VERSION = re.compile(r"SECRET_.+_VERSION")


@dataclass(frozen=True, slots=True)
class Sample:
    """A commit's `.env.sample` beside the app's `.env`.

    `new` are keys that the app lacks, `changed` those that the app has with another value, and
    `text` is the sample's.
    """

    text: str = ""
    new: Mapping[str, str] = field(default_factory=dict)
    changed: tuple[str, ...] = ()

    def told(self, taken: Collection[str]) -> tuple[str, ...]:
        """Return notes on it; `taken` are the keys that were set for the head."""
        missing = [key for key in self.new if key not in taken]
        others = [key for key in self.changed if key not in taken]
        came = [key for key in self.new if key in taken]
        notes = []
        if came:
            notes.append(f"set for the head, as its .env.sample has them: {', '.join(came)}")
        if missing:
            notes.append(
                f"the head's .env.sample sets {', '.join(missing)}, which the app's .env lacks: "
                "give them with --upgrade-env, or take all over with --upgrade-env-from-sample"
            )
        if others:
            notes.append(
                f"the head's .env.sample has other values for {', '.join(others)}: the app keeps "
                "its own, as with abra, so these were not tried; --upgrade-env sets them"
            )
        return tuple(notes)


def create_app(
    deployer: Deployer, app: App, revision: Revision, changes: Mapping[str, str]
) -> None:
    """Make the app and set what `--env` says. Raise CcciError where the deployer made none."""
    deployer.new_app(app, revision)
    if not app.env_file.is_file():
        raise CcciError(f"there is no .env for {app.domain} after it was made")
    edit_env(app, changes)


def edit_env(app: App, changes: Mapping[str, str]) -> None:
    """Set keys of the app's `.env`; every comment stays."""
    if changes:
        text = app.env_file.read_text(encoding="utf-8", errors="surrogateescape")
        edited = dotenv.assign(text, changes, app.env_file.name)
        app.env_file.write_text(edited, encoding="utf-8", errors="surrogateescape")


def take_over(
    app: App,
    changes: Mapping[str, str],
    *,
    from_sample: bool = False,
    given: Collection[str] = (),
    adopted: bool = False,
) -> tuple[str, ...]:
    """Set what `--upgrade-env` says, each key with the comment of the head's `.env.sample`.

    abra reads from it how a secret is made (`length=10`). With `from_sample` every key that the
    app lacks is taken over, as an operator would. Return notes. Keys in `given` are the user's; an
    app that was `adopted` has values of its own, so that only versions and files are compared.
    """
    sample = _sample(app, given)
    if adopted:
        kept = (key for key in sample.changed if key.endswith("_VERSION") or key == COMPOSE_FILE)
        sample = replace(sample, changed=tuple(kept))
    taken = {**(sample.new if from_sample else {}), **changes}
    if taken:
        comments = dotenv.comments_of(sample.text, taken.keys(), ENV_SAMPLE)
        text = app.env_file.read_text(encoding="utf-8", errors="surrogateescape")
        edited = dotenv.assign(text, taken, app.env_file.name, comments)
        app.env_file.write_text(edited, encoding="utf-8", errors="surrogateescape")
    return sample.told(taken)


_OF_THE_APP = ("DOMAIN", "TYPE", "RECIPE", "STACK_NAME")


def _sample(app: App, given: Collection[str]) -> Sample:
    """Return how the checked out `.env.sample` differs from the app's `.env`."""
    text = files.settings(app.checkout, ENV_SAMPLE)
    if text is None:
        return Sample()
    # As the app's own was made of it (abra pkg/app, TemplateAppEnvSample).
    text = text.replace(f"{app.recipe}.example.com", app.domain)
    wanted = dotenv.values(dotenv.read(text, ENV_SAMPLE))
    known = dotenv.values(app_entries(app))
    new = {key: value for key, value in wanted.items() if key not in known}
    own = {*given, *_OF_THE_APP}
    changed = (key for key, value in wanted.items() if known.get(key, value) != value)
    return Sample(text, new, tuple(key for key in changed if key not in own))


def assignments(given: Iterable[str], option: str) -> dict[str, str]:
    """Return `K=V` words as a mapping. Raise UsageError for what is none."""
    found = {}
    for word in given:
        key, separator, value = word.partition("=")
        if not separator or not key.isidentifier():
            raise UsageError(f"{option} {word!r} is no KEY=value", f"write {option} TIMEOUT=900")
        if _MODIFIERS.search(value) or (_VERSION.fullmatch(key) and "#" in value):
            raise UsageError(
                f"{option} {key}: what stands behind the # would be part of the value",
                "a comment such as `# length=10` is taken from the recipe's .env.sample",
            )
        found[key] = value
    return found
