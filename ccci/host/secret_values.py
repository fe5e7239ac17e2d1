"""Which values of an environment are secret, and in which forms they are written. Pure.

Of an app's `.env` every value is secret unless its name or its shape says that it is not: a name
that nobody thought of (`SMTP_AUTH`, `JWT`) must not let a password through.
"""

import re
from base64 import b64encode
from collections.abc import Collection, Mapping

from ccci.host.patterns import late

SHORTEST = 6
"""Shorter values are words: they are hidden only where they stand alone."""
SHORTEST_WORD = 4
"""What is shorter still is not hidden at all: it would hide the sense, not a secret."""

_SECRET_NAME = late(
    r"PASSWORD|PASSWD|PASSPHRASE|SECRET|TOKEN|CREDENTIAL|API_?KEY|PRIVATE|COOKIE|WEBHOOK|SIGNATURE"
    r"|((?<!BY)(?<!COM)PASS|PWD|PW)($|[_.-])"
    r"|(^|[_.-])(KEY|PASS|CRED|SALT|SEED|PIN|JWT|AUTH|BASICAUTH|DSN|OTP|LICEN[CS]E)(S?$|[_.-])",
    re.IGNORECASE,
)
# `SECRET_X_VERSION` holds `v1`, `X_PASSWORD_FILE` a path, `AUTH_ENABLED` a word of the app's.
_ABOUT_A_SECRET = late(
    r"_(VERSION|FILE|PATH|DIR|ENABLED|DISABLED|TYPE|METHOD|MODE|PROVIDER|LENGTH|EXPIR\w*|TTL"
    r"|TIMEOUT|HOST|DOMAIN|PORT|USER|USERNAME|NAME|SECURE|SAMESITE)$"
    r"|^(ENABLE|DISABLE|ALLOW|USE|REQUIRE)_",
    re.IGNORECASE,
)
_ADDRESS_NAME = late(r"_(URL|URI|ENDPOINT|ISSUER|ADDRESS|SERVER)$", re.IGNORECASE)
# What is long and random under such a name is a commit or a digest, which no word of a service is.
_ALWAYS_OPEN_NAME = late(
    r"^(DOMAIN|TYPE|RECIPE|STACK_NAME|COMPOSE_FILE|COMPOSE_PROJECT_NAME|TZ)$"
    r"|(^|_)(VERSION|DOMAINS?|IMAGE|TAG|COMMIT|REVISION|SHA|SHA256|DIGEST|CHECKSUM)$",
    re.IGNORECASE,
)
_OPEN_NAME = late(
    r"^(DOMAIN|TYPE|RECIPE|STACK_NAME|COMPOSE_FILE|COMPOSE_PROJECT_NAME|LETS_ENCRYPT_ENV|TZ|LANG"
    r"|LANGUAGE|LC_\w+|HOSTNAME|TIMEOUT|PORT|IMAGE|TAG|VERSION|DEBUG|NODE_ENV|RAILS_ENV|APP_ENV)$"
    r"|(^|_)(VERSION|FILE|FILES|PATH|DIR|DOMAIN|DOMAINS|HOST|HOSTS|HOSTNAME|PORT|ENABLED|DISABLED"
    r"|LEVEL|LIMIT|SIZE|TIMEOUT|INTERVAL|RETRIES|REPLICAS|IMAGE|TAG|LOCALE|LANG|LANGUAGE"
    r"|TIMEZONE|MODE|NAME|TITLE|EMAIL|USER|USERNAME|DB|DATABASE|SCHEMA|PROTOCOL|REGION|FROM"
    r"|COMMIT|REVISION|SHA|SHA256|DIGEST|CHECKSUM)$"
    r"|^(ENABLE|DISABLE|ALLOW|USE|WITH)_",
    re.IGNORECASE,
)

