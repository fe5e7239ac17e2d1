"""The forms in which a run can be reported: one table, which the option and the docs are made of.

A form is written by a function `(report) -> str`; `rendering` imports its module when it is asked
for. The names of the forms are wanted where no report is at hand. Pure.
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Format:
    """A form: the module that writes it, what it is, and where it is shown.

    `timed` says that it is made of the timeline as well, which takes reading the whole trace;
    `function` is the writer's name in its module.
    """

    module: str
    what: str
    shown: str
    timed: bool = False
    function: str = "write"


FORMATS: dict[str, Format] = {
    "json": Format(
        "ccci.report.writers.plain_json",
        "the document of [the report](report.md), as `--json` prints it",
        "read by scripts; `ccci explain FILE` tells its story",
    ),
    "junit": Format(
        "ccci.report.writers.junit",
        "JUnit XML: a case per step and per service, those of each run of `--repeat` apart; the "
        "cause is the `type`, the story the text",
        "GitLab `artifacts:reports:junit`, Jenkins, Azure, Buildkite; Forgejo and GitHub by an "
        "action that reads it",
    ),
    "markdown": Format(
        "ccci.report.writers.markdown",
        "a page of at most 60,000 bytes: verdict, table, causes, last words, next step; the rest "
        "folded",
        "a comment on a pull or merge request, a job's summary",
    ),
    "html": Format(
        "ccci.report.page.whole",
        "one page without a network: a lane per service with its tasks, what Swarm said, memory",
        "a browser, from the artifact of any CI",
        timed=True,
        function="page",
    ),
    "sarif": Format(
        "ccci.report.writers.sarif",
        "SARIF 2.1.0: a result per failing service, the cause as its rule; a run that could not "
        "judge is a notification of the tool",
        "GitHub code scanning, editors",
    ),
    "github": Format(
        "ccci.report.writers.github",
        "workflow commands: the story in a group, then an `::error` per failing service, the worst "
        "first",
        "annotations of GitHub, once the file is printed (`cat FILE`) or with `github=-`; Forgejo "
        "and Gitea take the same words",
    ),
    "gitlab": Format(
        "ccci.report.writers.gitlab",
        "a Code Quality report: an entry per failing service",
        "GitLab `artifacts:reports:codequality`, in the widget of the merge request",
    ),
}
"""Every form by its name in `--report FORMAT=FILE`."""
