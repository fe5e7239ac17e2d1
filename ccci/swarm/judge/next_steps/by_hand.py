"""What died, to be tried by hand: a line for a shell, made of the service's spec. Pure text.

Variables and secrets are named, and no value of theirs is told. What others wrote stands in the
line only where it is short and plain and can hold no password, and is quoted for a shell.
"""

import re
import shlex
from collections.abc import Sequence

from ccci.host.sanitizer import log
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.model import Spec

_LONGEST = 120
"""Characters of a command; of a longer one a shell is opened in place."""
_NAMED = 3
"""So many variables, and so many things that a container by hand lacks, are named."""
_CONTAINER = "by-hand"

_IMAGE = re.compile(r"[A-Za-z0-9][\w.:/@-]{0,250}", re.ASCII)
_VARIABLE = re.compile(r"[A-Za-z_][\w.-]{0,40}", re.ASCII)
# Where people write passwords into a command: by a name, in an address, behind a short flag; what
# a trace or a report hid there; and a word that is made of letters and digits.
_TELLING = re.compile(
    r"pass|pw|secret|token|key|auth|cred|salt|seed|pin\b|licen|cookie|dsn|jwt|login|user|@"
    r"|(?:^|\s)-[apu]|\*\*\*|masked:"
    r"|\b(?=\w*\d)(?=\w*[a-z])\w{6}",
    re.IGNORECASE,
)


def started_by_hand(now: Situation) -> str:
    """Return how to start by hand what ended, or nothing where its image is not known."""
    if now.spec is None or not _image(now.spec):
        return ""
    words = _command(now.spec)
    if words is None:
        return f"{_in_a_shell(now, now.spec)}{_lacking(now.spec)}"
    line = _run(now.spec, ["-it"], words)
    return f"start it by hand{_where(now)}: `{line}`{_lacking(now.spec)}"


def asked_by_hand(now: Situation) -> str:
    """Return how to ask a health check by hand, or nothing where its image is not known."""
    if now.spec is None or not _image(now.spec):
        return ""
    words, question = _command(now.spec), _question(now.spec)
    if words is None or question is None:
        then = ", then what the check's `test` says"
        return f"{_in_a_shell(now, now.spec)}{then}{_lacking(now.spec)}"
    line = _run(now.spec, ["-d", "--name", _CONTAINER], words)
    return f"start it by hand{_where(now)}: `{line}`, and ask it: `{question}`{_lacking(now.spec)}"


def _in_a_shell(now: Situation, spec: Spec) -> str:
    line = shlex.join(["docker", "run", "--rm", "-it", *_flags(spec), "--entrypoint", "sh"])
    return (
        f"open a shell in its image{_where(now)}: `{line} {_image(spec)}`, and start there what "
        "its `entrypoint` and `command` say"
    )


def _where(now: Situation) -> str:
    """Return words for its node where that is another than the one that was asked."""
    away = now.evidence is not None and not now.evidence.local
    return f" on {now.where}" if away else ""


def _run(spec: Spec, how: Sequence[str], words: Sequence[str]) -> str:
    """Return the line that starts what a service's tasks start.

    `--entrypoint` takes the first word alone.
    """
    flags, rest = [*how, *_flags(spec)], list(words)
    if spec.container.entrypoint:
        flags += ["--entrypoint", rest.pop(0)]
    return shlex.join(["docker", "run", "--rm", *flags, _image(spec), *rest])


def _flags(spec: Spec) -> list[str]:
    found: list[str] = []
    for flag, value in (("--user", spec.container.user), ("--workdir", spec.container.folder)):
        if value and _is_plain(value):
            found += [flag, value]
    names = _variables(spec)
    return found + [word for name in names[: _few(names)] for word in ("-e", name)]


def _few(names: Sequence[str]) -> int:
    return len(names) if len(names) <= _NAMED else 0


def _command(spec: Spec) -> list[str] | None:
    """Return the words of entrypoint and command, or None where they are not to be told."""
    words = [*spec.container.entrypoint, *spec.container.command]
    # What a config or a volume brings is not in the image.
    brought = any(path in word for path in _brought(spec) for word in words)
    return None if brought or not _may_be_told(words) else words


def _question(spec: Spec) -> str | None:
    """Return the line that asks the check, or None where its words are not to be told.

    A `CMD-SHELL` is given to the image's shell, `sh` where it names none (moby daemon/health.go);
    an image's own check asks by itself.
    """
    test = spec.container.test
    if not test:
        return shlex.join(["docker", "inspect", "--format", "{{json .State.Health}}", _CONTAINER])
    words = ["sh", "-c", *test[1:]] if test[0] == "CMD-SHELL" else test[1:]
    return shlex.join(["docker", "exec", _CONTAINER, *words]) if _may_be_told(words) else None


def _may_be_told(words: Sequence[str]) -> bool:
    text = " ".join(words)
    return len(text) <= _LONGEST and all(map(_is_plain, words)) and not _TELLING.search(text)


def _is_plain(word: str) -> bool:
    """Say whether a word is printed as it is, and does not end the code in which it stands."""
    if not (word.isascii() and word.isprintable()) or "`" in word or len(word) > _LONGEST:
        return False
    return log(f"x {word} x") == f"x {word} x"


def _lacking(spec: Spec) -> str:
    """Tell what has to be set first, and what a container by hand lacks."""
    names = _variables(spec)
    told = ""
    if names:
        told = f"; set {', '.join(names)} in your shell first"
    if len(names) > _NAMED:
        told = f"; give it its {len(names)} variables (`-e NAME`)"
    paths = [each for each in _brought(spec) if _is_plain(each)]
    if len(paths) > _NAMED:
        paths = [*paths[: _NAMED - 1], f"{len(paths) - _NAMED + 1} more"]
    return f"{told}; there it lacks {', '.join(paths)}" if paths else told


def _variables(spec: Spec) -> list[str]:
    return [each for each in spec.container.variables if _VARIABLE.fullmatch(each)]


def _brought(spec: Spec) -> list[str]:
    """Return where in the container lies what an image does not have: secrets, configs, mounts."""
    return [*spec.container.files, *(mount.target for mount in spec.mounts if mount.target)]


def _image(spec: Spec) -> str:
    image = spec.container.image
    return image if _IMAGE.fullmatch(image) else ""
