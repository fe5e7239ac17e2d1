"""What is new since a commit: the findings that the same sets did not have there."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from ccci.errors import CcciError
from ccci.host.files import checkout_of
from ccci.recipe import checkouts, history
from ccci.sweep.inventory import ComposeSet, Member, own_files
from ccci.sweep.model import Sweep
from ccci.sweep.static import Settings, sweep


def refined(found: Sweep, ref: str, sets: Sequence[ComposeSet], settings: Settings) -> Sweep:
    """Return the sweep without the findings that its sets had at a commit already.

    What is the same is told by rule, service and words, since lines move. A set that was not there
    is new as a whole. Raise CcciError for what lies in no repository, CheckoutFailed for an
    unknown commit.
    """
    known: set[str] = set()
    roots: dict[Path, list[ComposeSet]] = {}
    for each in sets:
        root = checkout_of(each.members[0].path.absolute())
        if root is None:
            raise CcciError(
                f"{each.label} lies in no git repository: what is new since {ref} is not known",
                "leave --new-since out, or sweep a checkout",
            )
        roots.setdefault(root, []).append(each)
    for root, mine in roots.items():
        with history.opened(str(root)) as commits:
            tree = commits.tree(checkouts.resolve(commits.checkout, ref))
            before = [there for each in mine if (there := _at(each, root, tree))]
            known |= {finding.fingerprint for finding in sweep(before, settings).findings}
    findings = tuple(each for each in found.findings if each.fingerprint not in known)
    old = len(found.unique()) - len({each.key for each in findings})
    notes = [*found.notes]
    if old:
        notes.append(f"not shown, since {ref} has them too: {old} findings")
    return replace(found, findings=findings, notes=tuple(notes))


def _at(files: ComposeSet, root: Path, tree: Path) -> ComposeSet | None:
    """Return a set as it was in a tree, under the names of today; None where it was not."""

    def there(path: Path) -> Path:
        return tree / path.absolute().relative_to(root)

    members = tuple(Member(each.name, there(each.path)) for each in files.members)
    if not all(each.path.is_file() for each in members):
        return None
    folder = there(files.folder) if files.folder else None
    own = own_files(folder) if folder else None
    return ComposeSet(members, files.recipe, folder, files.variant, own)
