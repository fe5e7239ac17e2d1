"""What would be deployed, and nothing deployed: no Engine is asked, no lock taken."""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ccci import checkout as checkouts
from ccci import clock, naming, runs
from ccci.checkout import Checkout
from ccci.deployers import App, Revision, plan, stack
from ccci.deployers.plan import Plan
from ccci.exits import Verdict
from ccci.masking import mask, masked
from ccci.report import Report
from ccci.secrets import Modifiers
from ccci.steps import app as apps
from ccci.steps import overlay as overlays
from ccci.steps import site
from ccci.steps.site import Choices


@dataclass(frozen=True, slots=True)
class Part:
    """One deploy of a run: what it is for, the full commit, its release, more for the `.env`."""

    name: str
    commit: str
    version: str | None
    env: Mapping[str, str] = field(default_factory=dict)


def planned(
    command: str, recipe: str, choices: Choices, parts: Callable[[Checkout, App], Sequence[Part]]
) -> Report:
    """Fetch the recipe, read each part as it would be deployed, and return that as a report.

    It follows the `stack` deployer, whose conventions are abra's. `parts` is given the clone and
    an app whose domain is not the final one. Raise CcciError for what stops a deploy before it
    reaches an Engine.
    """
    source = site.check(recipe, choices)
    found = overlays.find(source.recipe, choices.overlay, choices.overlays)
    started = clock.now()
    with tempfile.TemporaryDirectory(prefix="ccci-dry-run-") as folder:
        abra_dir = Path(folder) / "abra"
        clone = checkouts.clone(
            source.location,
            abra_dir / "recipes" / source.recipe,
            Path(folder) / runs.JOURNAL,
            choices.upstream,
        )
        app = _app(source.recipe, choices.domain or f"dry-run.{naming.SUFFIX}", choices, abra_dir)
        chosen = parts(clone, app)
        domain = choices.domain or naming.domain_of(source.recipe, chosen[-1].commit)
        app = _app(source.recipe, domain, choices, abra_dir)
        told = [_part(clone, app, each, choices, found) for each in chosen]
    return Report(
        command,
        Verdict.UNCHANGED,
        f"dry run: {' and then '.join(each['what'] for each in told)} would be deployed as "
        f"{app.domain}; nothing was",
        target=app.domain,
        stack=app.stack,
        deployer=choices.deployer,
        started_at=started,
        finished_at=clock.now(),
        notes=tuple(note for each in told for note in each.pop("notes")),
        extra={"dry_run": told},
    )


def _app(recipe: str, domain: str, choices: Choices, abra_dir: Path) -> App:
    return App(recipe, domain, naming.stack_of(domain), abra_dir, choices.server)


def _part(
    clone: Checkout, app: App, part: Part, choices: Choices, overlay: overlays.Overlay | None
) -> dict[str, Any]:
    checkouts.switch(clone, part.commit, f"dry run of the {part.name}")
    revision = Revision(
        part.commit,
        part.version,
        chaos=part.version is None,
        overlay=overlay.path if overlay else None,
    )
    if not app.env_file.exists():
        stack.new_env(app, revision)
        apps.edit(app, choices.env)
    apps.edit(app, part.env)
    made = plan.make(app, revision, choices.app_service)
    return mask(_document(made, part, overlay), made.masks)


def _document(made: Plan, part: Part, overlay: overlays.Overlay | None) -> dict[str, Any]:
    names = [path.name for path in made.files[:-1]]
    return {
        "what": part.version or part.commit[:8],
        "name": part.name,
        "commit": part.commit,
        "version": part.version,
        "files": names,
        "overlay": str(overlay) if overlay else None,
        "compose": plan.merged(made) or _in_order(made),
        "service": made.carrier,
        "labels": dict(made.labels),
        "secrets": {each.name: _how(each.modifiers) for each in made.secrets},
        "configs": {name: path.name for name, path in made.configs.items()},
        "networks": list(made.networks),
        "images": dict(made.images),
        "notes": list(made.notes),
    }


def _how(modifiers: Modifiers) -> str:
    if not modifiers.generate:
        return "a person has to provide it"
    if modifiers.length is None:
        return "generated: a passphrase"
    return f"generated: {modifiers.length} characters, charset {modifiers.charset}"


def _in_order(made: Plan) -> str:
    """Return the files one after the other, for a docker CLI that cannot merge them."""
    texts = (f"# {path.name}\n{plan.text_of(path)}" for path in made.files)
    return masked("---\n".join(texts), made.masks)


def tell(report: Report) -> str:
    """Return what would be deployed, for people."""
    return "\n".join(_tell(each) for each in report.extra["dry_run"])


def _tell(part: Mapping[str, Any]) -> str:
    lines = [f"{part['name']}: {part['what']} (commit {part['commit']})"]
    lines += [f"  file      {name}" for name in part["files"]]
    lines += [f"  overlay   {part['overlay']}"] if part["overlay"] else []
    lines += [f"  image     {name}: {image}" for name, image in part["images"].items()]
    lines += [f"  secret    {name} ({how})" for name, how in part["secrets"].items()]
    lines += [f"  config    {name} from {file}" for name, file in part["configs"].items()]
    lines += [f"  network   {name} has to be there" for name in part["networks"]]
    lines += [
        f"  label     {part['service']}: {key}={text}" for key, text in part["labels"].items()
    ]
    lines += ["  compose as merged:", *(f"    {line}" for line in part["compose"].splitlines())]
    return "\n".join(lines)
