"""`ccci sweep upgrade`: what the newer of two commits of a recipe forgot."""

from dataclasses import dataclass, field
from pathlib import Path

from ccci.errors import BaseBroken, CheckoutFailed, UsageError
from ccci.host import clock
from ccci.names import AUTO
from ccci.recipe import checkouts, history
from ccci.recipe.base import choose_base
from ccci.recipe.source import locate
from ccci.steps.before.comparison import revision_at
from ccci.sweep import exceptions
from ccci.sweep.forms import Told
from ccci.sweep.model import Commit, verdict
from ccci.sweep.rules import Choice
from ccci.sweep.upgrade.comparing import compare


@dataclass(frozen=True, slots=True)
class Request:
    """What to compare; `start` and `end` are refs, `end` None for the source's own HEAD."""

    recipe: str
    start: str = AUTO
    end: str | None = None
    source: str | None = None
    choice: Choice = field(default_factory=Choice)
    exceptions: Path | None = None
    fail_on: str = "error"


def compared(request: Request) -> Told:
    """Return the comparison that is asked for, and how that ends.

    Raise CheckoutFailed, BaseBroken, UsageError.
    """
    accepted = exceptions.read(request.exceptions) if request.exceptions else ()
    source = locate(request.recipe, request.source)
    with history.opened(source.location) as commits:
        checkout = commits.checkout
        if request.end is None:
            head = checkouts.source_head(checkout)
            if head is None:
                raise CheckoutFailed(f"{source.location} has no HEAD", "name a commit with --to")
        else:
            head = checkouts.resolve(checkout, request.end)
        after = revision_at(commits, head, request.end)
        try:
            base = choose_base(checkout, head, request.start, after.release, allow_same=False)
        except (BaseBroken, UsageError) as error:
            raise type(error)(error.message, "name the older commit with --from") from None
        before = revision_at(commits, base.commit, base.version)
        found = compare(source.recipe, before, after, request.choice)
        if accepted:
            found = exceptions.applied(found, accepted, clock.today())
        before_after = Commit(before.name, before.commit), Commit(after.name, head)
        title = f"{before.name} to {after.name}"
        return Told(found, verdict(found, request.fail_on), title, before_after)
