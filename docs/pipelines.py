"""The page of each CI: what it needs, its two examples as they are tested, and what it shows."""

from dataclasses import dataclass
from pathlib import Path

_EXAMPLES = Path(__file__).parents[1] / "examples"

_STACK = (
    "A plain stack is followed with its own deploy command; nothing of Co-op Cloud is needed. The "
    "step fails unless the tasks that serve are those that were sent:"
)
_RECIPE = (
    "A recipe's pull request is deployed on top of its newest release, judged, and removed again. "
    "It runs on your host, so what it brings is [not trusted](../../explanation/security.md): "
    "`CCCI_REFUSE_HOST_PATHS` is set, and the files of the run lie outside of the checkout:"
)
_BY = (
    "by the API of Forgejo and Gitea, where there is a secret `comment_token` that pull requests "
    "may use. Such a secret is no secret from whoever may open one: let its account be able to "
    "comment, and nothing else."
)
_TESTED = (
    "The commands of both are run by the project's tests, in a clone and under `sh -e`, on a real "
    "Swarm; the runner itself was not at hand. What they have in common, the exit codes and the "
    "options: [Run in CI](../run-in-ci.md)."
)


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A CI by its name, what has to be there, what comes of the reports, and what is more."""

    name: str
    needs: str
    reports: str
    more: str = ""
    examples: tuple[str, ...] = ()


PIPELINES = {
    "gitlab": Pipeline(
        "GitLab",
        "A runner of your own with the shell executor, on a manager of the swarm, with ccci, git "
        "and the docker CLI on its PATH. Its user may use the Engine's socket.",
        "JUnit is read into the merge request's widget (`artifacts:reports:junit`), the folder is "
        "an artifact, and with `COMMENT_TOKEN` (a masked variable: a project token with the "
        "scope `api`) the story becomes a comment. GitLab takes artifacts from the project's "
        "folder only, so they are moved there when the job is over.",
        "As a component, with nothing to copy: [templates/ccci.yml](../../../templates/ccci.yml).",
    ),
    "github": Pipeline(
        "GitHub",
        "A [self-hosted runner](https://docs.github.com/actions/hosting-your-own-runners) on a "
        "manager of the swarm, with ccci, git, curl and the docker CLI on its PATH. GitHub advises "
        "against them for public repositories: a pull request of anybody runs there.",
        "The folder is an artifact, and the story a comment on the pull request; the token of a "
        "fork may not write one.",
        "As an action, which installs ccci itself: [action.yml](../../../action.yml).",
    ),
    "forgejo": Pipeline(
        "Forgejo",
        "A runner of your own on a manager of the swarm, with the label `swarm:host`, and ccci, "
        "git, curl and the docker CLI on its PATH. Gitea's Actions take the same file.",
        "The folder is an artifact, and the story a comment on the pull request.",
        "As an action, which installs ccci itself: [action.yml](../../../action.yml).",
    ),
    "drone": Pipeline(
        "Drone",
        "The exec runner on a manager of the swarm, with ccci, git, curl and the docker CLI on its "
        "PATH; or "
        "the docker runner, with the image of the [Dockerfile](../../../Dockerfile), the Engine's "
        "socket and a volume for what outlives the step. The repository has to be trusted then.",
        f"The story is a comment on the pull request, {_BY} Drone keeps no artifacts: the files "
        "are in `../ccci-report` for a step of yours that sends them on; with the docker runner "
        "steps share that folder only where `workspace` says so.",
        "With the docker runner `ccci` may as well be a plugin, by its settings alone: as in "
        "[Woodpecker](woodpecker.md).",
        ("drone-docker-upgrade.yml",),
    ),
    "woodpecker": Pipeline(
        "Woodpecker",
        "The docker backend on a manager of the swarm, the image of the "
        '[Dockerfile](../../../Dockerfile), and the trusted setting "Volumes".',
        f"The story is a comment on the pull request, {_BY} Woodpecker keeps no artifacts: the "
        "files are in `../ccci-report` for a step of yours that sends them on.",
        "As a plugin the step has settings and no commands. `command` is a command of ccci, "
        "`stack`, `recipe`, `target` and `path` are its arguments, `deploy` is what COMMAND runs "
        "as lines for a shell. Several commands are a block (`deploy: |`): runners send a list of "
        "plain values with commas between them, which nobody takes apart again. Every option that "
        "has a variable is a setting by its own name, `verbose: true` among them:",
        ("woodpecker-plugin.yml",),
    ),
}


def page(name: str) -> str:
    """Return the page of a CI."""
    pipeline = PIPELINES[name]
    lines = [f"# {pipeline.name}", "", pipeline.needs, ""]
    lines += ["## A stack", "", _STACK, "", *_shown(f"{name}-converge.yml")]
    lines += ["## A recipe", "", _RECIPE, "", *_shown(f"{name}-upgrade.yml")]
    lines += ["## What becomes of the report", "", pipeline.reports, ""]
    lines += ["## Other ways", "", pipeline.more, ""] if pipeline.more else []
    for example in pipeline.examples:
        lines += _shown(example)
    return "\n".join([*lines, _TESTED])


def _shown(example: str) -> list[str]:
    text = (_EXAMPLES / example).read_text(encoding="utf-8")
    return [f"[{example}](../../../examples/{example}):", "", "```yaml", text.rstrip(), "```", ""]
