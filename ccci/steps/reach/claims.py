"""What a recipe must not say about the swarm: that a lock, or another stack's property, is its own.

`docker stack deploy` takes over a config or secret of any stack whose name a file repeats: it
relabels it (docker/cli, cli/command/stack/swarm/deploy_composefile.go: createConfigs), and Swarm
lets a secret be relabelled by whoever gives no data. The teardown would then remove it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from ccci.compose.tree import text_of
from ccci.errors import DeployRefused
from ccci.locks.swarm_lock import LABEL, PREFIX
from ccci.recipe.stack_file import SECTIONS, StackFile, declared_in, parts
from ccci.steps.reach.ownership import Owners
from ccci.swarm.labels import OURS_LABEL

_OURS = "ccci."
_TAKEN_OVER = {"configs", "secrets"}
_HINT = "the labels ccci.* and the names ccci-lock-* are ccci's own: take it out of the recipe"


def refuse_ours(stack: StackFile, name: str) -> None:
    """Raise DeployRefused for an object that could be taken for one of ccci's; pure.

    Services may carry `ccci.health-path` and the like, which are made for recipes.
    """
    for section in SECTIONS:
        for key, declared in declared_in(stack, section).items():
            what = f"{section[:-1]} {key}"
            called = name_of(declared, key, name)
            if called.startswith(PREFIX):
                raise DeployRefused(f"{what} is named {called}, as a lock of ccci is", _HINT)
            _refuse_label(what, (label for label in _keys(declared) if label.startswith(_OURS)))
    for key in stack.services:
        for part in parts(stack, key):
            labels = (*_keys(part), *_keys(part.get("deploy")))
            ours = (each for each in labels if each.startswith(LABEL) or each == OURS_LABEL)
            _refuse_label(f"service {key}", ours)


def refuse_others(there: Owners, stack: StackFile, name: str) -> None:
    """Raise DeployRefused for what a deploy would take from somebody else.

    Of a network or volume that no stack is known to own nothing is taken: the Engine refuses to
    make the one anew, and leaves the other as it is.
    """
    for section in SECTIONS:
        for key, declared in declared_in(stack, section).items():
            called = name_of(declared, key, name)
            owner = there.of(section, called)
            if declared.get("external") or owner == name:
                continue
            if owner or section in _TAKEN_OVER:
                whose = (
                    f"belongs to the stack {owner}"
                    if owner
                    else (
                        "is on this swarm already, and belongs to somebody else: it has no stack's "
                        "label"
                    )
                )
                raise DeployRefused(
                    f"{section[:-1]} {key}: {called} {whose}",
                    "give it a name that begins with ${STACK_NAME}_, or say `external: true`",
                )


def name_of(declared: Mapping[str, Any], key: str, stack: str) -> str:
    """Return what an object of a compose file is called on the swarm."""
    external = declared.get("external")
    if isinstance(external, Mapping) and external.get("name"):
        return text_of(external["name"])
    if declared.get("name"):
        return text_of(declared["name"])
    return key if external else f"{stack}_{key}"


def _refuse_label(what: str, labels: Iterable[str]) -> None:
    label = next(iter(labels), None)
    if label is not None:
        raise DeployRefused(f"{what} has the label {label}", _HINT)


def _keys(declared: object) -> Iterator[str]:
    """Give the keys of the labels that a service, a `deploy` or an object declares."""
    labels = declared.get("labels") if isinstance(declared, Mapping) else None
    if isinstance(labels, Mapping):
        yield from (str(key) for key in labels)
    elif isinstance(labels, list):
        yield from (text_of(each).partition("=")[0] for each in labels)
