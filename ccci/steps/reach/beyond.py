"""What a revision reaches beyond its own stack: paths of the host, other stacks' data, the kernel.

A container that mounts the Engine's socket or `/` is root on the host, so whoever deploys a
stranger's commit wants to know before. Only what `docker stack deploy` honours is looked at.
"""

import os
import posixpath
import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from ccci.compose.tree import Map, text_of
from ccci.deployers.plan import DeployPlan
from ccci.errors import DeployRefused
from ccci.names import ABRA_SH
from ccci.recipe import abra_reading, files
from ccci.recipe.stack_file import StackFile, declared_in, parts
from ccci.steps.reach import neighbours, routes
from ccci.steps.reach.claims import name_of
from ccci.steps.reach.neighbours import WORKED_OUT
from ccci.steps.reach.ownership import Owners

OPTION = "--allow-host-path"
_SOCKETS = ("/var/run/docker.sock", "/run/docker.sock")
_TEMPLATE = "{{"

# What every container has (moby, oci/caps/defaults.go): to add it is nothing.
_USUAL = (
    *("CHOWN", "DAC_OVERRIDE", "FSETID", "FOWNER", "MKNOD", "NET_RAW", "SETGID", "SETUID"),
    *("SETFCAP", "SETPCAP", "NET_BIND_SERVICE", "SYS_CHROOT", "KILL", "AUDIT_WRITE"),
)
_OF_THE_NETWORK = ("cifs", "smb3", "smbfs")
_SHARE = re.compile(r"//[^/]+/")
_BINDS = {"bind", "rbind"}
_LOGS_OF_THE_HOST = {"", "none", "local", "json-file", "journald", "syslog"}
_ADDRESSES = ("-address", "-url", "-endpoint")
_ITS_OWN = "only it knows what it reaches"


@dataclass(frozen=True, slots=True, order=True)
class Reach:
    """One thing outside: its word, as `--allow-host-path` takes it, and what it means."""

    word: str
    meaning: str = ""

    @property
    def always_told(self) -> bool:
        """Say whether it is named although the base reached it as well."""
        return bool(self.meaning) and self.word.startswith("/")

    def __str__(self) -> str:
        """Return it for people."""
        return f"{self.word} ({self.meaning})" if self.meaning else self.word


def of(stack: StackFile, name: str, checkout: Path, ours: Collection[Path]) -> frozenset[Reach]:
    """Return what the files of the stack `name` reach of the host; nothing is asked of an Engine.

    Raise DeployRefused for a path that leads into `ours`, the folders where ccci keeps what is its
    own, or, from a path of the recipe's own, out of `checkout`.
    """
    networks = declared_in(stack, "networks")
    found = {_path(each, checkout, ours) for each in _bound(stack)}
    found |= {*_volumes(stack, checkout, ours), *_elsewhere(stack), *_plugins(stack)}
    for service in stack.services:
        for part in parts(stack, service):
            added = part.get("cap_add")
            for word in added if isinstance(added, list) else ():
                capability = text_of(word).upper().removeprefix("CAP_")
                if capability not in _USUAL:
                    found.add(Reach(f"cap:{capability}"))
            score = text_of(part.get("oom_score_adj") or "")
            if score.startswith("-"):
                found.add(Reach(f"oom-score:{score}", "where memory ends, others go before it"))
            found |= {*_aliases(part.get("networks"), networks, name)}
        for key in _networks(stack, service):
            declared = networks.get(key) or Map()
            if declared.get("external") and name_of(declared, key, name) == "host":
                found.add(Reach("network:host", "the host's own network"))
    return frozenset(found)


def as_handed_over(plan: DeployPlan, ours: Collection[Path]) -> frozenset[Reach]:
    """Return `of` what docker gets, where each mount is a path already, and `of_routes`."""
    app = plan.app
    handed = replace(plan.stack, trees=tuple(tree for _, tree in plan.resolved.trees))
    routed = of_routes(plan.stack, app.domain, (app.stack, app.recipe))
    return of(handed, app.stack, app.checkout, ours) | routed | of_names(plan.stack, app.domain)


def _networks(stack: StackFile, service: str) -> tuple[str, ...]:
    """Return the networks of a service; one that names none is on the stack's default one."""
    used = [each for part in parts(stack, service) for each in _keys_of(part.get("networks"))]
    return tuple(used) or ("default",)


def _keys_of(used: object) -> tuple[str, ...]:
    return tuple(text_of(key) for key in used) if isinstance(used, list | Mapping) else ()


