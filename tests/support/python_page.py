"""The examples of the page about Python, by what they need."""

import re
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "reference" / "python.md"


def examples(need: str = "") -> dict[str, str]:
    """Return the examples that need this (nothing, `swarm` or `pytest`), by heading and number."""
    found: dict[str, str] = {}
    heading = ""
    text = PAGE.read_text(encoding="utf-8")
    for title, word, code in re.findall(
        r"^## ([^\n]+)$|^```python ?(\w*)\n(.*?)^```", text, re.MULTILINE | re.DOTALL
    ):
        heading = title or heading
        if code and word == need:
            found[f"{heading} {len(found) + 1}"] = code
    return found
