"""The examples for CI, read as their runners read them."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML

EXAMPLES = Path(__file__).parents[2] / "examples"
UPGRADES = sorted(path.name for path in EXAMPLES.glob("*-upgrade.yml"))
CONVERGES = sorted(path.name for path in EXAMPLES.glob("*-converge.yml"))
_EXPRESSION = re.compile(r"\$\{\{ *(.*?) *\}\}")


@dataclass(frozen=True, slots=True)
class Job:
    """What a runner runs: the commands of the step that calls ccci, and those that come after."""

    environment: Mapping[str, str]
    commands: tuple[str, ...]
    after: tuple[str, ...] = ()
    after_environment: Mapping[str, str] = field(default_factory=dict)

    @property
    def script(self) -> str:
        """Return the step as one script."""
        return "\n".join(self.commands)

    def filled(self, runner: Mapping[str, str]) -> "Job":
        """Return the job with what its runner fills in: expressions, and variables in variables."""

        def expressions(text: str) -> str:
            return _EXPRESSION.sub(lambda found: runner[found[1]], text)

        def values(given: Mapping[str, str]) -> dict[str, str]:
            return {name: _filled(expressions(text), runner) for name, text in given.items()}

        return Job(
            values(self.environment),
            tuple(map(expressions, self.commands)),
            tuple(map(expressions, self.after)),
            values(self.after_environment),
        )


def _filled(text: str, runner: Mapping[str, str]) -> str:
    """Return the value of a variable with those of the runner put in."""
    return re.sub(r"\$\{?(\w+)\}?", lambda found: runner.get(found[1], found[0]), text)


def job_of(name: str) -> Job:
    """Return the one job of an example that calls ccci."""
    document: dict[str, Any] = YAML(typ="safe").load(EXAMPLES / name)
    if "jobs" in document:
        return _of_github(document)
    if "steps" in document:
        steps = {step["name"]: step for step in document["steps"]}
        step, comment = steps["ccci"], steps.get("comment", {})
        return Job(
            _texts(step.get("environment")),
            tuple(step.get("commands") or ()),
            tuple(comment.get("commands") or ()),
            _texts(comment.get("environment")),
        )
    (job,) = document.values()
    return Job(_texts(job["variables"]), tuple(job["script"]), tuple(job.get("after_script") or ()))


def _of_github(document: dict[str, Any]) -> Job:
    (job,) = document["jobs"].values()
    steps = {step["name"]: step for step in job["steps"] if "name" in step}
    comment = steps.get("comment", {})
    after = (comment["run"],) if comment else ()
    return Job(_texts(job["env"]), (steps["ccci"]["run"],), after, _texts(comment.get("env")))


def _texts(values: Mapping[str, object] | None) -> dict[str, str]:
    """Return variables as texts; a secret of the runner's is a variable of its name."""
    return {
        name: f"${value['from_secret']}" if isinstance(value, dict) else str(value)
        for name, value in (values or {}).items()
    }
