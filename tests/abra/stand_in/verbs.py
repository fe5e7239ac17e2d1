"""The verbs that change something, but for deploying, which is a matter of its own."""

import json
import os
import re
import sys
from collections.abc import Mapping
from pathlib import Path

from .apps import (
    ROOT,
    App,
    check_durations,
    check_out_newest,
    compose_files,
    declared_secrets,
    docker,
    ensure,
    is_for_a_person,
    needs_input,
    recipe_of,
    secrets_there,
)
from .deploying import deploy
from .godotenv import read_env
from .played import MODES, FatalError, info


def obey(verb: tuple[str, ...], flags: Mapping[str, str], positional: list[str]) -> int:
    """Do as asked, or say what is missing; return the exit code."""
    # By hand: `shutil` is slow to import.
    if not any(os.access(Path(each, "docker"), os.X_OK) for each in os.get_exec_path()):
        raise FatalError("Cannot connect to the Docker daemon")
    check_terminal()
    if len(positional) < 1 and verb not in {("app", "ls"), ("server", "add")}:
        print("Error: accepts 1 arg(s), received 0")
        return 1
    COMMANDS[verb](flags, positional)
    return 0


def check_terminal() -> None:
    # CONFIRMED cc-ci machine-docs/DECISIONS.md: some releases want a terminal even with `-n`.
    if "terminal" in MODES and not sys.stdin.isatty():
        raise FatalError("inappropriate ioctl for device")


def app_new(flags: Mapping[str, str], positional: list[str]) -> None:
    recipe, *version = positional
    checkout = ensure(recipe, flags, version[0] if version else None)
    if "--chaos" not in flags and not version:
        # CONFIRMED cc-ci: `app new` moves the checkout to the newest release.
        check_out_newest(checkout)
    check_durations(checkout)
    domain, server = flags.get("--domain", ""), flags.get("--server", "default")
    if not domain:
        raise FatalError("no domain provided?")
    if not (ROOT / "servers" / server).is_dir():
        raise FatalError(f"server '{server}' doesn't exist?")
    env_file = ROOT / "servers" / server / f"{domain}.env"
    if env_file.exists():
        raise FatalError(f"{env_file} already exists?")
    sample = (checkout / ".env.sample").read_bytes().decode()
    # LIKELY: the sample's DOMAIN is replaced by ours.
    made = re.sub(r"(?m)^DOMAIN=.*$", f"DOMAIN={domain}", sample)
    env_file.write_bytes(made.encode())
    info(f"{domain} created ({recipe})")


def secret_generate(flags: Mapping[str, str], positional: list[str]) -> None:
    domain, *named = positional
    app = App(domain)
    checkout = ensure(app.recipe, flags, app.pinned)
    if "--all" not in flags and not named:
        raise FatalError("missing arguments [secret]/[version] or '--all'")
    there = secrets_there()
    for short, name, modifiers in declared_secrets(app, compose_files(checkout, app.values)):
        if (named and short != named[0]) or is_for_a_person(modifiers) or name in there:
            continue
        length = re.search(r"length=(\d+)", modifiers)
        value = os.urandom(128).hex()[: int(length[1]) if length else 32]
        docker("secret", "create", name, "-", given=value)
        # LIKELY: the real one prints a table with the values.
        print(f"┃ {short} ┃ {value} ┃", flush=True)


def undeploy(flags: Mapping[str, str], positional: list[str]) -> None:
    app = App(positional[0])
    if not app.services():
        raise FatalError(f"{app.domain} is not deployed")
    needs_input(flags, "proceed?")
    if "undeploy-fails" in MODES:
        raise FatalError("unable to undeploy: rpc error: code = Unavailable")
    # CONFIRMED cc-ci commit d87cb8e: it returns before everything is gone; so does `stack rm`.
    docker("stack", "rm", app.stack)
    info(f"{app.domain} undeployed")


def server_add(flags: Mapping[str, str], positional: list[str]) -> None:
    # CONFIRMED workshop: `server add --local` makes the server `default`.
    name = "default" if "--local" in flags else positional[0]
    (ROOT / "servers" / name).mkdir(parents=True, exist_ok=True)


def app_ls(_flags: Mapping[str, str], _positional: list[str]) -> None:
    # CONFIRMED (consumer structs of a public program): servers, then apps whose fields are strings.
    servers: dict[str, dict[str, list[dict[str, str]]]] = {}
    for path in sorted((ROOT / "servers").glob("*/*.env")):
        recipe, version = recipe_of(read_env(path))
        server, domain = path.parent.name, path.stem
        app = {"server": server, "recipe": recipe, "domain": domain, "appName": domain}
        app["version"] = version or "unknown"
        servers.setdefault(server, {"apps": []})["apps"].append(app)
    print(json.dumps(servers))


COMMANDS = {
    ("app", "new"): app_new,
    ("app", "deploy"): deploy,
    ("app", "undeploy"): undeploy,
    ("app", "secret", "generate"): secret_generate,
    ("app", "ls"): app_ls,
    ("server", "add"): server_add,
}
