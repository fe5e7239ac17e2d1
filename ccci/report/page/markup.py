"""HTML that is made of elements, in which every text is made harmless. Pure."""

from ccci.host import sanitizer

LONGEST = 400
"""Characters that a text has on a page at most; the whole is in the run's files."""

_VOID = {"meta", "br"}
Attribute = str | int | float | bool | None


class Markup(str):
    """HTML that is finished: put into an element as it is."""

    __slots__ = ()


Child = Markup | str | None


def tag(element: str, /, *children: Child, **attributes: Attribute) -> Markup:
    """Return an element; children that are plain text are made harmless, None is left out.

    An attribute's name has `-` for `_`, and loses one at its end (`class_`); True stands without
    a value, None and False are left out.
    """
    opened = f"<{element}{''.join(_attribute(key, each) for key, each in attributes.items())}>"
    if element in _VOID:
        return Markup(opened)
    return Markup(f"{opened}{joined(*children)}</{element}>")


def joined(*children: Child) -> Markup:
    """Return children one after the other, as in an element."""
    return Markup(
        "".join(
            each if isinstance(each, Markup) else text(each)
            for each in children
            if each is not None
        )
    )


def text(said: str) -> Markup:
    """Return a text as HTML, cut where it is too long."""
    return Markup(sanitizer.html(cut(said)))


def cut(said: str, most: int = LONGEST) -> str:
    """Return a text of at most so many characters; what is left out is a `…`."""
    return said if len(said) <= most else said[: most - 1] + "…"


def prose(said: str) -> Markup:
    """Return a sentence in which what stands between backticks is code, to be copied at a click."""
    parts = cut(said, 2 * LONGEST).split("`")
    whole = len(parts) % 2 == 1  # else one backtick has no other
    return joined(
        *(
            tag("code", each) if whole and number % 2 else each
            for number, each in enumerate(parts)
            if each
        )
    )


def _attribute(name: str, value: Attribute) -> str:
    if value is None or value is False:
        return ""
    key = name.rstrip("_").replace("_", "-")
    if value is True:
        return f" {key}"
    said = f"{value:.6g}" if isinstance(value, float) else sanitizer.html(cut(str(value), 1000))
    return f' {key}="{said}"'
