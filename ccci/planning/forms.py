"""A plan in the forms of `--report`. Pure."""

from ccci.host.sanitizer import dumped
from ccci.planning.markdown import markdown
from ccci.planning.model import Plan, document


def render(name: str, plan: Plan) -> str:
    """Return a plan in one of its forms, `json` or `markdown`; it is masked already."""
    return dumped(document(plan)) if name == "json" else markdown(plan).rstrip("\n") + "\n"
