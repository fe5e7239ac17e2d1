"""The secrets of an app: which it needs, how they are made, never what they are.

A recipe declares them as external in compose, named `<stack>_<secret>_<version>`; the version is
a key of the `.env`, and the comment behind it says how to make the value (`length=32`,
`charset=hex`, `generate=false`): docs.coopcloud.tech, maintainers' handbook.
"""

import re
import secrets as randomness
import string
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from ccci.compose import Named
from ccci.errors import DeployRefused
from ccci.names import LONGEST_OBJECT_NAME
from ccci.recipe.dotenv import Entry

# swarmkit manager/controlapi (config.go, secret.go), as Engines from 20.10 on have it.
_NAME = re.compile(r"[a-zA-Z0-9](?:[a-zA-Z0-9_.-]*[a-zA-Z0-9])?")
_LENGTHS = range(1, 4097)
_DIGITS = 5
_MODIFIER = re.compile(r"#?\b(length|charset|generate)\s*=\s*([^\s#]+)")
_WORDS = 6

_CHARSETS = {
    "default": string.ascii_letters + string.digits,
    "alnum": string.ascii_letters + string.digits,
    "alphanum": string.ascii_letters + string.digits,
    "alphanumeric": string.ascii_letters + string.digits,
    "alpha": string.ascii_letters,
    "lower": string.ascii_lowercase,
    "upper": string.ascii_uppercase,
    "digits": string.digits,
    "numeric": string.digits,
    "hex": "0123456789abcdef",
    "base64": string.ascii_letters + string.digits + "+/",
    "special": "!@#$%^&*_-+=",
    "safespecial": "!@#%^&*_-+=",
}


@dataclass(frozen=True, slots=True)
class Modifiers:
    """How a secret is made. Without a length it is a passphrase."""

    length: int | None = None
    charset: str = "default"
    generate: bool = True


@dataclass(frozen=True, slots=True)
class Secret:
    """A secret that services of the stack use: its key in compose, its name on the swarm."""

    key: str
    name: str
    modifiers: Modifiers


def modifiers(comment: str, key: str) -> Modifiers:
    """Return what the comment behind a version says. Raise DeployRefused for what it cannot say."""
    found = {name: value.strip("\"'").lower() for name, value in _MODIFIER.findall(comment)}
    length: int | None = None
    if "length" in found:
        text = found["length"]
        if not text.isdecimal() or len(text) > _DIGITS or int(text) not in _LENGTHS:
            raise DeployRefused(
                f"{key}: length={text[:40]} is no length of a secret",
                "give a number from 1 to 4096",
            )
        length = int(text)
    charset = found.get("charset", "default")
    unknown = [part for part in charset.split(",") if part not in _CHARSETS]
    if unknown:
        raise DeployRefused(
            f"{key}: charset={unknown[0][:40]} is not known",
            f"known are {', '.join(_CHARSETS)}; or insert the secret yourself",
        )
    return Modifiers(length, charset, found.get("generate", "true") != "false")


def needed(
    declared: Mapping[str, Named],
    used: Iterable[str],
    stack: str,
    entries: Iterable[Entry],
    unset: Iterable[str] = (),
) -> tuple[Secret, ...]:
    """Return the external secrets that services use, in the order of their keys.

    `declared` are the `secrets` of compose with their variables replaced, `entries` the app's
    `.env`, `unset` the variables without a value.
    Raise DeployRefused, by name, for one without a version or with a name that Swarm refuses.
    """
    by_key = {entry.key: entry for entry in entries}
    by_name = _named(stack, by_key)
    found: list[Secret] = []
    for key in sorted(set(used)):
        if key not in declared or not declared[key].external:
            continue
        name = declared[key].name
        # The key in compose may differ from the name: then the name itself tells.
        entry = by_key.get(_variable(key)) or by_name.get(name)
        if name.endswith("_") and not (entry and entry.value):
            raise DeployRefused(
                f"the secret {key} has no version: its name would be {name}",
                f"{_variable(key)}=v1 belongs in .env.sample; for this run --env "
                f"{_variable(key)}=v1, or --upgrade-env where the head alone has it",
            )
        check_name("secret", name, unset)
        ours = name.startswith(f"{stack}_")
        found.append(
            Secret(
                key,
                name,
                modifiers(entry.comment if entry else "", entry.key if entry else key)
                if ours
                else Modifiers(generate=False),
            )
        )
    return tuple(found)


def check_name(kind: str, name: str, unset: Iterable[str] = ()) -> None:
    """Raise DeployRefused for a name of a secret or config that Swarm would refuse.

    `unset` are the variables without a value, which may be why.
    """
    if not _NAME.fullmatch(name):
        why = f": no value for {', '.join(unset)}" if unset else ""
        raise DeployRefused(
            f"the {kind} would be named {name[:200]}, which Swarm refuses{why}",
            "give the version in its name a value: export it in abra.sh, or for a secret set it in "
            ".env.sample; a comment behind it is outside of its quotes",
        )
    if len(name) > LONGEST_OBJECT_NAME:
        raise DeployRefused(
            f"the {kind} {name[:200]} has {len(name)} characters, "
            f"Swarm allows {LONGEST_OBJECT_NAME}",
            "take a shorter --domain, or a shorter name in the recipe",
        )


def make(how: Modifiers) -> str:
    """Return a new random value: a passphrase, or `length` characters of the charset."""
    if how.length is None:
        return "-".join(_word() for _ in range(_WORDS))
    letters = "".join(dict.fromkeys("".join(_CHARSETS[part] for part in how.charset.split(","))))
    return "".join(randomness.choice(letters) for _ in range(how.length))


def _word() -> str:
    """Return five letters that can be said: six of them hold more than 80 bits."""
    consonants, vowels = "bcdfghjklmnprstvwz", "aeiou"
    return "".join(randomness.choice(consonants if odd else vowels) for odd in (1, 0, 1, 0, 1))


def _variable(key: str) -> str:
    return f"SECRET_{key.upper().replace('-', '_')}_VERSION"


def _named(stack: str, by_key: Mapping[str, Entry]) -> dict[str, Entry]:
    """Return the lines of the `.env` that give versions, by the names they make on the swarm."""
    found: dict[str, Entry] = {}
    for entry in by_key.values():
        version = re.fullmatch(r"SECRET_(.+)_VERSION", entry.key)
        if version:
            found.setdefault(f"{stack}_{version[1].lower()}_{entry.value}", entry)
    return found
