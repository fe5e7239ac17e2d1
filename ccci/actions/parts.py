"""The deploys that a run is made of, as they can be told before anything is deployed."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from ccci.deployers import App
from ccci.recipe.checkouts import Checkout


@dataclass(frozen=True, slots=True)
class Part:
    """One deploy of a run: what it is for, the full commit, its release, more for the `.env`."""

    name: str
    commit: str
    version: str | None
    env: Mapping[str, str] = field(default_factory=dict)
    from_sample: bool = False
    ref: str | None = None

    def __str__(self) -> str:
        """Return it as people name it."""
        return f"{self.name} {self.version or self.commit[:8]}"


Parts = Callable[[Checkout, App], Sequence[Part]]
"""What finds out what is deployed, given the clone and an app whose domain is not the final one."""
