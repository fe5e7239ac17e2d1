"""A sweep in the forms of `--report`. Pure."""

from ccci.exits import Verdict
from ccci.report.writers import gitlab
from ccci.report.writers.github import annotations
from ccci.report.writers.plain_json import dumped
from ccci.sweep.document import Commits, document
from ccci.sweep.issues import of_sweep
from ccci.sweep.markdown import markdown
from ccci.sweep.model import Sweep
from ccci.sweep.rules import RULES, UPGRADE_RULES
from ccci.sweep.sarif import sarif


def render(
    name: str,
    sweep: Sweep,
    ended: Verdict,
    title: str = "Rollback policy",
    commits: Commits | None = None,
) -> str:
    """Return a sweep in one of its forms; `commits` are those that were compared."""
    if name == "json":
        return dumped(document(sweep, ended, commits))
    if name == "sarif":
        return dumped(sarif(sweep, UPGRADE_RULES if commits else RULES))
    if name == "gitlab":
        return gitlab.document(of_sweep(sweep))
    if name == "github":
        verb = "upgrade" if commits else "rollback-policy"
        return "".join(f"{line}\n" for line in annotations(of_sweep(sweep), f"ccci sweep {verb}"))
    return markdown(sweep, title) + "\n"
