"""What is known of a run without reading its report; in its folder, and as a row of the index.

Whatever stands there is data: of another release, cut, or made up.
"""

import re
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from ccci.host.json_values import PLACES, from_json
from ccci.host.masking import mask
from ccci.report.model import Report
from ccci.report.services_text import failing

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,99}")
_SHORT = 8


@dataclass(frozen=True, slots=True)
class Record:
    """What is known of a run without reading its report."""

    id: str
    command: str
    """The verb."""
    target: str
    """What is judged: an app by its domain, a recipe, or a stack."""
    started_at: str
    host: str = ""
    pid: int = 0
    recipe: str | None = None
    domain: str | None = None
    stack: str | None = None
    """The one that the run itself deploys, and may remove; None for a run that only judges."""
    server: str | None = None
    deployer: str | None = None
    abra_dir: str | None = None
    """The run's own folder of checkouts, which a teardown removes as well."""
    env_file: str | None = None
    """The app's `.env`, which a teardown removes as well."""
    secrets: tuple[str, ...] = ()
    """The names of those that were generated."""
    keep: bool | None = None
    """Whether the app is meant to stay; False where the run made it to remove it, None while open.
    """
    gone: bool = False
    """Whether its teardown was verified."""
    finished_at: str | None = None
    verdict: str | None = None
    exit_code: int | None = None
    summary: str = ""
    base: str | None = None
    """The release or commit that a head was put on top of."""
    head: str | None = None
    """The full commit that was meant to run."""
    version: str | None = None
    """The release that `head` is, where it is one."""
    service: str | None = None
    """The service that failed worst."""
    cause: str | None = None
    """What it failed of: the code of its cause."""
    hint: str = ""
    """The next step."""
    deployed: bool | None = None
    """False where a rollout was only looked at: `converge` without COMMAND. Else None or True."""
    seconds: float | None = field(default=None, metadata={PLACES: 3})

    @classmethod
    def of(cls, value: object) -> "Record":
        """Return the record that was written as this; keys of a later ccci are passed over.

        Raise ValueError for what is none, or has no name that a folder could have.
        """
        found = from_json(cls, value)
        if not _NAME.fullmatch(found.id):
            raise ValueError(f"{found.id!r} is no run's id")
        return found

    @property
    def named(self) -> frozenset[str]:
        """Return every name by which a person may mean this run's app."""
        names = (self.id, self.target, self.recipe, self.domain, self.stack)
        return frozenset(name for name in names if name)

    @property
    def subject(self) -> str:
        """Return what was judged: the recipe where there is one, else the stack."""
        return self.recipe or self.stack or self.target

    def ended(self, report: Report) -> "Record":
        """Return the record with what came of the run."""
        failed = next(iter(failing(report.services)), None)
        cause = failed.cause if failed is not None else None
        upgraded, deployed = report.upgrade, report.deploy
        base = upgraded.base if upgraded else None
        return replace(
            self,
            finished_at=report.finished_at or self.finished_at,
            verdict=report.verdict.value,
            exit_code=report.exit_code,
            summary=report.summary,
            deployer=report.deployer or self.deployer,
            base=(base.version or base.commit[:_SHORT]) if base else self.base,
            head=upgraded.head if upgraded else deployed.head if deployed else self.head,
            version=deployed.version if deployed else self.version,
            service=failed.name if failed else None,
            cause=cause.code.value if cause else None,
            hint=report.hint or (cause.hint if cause else ""),
            seconds=report.duration_seconds,
        )

    def told(self) -> dict[str, Any]:
        """Return what is written of it: no token of an address that a sentence quotes."""
        return mask(asdict(self), ())
