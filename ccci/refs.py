"""What may be a ref, and what of an address may be shown. Pure text."""

import re

from ccci.errors import UsageError

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
    """Return a text without the user and password of any URL in it."""
    return re.sub(r"(?<=://)[^/@\s]+@", "***@", text)
