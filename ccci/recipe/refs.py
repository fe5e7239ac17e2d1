"""What may be a ref, and what of an address may be shown. Pure text."""

import re

from ccci.errors import UsageError
from ccci.host.masking import HIDDEN, without_credentials
from ccci.host.secret_values import secret_parameters

# What git-check-ref-format(1) forbids, and `^` and `~`, which would be an expression.
_BAD_REF = re.compile(r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|^/|/$|\.$|\.lock$|(^|/)\.")


def check_ref(ref: str) -> None:
    """Raise UsageError for what cannot be a ref, from the text alone."""
    if not ref:
        raise UsageError("an empty ref", "give a tag, a branch or a commit")
    if ref.startswith("-"):
        raise UsageError(f"{ref!r} looks like an option, not like a ref", "give a tag or a commit")
    if _BAD_REF.search(ref):
        raise UsageError(f"{ref!r} cannot be a ref", "give a tag, a branch or a commit")


def hide_password(text: str) -> str:
    """Return a text without the users, passwords and tokens of the addresses in it."""
    shown = without_credentials(text)
    # An address alone is parted at its last @, as git is told it.
    alone = shown != text and "://" in text and not any(map(str.isspace, text))
    if alone and f"{HIDDEN}@" in shown:
        scheme, _, rest = shown.partition("://")
        return f"{scheme}://{HIDDEN}@{rest.rpartition('@')[2]}"
    return shown


def check_address(address: str) -> None:
    """Raise UsageError for an address that has a secret where git would show it to everybody."""
    named = secret_parameters(address) if "://" in address else ()
    if named:
        raise UsageError(
            f"{hide_password(address)} has a secret in its parameter {named[0]}, and git would show"
            " it to every user of this machine",
            "put USER:TOKEN and an @ before its host, or leave it to git's credential helper",
        )