def _aliases(used: object, networks: Mapping[str, Map], name: str) -> Iterator[Reach]:
    """Give the names that a service takes on networks of others: another app's, for all we know."""
    for key, said in used.items() if isinstance(used, Mapping) else ():
        shared = (networks.get(text_of(key)) or Map()).get("external")
        aliases = said.get("aliases") if shared and isinstance(said, Mapping) else None
        for alias in aliases if isinstance(aliases, list) else ():
            if not text_of(alias).startswith(f"{name}_") and text_of(alias) != name:
                yield Reach(
                    f"alias:{text_of(alias)}", "a name on a network that is not the stack's"
                )


def of_routes(stack: StackFile, domain: str, names: Collection[str] = ()) -> frozenset[Reach]:
    """Return what a proxy is asked for that is not of the app at `domain` alone.

    The app's routers and the like begin with one of `names`, if any are given.
    """
    found = routes.asked(stack, domain, names)
    return frozenset(Reach(f"route:{each}", why) for each, why in found)


def of_names(stack: StackFile, domain: str) -> frozenset[Reach]:
    """Return the names of the internet that services take on networks of others."""
    return frozenset(Reach(each, why) for each, why in neighbours.public_names(stack, domain))


def of_abra(checkout: Path) -> frozenset[Reach]:
    """Return the exports of which nobody knows what abra reads: it reads the recipe once more."""
    script = files.settings(checkout, ABRA_SH) or ""
    why = "an export that abra may read otherwise than ccci did"
    return frozenset(Reach(each, why) for each in abra_reading.exports_otherwise(script))


def of_others(there: Owners, stack: StackFile, name: str) -> frozenset[Reach]:
    """Return what of those that are on the swarm the stack `name` uses, or would be taken for."""
    return frozenset(Reach(each, why) for each, why in neighbours.asked(there, stack, name))


def judged(
    found: frozenset[Reach], before: set[Reach], why: str, allowed: Collection[str] | None
) -> tuple[str, ...]:
    """Return what is to be told of what a revision reaches and none `before` it did.

    What it reaches is added to `before`. Raise DeployRefused for what is not `allowed`, unless that
    is None: then everything is.
    """
    if allowed is not None:
        refuse(found, allowed)
    news = sorted(each for each in found if each.always_told or each not in before)
    before |= found
    return (f"the {why} reaches beyond its own stack: {', '.join(map(str, news))}",) if news else ()


def refuse(found: Iterable[Reach], allowed: Collection[str]) -> None:
    """Raise DeployRefused for what is not allowed; an allowed path allows all that is below it."""
    wrong = sorted(each for each in found if not _is_allowed(each.word, allowed))
    if wrong:
        raise DeployRefused(
            f"it reaches beyond its own stack: {', '.join(map(str, wrong))}",
            f"if that is meant: {OPTION} {wrong[0].word}",
        )


def _is_allowed(word: str, allowed: Collection[str]) -> bool:
    if word in allowed:
        return True
    paths = [normal(each) for each in allowed if each.startswith(("/", "."))]
    if _TEMPLATE in word or not word.startswith(("/", ".")):
        return False
    return any(word == each or word.startswith(f"{each.rstrip('/')}/") for each in paths)


def normal(path: str) -> str:
    """Return a path without dots and doubled slashes: `./x` for one below the checkout."""
    if path.startswith("/"):
        return "/" + posixpath.normpath(path).lstrip("/")
    inner = posixpath.normpath(path)
    return inner if inner in {".", ".."} or inner.startswith("../") else f"./{inner}"


def _bound(stack: StackFile) -> Iterator[str]:
    """Give every path that a service binds."""
    for part in (part for service in stack.services for part in parts(stack, service)):
        mounts = part.get("volumes")
        for mount in mounts if isinstance(mounts, list) else ():
            if isinstance(mount, Mapping):
                if text_of(mount.get("type") or "") in {"bind", "npipe"}:
                    yield text_of(mount.get("source") or "")
            else:
                source, separator, _ = text_of(mount).partition(":")
                if separator and source.startswith((".", "/", "~")):
                    yield source


def _volumes(stack: StackFile, checkout: Path, ours: Collection[Path]) -> Iterator[Reach]:
    """Give what named volumes stand for: the local driver mounts whatever its options say.

    `o` decides about a bind, whatever the type; a relative device begins at the daemon's own
    folder, which is `/` (moby volume/local, mount(2)). What is not known to be harmless is told.
    """
    for declared in declared_in(stack, "volumes").values():
        options = declared.get("driver_opts")
        if not isinstance(options, Mapping):
            continue
        said = {text_of(key): text_of(value) for key, value in options.items()}
        kind, device = said.get("type", ""), said.get("device", "")
        words = [word.strip() for word in said.get("o", "").split(",")]
        worked_out = [value for value in said.values() if _TEMPLATE in value]
        if worked_out:
            yield Reach(f"volume:{worked_out[0]}", WORKED_OUT)
            continue
        if _BINDS & set(words) or kind in {"none", *_BINDS}:
            yield _path(f"/{device.lstrip('/')}", checkout, ours)
            continue
        paths = [path for word in words for path in word.partition("=")[2].split(":")]
        paths += [value for key, value in said.items() if key not in {"type", "o", "device"}]
        shared = kind.startswith("nfs") or (kind in _OF_THE_NETWORK and _SHARE.match(device))
        if shared:
            address = next((word[5:] for word in words if word.startswith("addr=")), "")
            named = f"{address}{device}" if device.startswith(":") else device
            yield Reach(f"share:{named}", "the host mounts it, from its own address")
        elif kind not in {"", "tmpfs"} or (device and kind != "tmpfs"):
            yield Reach(f"mount:{kind or device}", "a file system of the host")
            paths.append(device)
        yield from (_path(each, checkout, ours) for each in paths if each.startswith("/"))


