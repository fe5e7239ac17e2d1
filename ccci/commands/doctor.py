"""`ccci doctor`: say whether this machine is able, and the next step where it is not."""

from ccci.actions import doctor
from ccci.commands.options import Context, examples
from ccci.commands.reporting import reporting
from ccci.report.model import document
from ccci.report.rendering import render
from ccci.report.settled import settled
from ccci.steps import machine


@examples(("ccci doctor", "what is there, what is missing, and what to do about it"))
@reporting
def command(ctx: Context) -> int:
    """Say whether this machine is able to run ccci, with the next step where it is not.

    Exit code 3 when something that is needed is missing.
    """
    checks = doctor.examine()
    found = doctor.report(checks)
    ctx.obj.hand_on(lambda name: render(name, settled(found, ctx.obj.secrets)))
    ctx.obj.document(document(found))
    ctx.obj.text(*machine.tell(checks), found.summary)
    return found.exit_code
