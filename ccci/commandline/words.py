"""What ccci means by a word: the glossary of the help and of the documentation. Pure."""

import re

from ccci.names import OVERLAY

WORDS = {
    "base": "the release that an upgrade starts from. It has to come up before the head is tested",
    "baseline": "what a stack was before the deploy: specs, update statuses, tasks. What ccci "
    "judges against",
    "cause": "why a service failed, as a stable code: [all of them](causes.md)",
    "chaos": "abra's word for a deploy of a commit that is no release; its labels say which "
    "commit, `+U` that the tree had changes",
    "converged": "every service runs exactly what was asked for, and stayed so",
    "deadline": "until when a rollout has to be over: derived from the recipe's own numbers, or "
    "`--timeout`",
    "done": "what was asked is done, by a command that judges no rollout",
    "head": "the commit that is tested",
    "identity": "which commit and version is declared, and which runs: [the mismatches]"
    "(identity.md)",
    "new, old": "tasks made of the spec that was asked for, or of an earlier one: `new 2/6, old 4` "
    "is two of six new ones up, four old ones left",
    "overlay": f"a compose file of yours on top of the recipe's, `{OVERLAY}`",
    "phase": "how far a service is while it is followed: [all of them](phases.md)",
    "rolled back": "Swarm put the previous spec back, labels included; the story names both "
    "commits",
    "slot": "one of the places of a service; each holds one task at a time, but for the moment of "
    "a change",
    "soak": "how long every task has to stay up before a pass is said",
    "spec": "what a service is asked to be: image, command, limits, policy, labels",
    "steady": "it held through the soak; the other services may still be on their way",
    "Swarm says": "Swarm's own word for an update. It is a timer's word: `completed` proves "
    "nothing about what runs",
    "task": "one attempt to run a service's container; a new one is made for each attempt",
    "verdict": "how it ended, in one word, with its [exit code](exit-codes.md)",
}
"""Each word with its meaning, in Markdown; links are those of the reference."""
_LINK = re.compile(r"\[([^]]+)\]\([^)]*\)")


def plain(text: str) -> str:
    """Return a text without its links in Markdown."""
    return _LINK.sub(r"\1", text)