_TRIFLE = late(
    r"""-?\d{1,5}(?:\.\d{1,3})?  # a number
    |v\d{1,3}|v?\d{1,4}(?:\.\d{1,4}){1,3}(?:[+-][\w.+-]{1,20})?  # a version
    |(?:\d{1,6}(?:\.\d{1,3})?(?:ns|us|ms|[smhdkgtb]|[kmgt]i?b))+|\d{1,3}%  # a time, a size
    """,
    re.VERBOSE | re.IGNORECASE,
)
_HOST = r"(?:[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?\.)+[a-z]{2,}"
_FILE = (
    r"[\w@-][\w.@-]*\.(?:ya?ml|json|toml|conf|cfg|ini|env|pem|crt|html?|css|js|png|svg|tmpl|txt)"
)
_OPEN_SHAPE = late(
    rf"""{_HOST}(?::\d{{1,5}})?(?:[,;\s]+{_HOST}(?::\d{{1,5}})?)*  # hosts
    |\d{{1,3}}(?:\.\d{{1,3}}){{3}}(?:/\d{{1,2}})?(?::\d{{1,5}})?
    |[\w.+-]+@{_HOST}                        # an e-mail address
    |[a-z][a-z0-9+.-]*://[^\s@?\#]*          # an address without credentials
    |{_FILE}(?::{_FILE})*                    # files, as in COMPOSE_FILE
    |[a-z]{{2}}[_-][a-z]{{2}}(?:\.[\w-]+)?    # a locale
    |[a-z]+/[a-z_]+                          # a time zone
    |/|\.{{0,2}}(?:/[\w.@-]+)+/?             # a path
    """,
    re.VERBOSE | re.IGNORECASE,
)
_PLACE = late(r"(?:/[^/\s:;,=]{1,255})+/?")
_OPEN_WORDS = {
    *("true", "false", "yes", "no", "on", "off", "none", "null", "auto", "default", "always"),
    *("never", "any", "all", "production", "development", "staging", "test", "local"),
    *("localhost", "debug", "info", "notice", "warning", "error", "fatal", "trace", "postgres"),
    *("postgresql", "mysql", "mariadb", "sqlite", "redis", "memory", "filesystem", "starttls"),
    *("smtp", "plain", "login", "http", "https", "ldap", "enabled", "disabled", "required"),
    *("optional", "public", "internal", "nginx", "apache"),
    *("utf8", "ipv4", "ipv6", "http1", "http2", "pop3", "imap4", "oauth2", "sha1", "ldap3"),
}
_PART = late(r"[^/:._-]+")
_RANDOM_LENGTH = 16

# The length of a scheme is bounded, so that no value takes more than linear time.
_IN_URL = late(r"[a-z][a-z0-9+.-]{0,15}://([^\s/?#]*)@", re.IGNORECASE)
_PERCENT = late(r"(?:%[0-9A-Fa-f]{2})+")
_IN_QUERY = late(r"[?&#;]([\w.-]+)=([^\s&#;]+)")


def sounds_secret(key: str) -> bool:
    """Say whether a variable, label or flag of this name usually holds a secret."""
    return bool(_SECRET_NAME().search(key)) and not _ABOUT_A_SECRET().search(key)


def looks_random(value: str) -> bool:
    """Say whether some part of a value looks like made by chance: long, letters and digits."""
    return any(
        len(part) >= _RANDOM_LENGTH and any(map(str.isdigit, part)) and any(map(str.isalpha, part))
        for part in _PART().findall(value)
    )


def is_secret(name: str, value: str, public: Collection[str] = ()) -> bool:
    """Say whether a value of an app's `.env` has to be hidden.

    What is `public` is no secret, unless its name says that it should be one: the sample's own
    password is what half of its readers keep.
    """
    if not value or value.lower() in _OPEN_WORDS or _TRIFLE().fullmatch(value):
        return False
    open_shape = bool(_OPEN_SHAPE().fullmatch(value)) and not looks_random(value)
    if sounds_secret(name):
        return not (open_shape and _ADDRESS_NAME().search(name))
    if value in public:
        return False
    if _is_open_by_name(name, value):
        return "\n" in value
    return (len(value) >= SHORTEST or _is_mixed(value)) and not open_shape


def _is_open_by_name(name: str, value: str) -> bool:
    """Say whether a name opens a value: `_USER` and its like not what was made by chance.

    Services take a key in place of a user (`SG.…`, `AKIA…`).
    """
    if _ALWAYS_OPEN_NAME().search(name):
        return True
    by_chance = looks_random(value) and not _OPEN_SHAPE().fullmatch(value)
    return bool(_OPEN_NAME().search(name)) and not by_chance


def _is_mixed(value: str) -> bool:
    """Say whether a value of four or five characters is more than a word: `x9k2`, `p@ss`."""
    strange = any(not each.isalpha() and each not in " -_./:," for each in value)
    return len(value) >= SHORTEST_WORD and strange and any(map(str.isalpha, value))


