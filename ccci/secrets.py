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

from ccci.environment import Entry
from ccci.errors import DeployRefused

LONGEST_NAME = 64
"""Swarm refuses longer names of secrets and configs (swarmkit api/validation)."""

_LENGTHS = range(1, 4097)
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
        if not text.isdecimal() or int(text) not in _LENGTHS:
            raise DeployRefused(
                f"{key}: length={text} is no length of a secret", "give a number from 1 to 4096"
            )
        length = int(text)
    charset = found.get("charset", "default")
    unknown = [part for part in charset.split(",") if part not in _CHARSETS]
    if unknown:
        raise DeployRefused(
            f"{key}: charset={unknown[0]} is not known",
            f"known are {', '.join(_CHARSETS)}; or insert the secret yourself",
        )
    return Modifiers(length, charset, found.get("generate", "true") != "false")


def needed(
    document: Mapping[str, Mapping[str, object]],
    used: Iterable[str],
    stack: str,
    entries: Iterable[Entry],
) -> tuple[Secret, ...]:
    """Return the external secrets that services use, in the order of their keys.

    `document` is the `secrets` of compose with its variables replaced, `entries` the app's `.env`.
    Raise DeployRefused, by name, for one without a version or with too long a name.
    """
    by_key = {entry.key: entry for entry in entries}
    found: list[Secret] = []
    for key in sorted(set(used)):
        declared = document.get(key) or {}
        external = declared.get("external")
        if not external:
            continue
        inner = external.get("name") if isinstance(external, Mapping) else None
        name = str(declared.get("name") or inner or key)
        entry = _version_entry(name, key, stack, by_key)
        if entry is None and name.endswith("_"):
            raise DeployRefused(
                f"the secret {key} has no version: its name would be {name}",
                f"set {_variable(key)}=v1 in the app's .env (--env {_variable(key)}=v1)",
            )
        check_name("secret", name)
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


def check_name(kind: str, name: str) -> None:
    """Raise DeployRefused for a name of a secret or config that Swarm would refuse."""
    if len(name) > LONGEST_NAME:
        raise DeployRefused(
            f"the {kind} {name} has {len(name)} characters, Swarm allows {LONGEST_NAME}",
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


def _version_entry(name: str, key: str, stack: str, by_key: Mapping[str, Entry]) -> Entry | None:
    """Return the line of the `.env` that gives a secret its version."""
    if _variable(key) in by_key:
        return by_key[_variable(key)]
    # The key in compose may differ from the name: then the name itself tells.
    for entry in by_key.values():
        found = re.fullmatch(r"SECRET_(.+)_VERSION", entry.key)
        if found and name == f"{stack}_{found[1].lower()}_{entry.value}":
            return entry
    return None
