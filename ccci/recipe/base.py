"""Which release a head is tested from."""

from dataclasses import dataclass, field

from ccci.errors import BaseBroken, CheckoutFailed, UsageError
from ccci.names import AUTO
from ccci.recipe import checkouts
from ccci.recipe.checkouts import Checkout
from ccci.recipe.refs import hide_password

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Base:
    """What the head goes on top of: a commit, and its release where it is one.

    `skipped` is the newer release that was passed over, since the head has its version still.
    """

    commit: str
    version: str | None
    skipped: str | None = field(default=None, compare=False)

    def __str__(self) -> str:
        """Return it as people name it."""
        return self.version or self.commit[:8]


def refuse_same(base: Base, head: str, *, allow_same: bool) -> None:
    """Raise UsageError where base and head are one commit."""
    if base.commit and head.startswith(base.commit) and not allow_same:
        raise UsageError(
            f"base and head are the same commit {head[:10]}: that tests nothing",
            "give another --base, or --allow-same",
        )


def choose_base(
    checkout: Checkout, head: str, asked: str, head_version: str | None, *, allow_same: bool
) -> Base:
    """Return the base for this head (full commits).

    `auto` is the newest release that is an ancestor of the head and neither the head itself nor
    its version (which its own compose file says). Raise BaseBroken where there is none, UsageError
    where base and head are one commit, CheckoutFailed where the base cannot be found.
    """
    if asked != AUTO:
        try:
            base = Base(checkouts.resolve(checkout, asked), checkouts.tag_of(checkout, asked))
        except CheckoutFailed as error:
            raise CheckoutFailed(f"the base: {error.message}", error.hint) from None
        refuse_same(base, head, allow_same=allow_same)
        return base
    within = checkouts.releases(checkout, within=head)
    skipped = None
    for release, commit in within.items():
        same = commit == head or release.tag == head_version
        if allow_same or not same:
            return Base(commit, release.tag, skipped)
        skipped = release.tag if commit != head else skipped
    raise _none(checkout, [release.tag for release in within], head_version)


def _none(checkout: Checkout, within: list[str], head_version: str | None) -> BaseBroken:
    """Return why there is no base: an absence in a history that was cut off is no fact about it."""
    if checkouts.is_shallow(checkout):
        return BaseBroken(
            f"there is no base in what is at hand: the clone at {hide_password(checkout.source)} "
            "is shallow, so its history ends before a release",
            "fetch the whole of it (`git fetch --unshallow --tags`; in CI a clone of full depth), "
            "or name one with --base",
        )
    if within:
        return BaseBroken(
            "there is no base: the only release before the head is the head's own version "
            f"{head_version or within[0]}",
            "give one with --base",
        )
    every = checkouts.releases(checkout)
    others = checkouts.tags(checkout)
    passed_over = f", and passed over {', '.join(others[:_SHOWN])}" if others else ""
    return BaseBroken(
        "there is no base: "
        + (
            f"none of the {len(every)} releases is an ancestor of the head"
            if every
            else f"the repository has no release tag such as 1.0.0+2.3.4{passed_over}"
        ),
        "give one with --base, or fetch the tags of the upstream with --upstream",
    )
