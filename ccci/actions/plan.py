"""To plan: let COMMAND speak to a recording Engine, and say what its deploy would do."""

import os
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.host.masking import Mask
from ccci.planning import file
from ccci.planning.model import Plan
from ccci.steps import plan_checks, recorder
from ccci.steps.recorder import Command
from ccci.swarm.engine.client import Engine

_NAMES_AN_ENGINE = re.compile(r"\bDOCKER_(?:HOST|CONTEXT)\b")
_OWN_ENGINE = re.compile(r"^(?:-[A-Za-z]*[Hc]|--(?:host|context)(?:=|$))")
_TAKES_A_VALUE = ("-l", "--log-level", "--config", "--tlscacert", "--tlscert", "--tlskey")
_QUOTES = str.maketrans(dict.fromkeys("\"'`;&|()", " "))


@dataclass(frozen=True, slots=True)
class Request:
    """What is to be planned.

    `timeout` is how many seconds COMMAND may take, `fail_on` the least severity of a finding that
    decides the verdict.
    """

    stack: str
    command: tuple[str, ...]
    save: Path | None = None
    timeout: float = recorder.DEPLOY_PATIENCE
    fail_on: str = "never"


def plan(
    request: Request,
    *,
    lines: Callable[[str], None],
    keep_secret: Callable[[Iterable[Mask]], None] = lambda _: None,
) -> Plan:
    """Return what COMMAND would do to the stack.

    `lines` is called with each line that COMMAND prints, `keep_secret` with the values that may not
    be told. Raise UsageError where COMMAND names an
    Engine of its own, EngineUnavailable where ours cannot be used.
    """
    if not request.command:
        raise UsageError("there is no COMMAND to plan", "give it after `--`")
    refuse_own_engine(request.command)
    with Engine.connect() as engine:
        engine.require_manager()
        with recorder.over(engine) as recording:
            command = Command(request.command, os.environ, lines, request.timeout)
            asked = recording.run(command)
            found, secrets = recording.plan(request.stack, asked)
    keep_secret(secrets)
    found = plan_checks.failing(found, request.fail_on)
    keep(request.save, found, secrets)
    return found


def keep(path: Path | None, found: Plan, secrets: Iterable[Mask]) -> None:
    """Keep a plan in a file, where one is asked for and the plan is one to go by.

    Raise CcciError where it cannot be written.
    """
    if path is not None and found.verdict in {Verdict.DONE, Verdict.FINDINGS}:
        file.save(path, found, secrets)


def refuse_own_engine(command: Sequence[str]) -> None:
    """Raise UsageError for a COMMAND that names an Engine: it would not speak to the recording one.

    What hides it better (a script, a program of its own) is found by the versions before and after.
    """
    text = " ".join(command).replace("\\\n", " ").translate(_QUOTES)
    words = text.split()
    if _NAMES_AN_ENGINE.search(text) or _empties_the_environment(words) or _has_engine(words):
        raise UsageError(
            "COMMAND names an Engine of its own (-H, --context, DOCKER_HOST, DOCKER_CONTEXT), or "
            "starts without our environment (sudo, env -i)",
            "let it go by DOCKER_HOST: set that for ccci itself instead",
        )


def _has_engine(words: Sequence[str]) -> bool:
    """Say whether a docker among these words has an option that names an Engine."""
    for number, word in enumerate(words):
        if word.rpartition("/")[2] != "docker":
            continue
        rest = iter(words[number + 1 :])
        for option in rest:
            if not option.startswith("-"):
                break
            if _OWN_ENGINE.match(option):
                return True
            if option in _TAKES_A_VALUE:
                next(rest, None)
    return False


def _empties_the_environment(words: Sequence[str]) -> bool:
    """Say whether a word starts what follows without our environment."""
    pairs = set(pairwise(words))
    if any(("env", option) in pairs for option in ("-", "-i", "--ignore-environment")):
        return True
    kept = any(word.startswith(("-E", "--preserve-env")) for word in words)
    return "sudo" in words and not kept
