"""`ccci schema`: the JSON Schema of a document that ccci writes."""

from typing import Annotated

from ccci.actions import schemas
from ccci.commands.options import Context, argument, examples

_WORDS = tuple(schemas.SCHEMAS)


@examples(("ccci schema report", "what `ccci upgrade --json` prints, for a validator"))
def command(
    ctx: Context,
    name: Annotated[
        str,
        argument("NAME", f"The document: {', '.join(_WORDS)}.", words=_WORDS),
    ],
) -> int:
    """Print the JSON Schema of a document that ccci writes, such as the report."""
    ctx.obj.json_result(schemas.schema_of(name))
    return 0