def sure_secrets(name: str, value: str) -> frozenset[str]:
    """Return what of a variable that a service has is secret beyond doubt.

    Of a stack that somebody else deployed nobody knows what is public: only what its name or its
    shape gives away is hidden in texts. Its variables themselves are never shown at all.
    """
    by_shape = "\n" in value or (looks_random(value) and not _is_open_by_name(name, value))
    whole = by_shape or (sounds_secret(name) and is_secret(name, value))
    found = ({value} if whole else set()) | in_addresses(value)
    return frozenset(each for each in found if len(each) >= SHORTEST)


def of_environment(values: Mapping[str, str]) -> frozenset[str]:
    """Return what of the environment that we run in is secret: what a name gives away, passwords.

    A value's shape alone says nothing here: half of what a CI sets are commits and ids. A path is
    no secret: `PWD` is where we are, `SSH_AUTH_SOCK` a socket.
    """
    named = {
        value
        for name, value in values.items()
        if len(value) >= SHORTEST
        and sounds_secret(name)
        and is_secret(name, value)
        and not _PLACE().fullmatch(value)
    }
    return frozenset(named.union(*map(in_addresses, values.values())))


def in_addresses(value: str) -> frozenset[str]:
    """Return the passwords, and tokens in place of a user, of the URLs in a value."""
    found = set()
    for info in _IN_URL().findall(value):
        user, colon, password = info.partition(":")
        if colon:
            found |= {password, percent_decoded(password)}
        elif looks_random(user):
            found |= {user, percent_decoded(user)}
    found |= {text for name, text in _IN_QUERY().findall(value) if sounds_secret(name)}
    return frozenset(found - {""})


def secret_parameters(address: str) -> tuple[str, ...]:
    """Return the names of the parameters of an address that hold a secret."""
    return tuple(name for name, _ in _IN_QUERY().findall(address) if sounds_secret(name))


def secret_values(
    values: Mapping[str, str], public: Collection[str] = (), names: Collection[str] = ()
) -> tuple[str, ...]:
    """Return the values of an app's `.env` that must never be shown, and what is secret in others.

    `public` are values that the recipe shows to everybody; what is part of one of the `names` that
    a report has to say is no secret either, unless its own name says so.
    """
    found: dict[str, None] = {}
    for name, value in values.items():
        said = not sounds_secret(name) and any(value in each for each in names)
        if is_secret(name, value, public) and not said:
            found[value] = None
        found |= dict.fromkeys(sorted(in_addresses(value) - frozenset(public)))
    return tuple(found)


def percent_encoded(text: str, safe: str = "") -> str:
    """Return a text as an address holds it, where every other character is a number (RFC 3986)."""
    plain = "-._~" + safe
    return "".join(
        chr(byte) if (chr(byte).isalnum() and byte < 128) or chr(byte) in plain else f"%{byte:02X}"  # noqa: PLR2004 -- ASCII
        for byte in text.encode("utf-8", "surrogatepass")
    )


def percent_decoded(text: str) -> str:
    """Return what a part of an address means."""
    return _PERCENT().sub(
        lambda found: bytes.fromhex(found[0].replace("%", "")).decode(errors="replace"), text
    )


def forms(value: str) -> frozenset[str]:
    """Return the texts by which a value may be told: itself, its lines, percent-encoded, base64.

    Within longer base64 (`user:password`) a value looks different at each of three positions.
    """
    whole = {value, value.strip()}
    for text in (value, value.replace("\\n", "\n")):
        whole |= {line.strip() for line in text.splitlines() if "-----" not in line}
    whole = {each for each in whole if len(each) >= SHORTEST_WORD}
    found = set(whole)
    for each in whole:
        if len(each) < SHORTEST:
            continue
        encoded = each.encode("utf-8", "surrogatepass")
        percent = percent_encoded(each)
        found |= {percent, percent.lower(), percent_encoded(each, safe="/")}
        found.add(each.replace("\\", "\\\\").replace('"', '\\"'))
        for before in range(3):
            text = b64encode(b"\0" * before + encoded).decode().rstrip("=")
            # The first characters hold what stands before, the last one perhaps what follows.
            text = text[(0, 2, 3)[before] :]
            text = text[: len(text) - (0 if (before + len(encoded)) % 3 == 0 else 1)]
            if len(text) >= SHORTEST:
                found |= {text, text.replace("+", "-").replace("/", "_")}
    return frozenset(found)