def _elsewhere(stack: StackFile) -> Iterator[Reach]:
    """Give volumes of the cluster, and what log drivers read or write of the host."""
    for part in (part for service in stack.services for part in parts(stack, service)):
        mounts = part.get("volumes")
        for mount in mounts if isinstance(mounts, list) else ():
            if isinstance(mount, Mapping) and text_of(mount.get("type") or "") == "cluster":
                yield Reach(f"cluster:{text_of(mount.get('source') or '')}", "a cluster's volume")
        logging = part.get("logging")
        if isinstance(logging, Mapping):
            yield from _of_logging(logging)


def _of_logging(logging: Mapping[str, Any]) -> Iterator[Reach]:
    """Give where the host writes or sends what a service says; each driver has words of its own."""
    options = logging.get("options")
    said = {}
    if isinstance(options, Mapping):
        said = {text_of(key): text_of(value) for key, value in options.items()}
    for key, value in said.items():
        if value.startswith(("/", "unix")):
            yield Reach(f"logging:{value}", "a file or socket of the host")
        elif "://" in value or key.endswith(_ADDRESSES):
            yield Reach(f"logging:{value}", "the host itself sends there")
    driver = text_of(logging.get("driver") or "")
    if driver not in _LOGS_OF_THE_HOST and not any(each.endswith(_ADDRESSES) for each in said):
        yield Reach(f"logging:{driver}", "only it knows where it sends")


def _plugins(stack: StackFile) -> Iterator[Reach]:
    """Give the drivers of volumes, networks and secrets that are not the usual ones."""
    for section, usual in (("volumes", {"", "local"}), ("networks", {"", "overlay"})):
        for declared in declared_in(stack, section).values():
            driver = text_of(declared.get("driver") or "")
            if driver not in usual and not declared.get("external"):
                yield Reach(f"{section[:-1]}-driver:{driver}", _ITS_OWN)
    for declared in declared_in(stack, "secrets").values():
        if declared.get("driver"):  # it is asked for a secret by name, whoever's that is
            yield Reach(f"secret-driver:{text_of(declared['driver'])}", _ITS_OWN)
    for declared in declared_in(stack, "networks").values():
        ipam = declared.get("ipam")
        driver = text_of(ipam.get("driver") or "") if isinstance(ipam, Mapping) else ""
        if driver not in {"", "default"}:
            yield Reach(f"network-driver:{driver}", _ITS_OWN)


def _path(source: str, checkout: Path, ours: Collection[Path]) -> Reach:
    if "\0" in source:
        raise DeployRefused(f"the mount {source!r} has a NUL in its path", "correct the path")
    if _TEMPLATE in source:
        if not source.startswith("/"):
            raise DeployRefused(
                f"the mount {source} is a template below the recipe's folder",
                "write the path as it is",
            )
        return Reach(source, WORKED_OUT)
    path = os.path.expanduser(source)  # noqa: PTH111 -- a text, as docker expands it
    inside = Path(normal(path) if path.startswith("/") else normal(f"{checkout}/{path}"))
    if inside.is_relative_to(checkout):
        real = inside.resolve()
        if not real.is_relative_to(checkout.resolve()):
            raise DeployRefused(
                f"the mount {source} leads out of the recipe's folder, to {real}",
                "mount a file of the recipe itself, or the path of the host as it is",
            )
        below = inside.relative_to(checkout).as_posix()
        return Reach(normal(f"./{below}"), "a file of the checkout")
    if not path.startswith("/") or any(inside.is_relative_to(folder) for folder in ours):
        raise DeployRefused(
            f"the mount {source} leads to files of ccci's own", "take it out of the recipe"
        )
    for socket in _SOCKETS:
        if Path(socket).is_relative_to(inside) or inside.resolve() == Path(socket).resolve():
            return Reach(str(inside), "the Engine's socket: whoever has it is root on the host")
    return Reach(str(inside))
