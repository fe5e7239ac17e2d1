"""`ccci version`: which ccci this is."""

from ccci import __version__
from ccci.commands.options import Context, examples


@examples(("ccci version", "as `ccci --version`"))
def command(ctx: Context) -> int:
    """Print the version."""
    ctx.obj.document({"schema": "ccci.version/1", "version": __version__})
    ctx.obj.text(f"ccci {__version__}")
    return 0
