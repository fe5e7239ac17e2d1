"""What a commit label is held against: the teeth of the identity check. Pure."""

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from ccci.swarm.model import Identity, Spec

ABBREVIATED = re.compile(r"[0-9a-f]{7,40}")
"""A commit as people and labels write it: git's own shortest to the whole."""


def commit_matches(label: str, full_head: str, commits: Collection[str] | None = None) -> bool:
    """Say whether a commit label, without its `+U`, names the commit `full_head`.

    With `commits` (the checkout's full commits) the label must be a prefix of the full head and
    of no other commit. Without a checkout `full_head` may be abbreviated too, and the shorter
    must be a prefix of the longer.
    """
    if not ABBREVIATED.fullmatch(label) or not ABBREVIATED.fullmatch(full_head):
        return False
    if commits is None:
        return label.startswith(full_head) or full_head.startswith(label)
    others = {commit for commit in commits if commit.startswith(label)} - {full_head}
    return full_head.startswith(label) and not others


@dataclass(frozen=True, slots=True)
class Dirt:
    """The dirty paths of the tree that was deployed, and those that ccci itself put there."""

    paths: frozenset[str] = frozenset()
    ours: frozenset[str] = frozenset()

    @property
    def explained(self) -> bool:
        """Say whether ccci's own files are all that made the tree dirty."""
        return bool(self.paths) and self.paths <= self.ours


@dataclass(frozen=True, slots=True)
class Asked:
    """What the identity is held against, and what is known besides the Engine's own answers."""

    expected: str | None = None
    """A full commit, or 7 to 40 hex digits where no checkout can complete them; None holds what
    runs against what is declared.
    """
    commits: Collection[str] | None = None
    """The full commits of the checkout, at least those the label abbreviates; None without one."""
    dirt: Dirt = field(default_factory=Dirt)
    recorded: Mapping[str, str] = field(default_factory=dict)
    """The commit of the deploy that set a spec, by `Spec.whole`."""
    releases: Mapping[str, str] = field(default_factory=dict)
    """The checkout's tags with their full commits: a release is deployed pinned, and then labelled
    with its version alone.
    """
    seen: bool = False
    """Whether the run itself saw the expected commit declared."""

    def names(self, identity: Identity) -> bool:
        """Say whether these labels name the expected commit."""
        if self.expected is None:
            return True
        if identity.commit is not None:
            return commit_matches(identity.commit, self.expected, self.commits)
        released = self.releases.get(identity.version or "")
        return released is not None and commit_matches(self.expected, released)

    def commit_of(self, spec: Spec) -> str | None:
        """Return the commit a spec stands for: by its label (without `+U`), else as recorded."""
        own = spec.identity
        return own.commit or self.releases.get(own.version or "") or self.recorded.get(spec.whole)
