"""The user and password of an address, and how git is told them where nobody sees it. Pure.

Every user of a machine may read the words that a process was started with; what stands in its
environment, only the process's own user may.
"""

import re
from dataclasses import dataclass, field

from ccci.errors import CheckoutFailed
from ccci.host.secret_values import percent_decoded

_USER, _PASSWORD = "CCCI_GIT_USER", "CCCI_GIT_PASSWORD"


@dataclass(frozen=True, slots=True)
class Login:
    """Who fetches over HTTP; `site` (scheme and host) alone may be told the password."""

    site: str
    user: str
    password: str = field(repr=False)


_WITH_LOGIN = re.compile(
    r"([a-z][a-z0-9+.-]*://)(?:([^/?#]*)|([^/?#@:]+:(?!\d*/).*))@([^@]*)", re.IGNORECASE
)


def without_login(address: str) -> tuple[str, Login | None]:
    """Return an address without user and password, and these where they are of use over HTTP.

    The user of an ssh address stays, for that is how ssh is told. Raise CheckoutFailed for what
    cannot be told to git.
    """
    found = _WITH_LOGIN.fullmatch(address)
    if found is None:
        return address, None
    scheme, rest = found[1], found[4]
    user, _, password = (found[2] or found[3] or "").partition(":")
    user, password = percent_decoded(user), percent_decoded(password)
    if scheme.lower() in {"ssh://", "git+ssh://"}:
        return f"{scheme}{user}@{rest}", None
    if any(not each.isprintable() for each in (user, password)):
        raise CheckoutFailed(
            "the address has a user or password with a line break, or the like",
            "encode it otherwise",
        )
    site = scheme + re.split(r"[/?#]", rest, maxsplit=1)[0]
    return f"{scheme}{rest}", Login(site, user, password)


def git_options(login: Login | None) -> tuple[str, ...]:
    """Return the options by which git asks us, and nobody else, for the password of this one site.

    Where the site redirects to another one, nothing is told (gitcredentials(7): a helper of an
    address is asked for that address alone; an empty helper forgets those before it).
    """
    if login is None:
        return ()
    helper = (
        f'!f() {{ test "$1" != get || printf "username=%s\\npassword=%s\\n"'
        f' "${_USER}" "${_PASSWORD}"; }}; f'
    )
    return ("-c", "credential.helper=", "-c", f"credential.{login.site}.helper={helper}")


def git_variables(login: Login | None) -> dict[str, str]:
    """Return the variables that hold what `git_options` refers to."""
    return {} if login is None else {_USER: login.user, _PASSWORD: login.password}
