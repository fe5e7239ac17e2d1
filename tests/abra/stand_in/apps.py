"""Apps and their recipes: the folders of abra, checkouts, secrets, and the tools it starts."""

import os
import re
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

from .godotenv import read_env
from .played import FatalError

# CONFIRMED cc-ci commit 17ebdf39: ABRA_DIR is honoured, default ~/.abra (docs).
ROOT = Path(os.environ.get("ABRA_DIR") or Path.home() / ".abra")


class App:
    """One that was created: its `.env`, and what that says of it."""

    def __init__(self, domain: str) -> None:
        self.domain = domain
        self.env_file = find_app(domain)
        self.values = read_env(self.env_file)
        self.recipe, self.pinned = recipe_of(self.values)
        self.stack = stack_name(domain, self.values)

    def services(self) -> list[str]:
        words = ("stack", "services", self.stack, "--format", "{{.Name}}")
        return docker(*words, check=False).stdout.split()


def find_app(domain: str) -> Path:
    # CONFIRMED docs, workshop: servers/<server>/<domain>.env is one app.
    found = sorted((ROOT / "servers").glob(f"*/{domain}.env"))
    if not found:
        raise FatalError(f"unable to retrieve {domain}: app does not exist?")
    return found[0]


def recipe_of(values: Mapping[str, str]) -> tuple[str, str | None]:
    # CONFIRMED docs: TYPE= or RECIPE=, with the version behind a colon since 0.10.
    recipe, _, version = (values.get("TYPE") or values.get("RECIPE", "")).partition(":")
    return recipe, version or None


def stack_name(domain: str, values: Mapping[str, str]) -> str:
    # CONFIRMED cc-ci commit 38a145fd: dots become underscores, hyphens stay; LIKELY: cut to 45
    # characters, and STACK_NAME in the `.env` wins.
    return values.get("STACK_NAME") or domain.replace(".", "_")[:45]


def git(checkout: Path, *words: str) -> str:
    argv = ("git", "-C", str(checkout), *words)
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    if done.returncode:
        raise FatalError(f"{words[0]}: {done.stderr.strip()}")
    return done.stdout.strip()


def docker(
    *words: str,
    check: bool = True,
    given: str | None = None,
    shown: bool = False,
    env: Mapping[str, str] | None = None,
    cwd: Path | None = None,
) -> "subprocess.CompletedProcess[str]":
    """Run docker, its standard output either kept or shown."""
    done = subprocess.run(
        ("docker", *words),
        check=False,
        text=True,
        input=given,
        stdout=None if shown else subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=env,
        cwd=cwd,
    )
    if check and done.returncode:
        raise FatalError(f"docker {words[0]} {words[1]}: {done.stderr.strip()}")
    return done


def ensure(recipe: str, flags: Mapping[str, str], version: str | None) -> Path:
    """Do as abra's `Recipe.Ensure`.

    A no-op with chaos (CONFIRMED cc-ci JOURNAL-dstamp.md, source read).
    """
    checkout = ROOT / "recipes" / recipe
    if not (checkout / ".git").exists():
        raise FatalError(f"no recipe '{recipe}' exists?")
    if "--chaos" in flags:
        return checkout
    # CONFIRMED cc-ci commit 97418c8: refused without chaos, untracked files count (LIKELY).
    if git(checkout, "status", "--porcelain"):
        raise FatalError(
            f"{recipe} ({checkout}) has locally unstaged changes? please commit/remove"
        )
    if "--offline" not in flags:
        # CONFIRMED cc-ci docs/runbook.md: fetches from origin, which a private one refuses.
        argv = ("git", "-C", str(checkout), "fetch", "--tags", "origin")
        if subprocess.run(argv, capture_output=True, check=False).returncode:
            raise FatalError("unable to fetch tags: authentication required: Unauthorized")
    if version:
        git(checkout, "checkout", "--quiet", version)
    return checkout


def check_out_newest(checkout: Path) -> str | None:
    """Check out the newest release; return its name, None where there is none."""
    for newest in git(checkout, "tag", "--sort=-v:refname").splitlines():
        git(checkout, "checkout", "--quiet", newest)
        return newest
    return None


def check_durations(checkout: Path) -> None:
    # CONFIRMED cc-ci commit fb20321: the literal text is validated before interpolation.
    for path in checkout.glob("compose*.yml"):
        if re.search(r"(?m)^\s*(start_period|interval|timeout):\s*[\"']?\$\{", path.read_text()):
            raise FatalError(
                "services.app.healthcheck.start_period Does not match format 'duration'"
            )


def compose_files(checkout: Path, values: Mapping[str, str]) -> list[Path]:
    # CONFIRMED bonfire-coop-cloud: COMPOSE_FILE joined with colons, compose.yml else (LIKELY).
    return [checkout / name for name in (values.get("COMPOSE_FILE") or "compose.yml").split(":")]


def declared_secrets(app: App, files: list[Path]) -> Iterator[tuple[str, str, str]]:
    """Yield (compose name, name on the swarm, modifiers).

    CONFIRMED docs x-archive/secrets.md and bonfire-coop-cloud:
    `${STACK_NAME}_<secret>_${SECRET_<SECRET>_VERSION}`, modifiers in a trailing comment of the
    `.env` line.
    """
    text = "\n".join(path.read_text() for path in files)
    for line in app.env_file.read_text().split("\n"):
        found = re.match(r"SECRET_(\w+)_VERSION=[\"']?(\w+)[\"']?\s*(?:#\s*(.*))?$", line)
        if found and f"SECRET_{found[1]}_VERSION" in text:
            short = found[1].lower()
            yield short, f"{app.stack}_{short}_{found[2]}", found[3] or ""


def is_for_a_person(modifiers: str) -> bool:
    # CONFIRMED bonfire-coop-cloud: generate=false is for a person to insert.
    return "generate=false" in modifiers.replace(" ", "")


def secrets_there() -> set[str]:
    return set(docker("secret", "ls", "--format", "{{.Name}}").stdout.split())


def needs_input(flags: Mapping[str, str], question: str) -> None:
    if "--no-input" not in flags:
        # CONFIRMED docs: an overview and a prompt unless `-n`; it waits for an answer.
        print(f"{question} [y/N] ", end="", flush=True)
        if sys.stdin.readline().strip().lower() not in {"y", "yes"}:
            raise FatalError("deployment cancelled")
