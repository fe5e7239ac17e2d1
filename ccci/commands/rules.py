"""`ccci sweep rules`: explain a rule, or list them all."""

from typing import Annotated

from ccci.actions import rules
from ccci.commandline.declared import Completes
from ccci.commands.options import Context, argument, examples


@examples(
    ("ccci sweep rules", "every rule with its severity"),
    ("ccci sweep rules CCCI001", "one: why it matters, where that is known from, what to do"),
)
def command(
    ctx: Context,
    rule: Annotated[
        str | None, argument("[RULE]", "Such as CCCI001.", completes=Completes.RULES)
    ] = None,
) -> int:
    """Explain a rule, or list them all."""
    return rules.tell(ctx.obj, rule)
