"""The abra that the tests use: the one that CCCI_TEST_ABRA names, else the stand-in."""

import os
import shutil
from collections.abc import Mapping
from pathlib import Path

from support.recipes.repositories import OURS_ALONE
from support.sandbox.swarms import SEES_IT_FAIL

from ccci.deployers import App
from ccci.deployers.abra import AbraDeployer
from ccci.host.process import environment, run
from ccci.recipe.naming import stack_of

STAND_IN = Path(__file__).parents[2] / "abra" / "abra"
GIVEN = os.environ.get("CCCI_TEST_ABRA", "")
VERSIONS = ("0.8.1-beta", "0.9.0-beta", "0.10.1-beta", "0.11.0-beta", "0.12.0-beta")

COMPOSE = """\
version: "3.8"
services:
  app:
    image: ${IMAGE}
    command: ["sh", "-c", "echo ${GREETING} ${CONF_VERSION}; exec sleep 100000"]
    stop_grace_period: 1s
    deploy:
      labels:
        - "coop-cloud.${STACK_NAME}.version=0.1.0+1.0.0"
        - "coop-cloud.${STACK_NAME}.timeout=${TIMEOUT:-300}"
    secrets: [db_password]
    networks: [proxy]
  db:
    image: ${IMAGE}
    command: sleep 100000
    stop_grace_period: 1s
    volumes: ["data:/data"]
    networks: [proxy]
networks:
  proxy: {external: true, name: ccci-test-proxy}
secrets:
  db_password:
    external: true
    name: ${STACK_NAME}_db_password_${SECRET_DB_PASSWORD_VERSION}
volumes:
  data:
"""
NEWER = COMPOSE.replace("0.1.0+1.0.0", "0.2.0+1.0.0")
DYING = NEWER.replace("exec sleep 100000", "sleep 1; exit 3").replace(
    "    deploy:\n",
    f"    deploy:\n      update_config: {{failure_action: rollback, monitor: {SEES_IT_FAIL}}}\n",
    1,
)
"""A later revision of it, and one that Swarm rolls back."""
SAMPLE = """\
TYPE=shop
DOMAIN=shop.example.com
#COMPOSE_FILE="compose.yml"
IMAGE=ccci-test/busybox:latest
GREETING="hello there" # say it
SECRET_DB_PASSWORD_VERSION=v1 # length=24
"""
ABRA_SH = "#!/bin/bash\nexport CONF_VERSION=v3\nset_up() {\n  echo never run\n}\n"


def git(folder: Path, *words: str) -> str:
    """Run git with a name of our own, and return what it prints."""
    who = ("-c", "user.name=Test", "-c", "user.email=test@example.com")
    argv = ("git", "-C", str(folder), *who, *words)
    return run(argv, env=environment(OURS_ALONE)).stdout.strip()


def make_recipe(folder: Path, files: Mapping[str, str] | None = None) -> str:
    """Make a recipe's repository with the release 0.1.0+1.0.0; return its commit."""
    folder.mkdir(parents=True)
    git(folder, "init", "--quiet", "--initial-branch=main")
    commit(folder, {"compose.yml": COMPOSE, ".env.sample": SAMPLE, "abra.sh": ABRA_SH})
    commit(folder, files or {})
    git(folder, "tag", "--annotate", "--message", "first", "0.1.0+1.0.0")
    return git(folder, "rev-parse", "HEAD")


def commit(folder: Path, files: Mapping[str, str]) -> str:
    """Commit these files and return the commit."""
    for name, text in files.items():
        (folder / name).write_text(text)
    if files:
        git(folder, "add", "--all")
        git(folder, "commit", "--quiet", "--message", "change")
    return git(folder, "rev-parse", "HEAD")


def make_app(abra_dir: Path, domain: str, files: Mapping[str, str] | None = None) -> App:
    """Make an abra folder with the server `default` and the recipe `shop`; return its app."""
    (abra_dir / "servers" / "default").mkdir(parents=True)
    (abra_dir / "catalogue").mkdir()
    make_recipe(abra_dir / "recipes" / "shop", files)
    return App("shop", domain, stack_of(domain), abra_dir)


def deployer(
    mode: str = "", version: str = "", env: Mapping[str, str] | None = None
) -> AbraDeployer:
    """Return the adapter over the abra under test; with a mode or version, over the stand-in."""
    if GIVEN and not mode and not version:
        found = shutil.which(GIVEN)
        assert found, f"CCCI_TEST_ABRA names {GIVEN}, which is no executable"
        return AbraDeployer(found, dict(env or {}))
    played = {"STAND_IN_ABRA_MODE": mode, "STAND_IN_ABRA_RESOLVE_IMAGE": "never"}
    if version:
        played["STAND_IN_ABRA_VERSION"] = version
    return AbraDeployer(str(STAND_IN), {**played, **(env or {})})
