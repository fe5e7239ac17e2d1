"""What one look at a stack after the other repeats, decoded once. Pure.

A spec is the same in each look until somebody changes it, and decoding it is most of a look's work.
"""

import json
from collections.abc import Callable
from functools import lru_cache, wraps
from typing import TypeVar

from ccci.swarm.decode.typed import Json

_KEPT = 512
_LONGEST = 2**15
"""Characters of JSON; longer ones are decoded each time, so that a memory has its bounds."""

Value = TypeVar("Value")


def once(decode: Callable[[Json], Value]) -> Callable[[Json], Value]:
    """Return a decoder that knows objects again which it decoded lately."""

    @lru_cache(_KEPT)
    def decoded(text: str) -> Value:
        return decode(json.loads(text))

    @wraps(decode)
    def known(raw: Json) -> Value:
        text = json.dumps(raw)
        return decoded(text) if len(text) <= _LONGEST else decode(raw)

    return known
