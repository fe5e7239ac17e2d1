"""A recipe shaped like Discourse's, its images made of busybox.

It has released tags, a head that needs more memory than its limit allows, and one whose memory
does not suffice for two copies at once.
"""

from dataclasses import dataclass
from pathlib import Path

from ccci.host.process import environment, run

APP_IMAGE = "ccci-demo/discourse"
DB_IMAGE = "ccci-demo/postgres"
DB_VERSION = "13"

_COMPOSE = """\
version: "3.8"
services:
  app:
    image: {app_image}:{app_version}
    entrypoint: ["/bin/sh", "/docker-entrypoint.sh"]
    environment:
      - DISCOURSE_HOSTNAME=${{DOMAIN}}
      - DISCOURSE_DB_HOST=db
      - NEEDS_MEGABYTES={needs}
      - CACHE_MEGABYTES={cache}
    secrets: [db_password, admin_password]
    configs:
      - source: entrypoint
        target: /docker-entrypoint.sh
        mode: 0555
    volumes: ["uploads:/uploads", "shared:/shared"]
    networks: [internal]
    healthcheck:
      test: ["CMD", "wget", "-q", "-O", "-", "http://127.0.0.1:3000/srv/status"]
      interval: 1s
      timeout: 1s
      retries: 3
      start_period: 10s
    stop_grace_period: 1s
    deploy:
      update_config:
        failure_action: rollback
        order: start-first
        monitor: 3s
      rollback_config:
        order: start-first
        monitor: 1s
      restart_policy:
        condition: any
        delay: 1s
      resources:
        limits:
          memory: {limit}M
      labels:
        - "traefik.enable=true"
        - "traefik.http.routers.${{STACK_NAME}}.rule=Host(`${{DOMAIN}}`)"
        - "coop-cloud.${{STACK_NAME}}.version={version}"
        - "coop-cloud.${{STACK_NAME}}.timeout=${{TIMEOUT:-120}}"
  db:
    image: {db_image}:{db_version}
    command: ["sh", "-c", "test -s /run/secrets/db_password && exec sleep 2147483647"]
    secrets: [db_password]
    volumes: ["postgres:/var/lib/postgresql/data"]
    networks: [internal]
    stop_grace_period: 1s
networks:
  internal:
volumes:
  uploads:
  postgres:
  shared:
    driver_opts: {{type: tmpfs, device: tmpfs, o: "size=36m"}}
secrets:
  db_password:
    external: true
    name: ${{STACK_NAME}}_db_password_${{SECRET_DB_PASSWORD_VERSION}}
  admin_password:
    external: true
    name: ${{STACK_NAME}}_admin_password_${{SECRET_ADMIN_PASSWORD_VERSION}}
configs:
  entrypoint:
    name: ${{STACK_NAME}}_entrypoint_${{ENTRYPOINT_VERSION}}
    file: entrypoint.sh
"""

_ENV = """\
TYPE=discourse
DOMAIN=discourse.example.com

TIMEOUT=120
SECRET_DB_PASSWORD_VERSION=v1 # length=32 charset=hex
SECRET_ADMIN_PASSWORD_VERSION=v1
"""

OVERLAY = """\
# This machine has memory for one copy of the app, not for the old and the new one at once.
version: "3.8"
services:
  app:
    deploy:
      update_config:
        order: stop-first
"""
"""What `--overlays DIR` finds as DIR/discourse/compose.ccci.yml."""

_ENTRYPOINT = """\
#!/bin/sh
set -e
test -s /run/secrets/db_password
echo "discourse: migrating the database"
sleep 1
echo "discourse: precompiling assets, ${NEEDS_MEGABYTES} MB"
dd if=/dev/zero of=/dev/null bs="${NEEDS_MEGABYTES}M" count=1 2>&1
echo "discourse: warming a shared cache, ${CACHE_MEGABYTES} MB"
dd if=/dev/zero of="/shared/$(hostname)" bs=1M count="${CACHE_MEGABYTES}" 2>&1
mkdir -p /www/srv && echo ok >/www/srv/status
echo "discourse: serving ${DISCOURSE_HOSTNAME}"
exec httpd -f -p 3000 -h /www
"""


@dataclass(frozen=True, slots=True)
class Recipe:
    """The repository, and the full commits that matter."""

    folder: Path
    base: str
    hungry: str
    single: str


def make(folder: Path) -> Recipe:
    """Make the repository: two releases, a head that never fits, and one that fits once.

    All copies of the app share 36 MB of memory (a tmpfs): 32 beside the 8 of a release is too much.
    """
    folder.mkdir(parents=True)
    _git(folder, "init", "--quiet", "--initial-branch=main")
    _commit(folder, "0.6.0+3.2.5", "3.2.5", needs=8, limit=48, cache=8, tag=True)
    base = _commit(folder, "0.7.0+3.3.1", "3.3.1", needs=8, limit=48, cache=8, tag=True)
    hungry = _commit(folder, "0.9.0+3.5.0", "3.5.0", needs=160, limit=48)
    single = _commit(folder, "0.9.0+3.5.0", "3.5.0", needs=160, limit=256)
    return Recipe(folder, base, hungry, single)


def _commit(
    folder: Path,
    version: str,
    app_version: str,
    *,
    needs: int,
    limit: int,
    cache: int = 32,
    tag: bool = False,
) -> str:
    compose = _COMPOSE.format(
        app_image=APP_IMAGE,
        db_image=DB_IMAGE,
        db_version=DB_VERSION,
        app_version=app_version,
        version=version,
        needs=needs,
        limit=limit,
        cache=cache,
    )
    files = {
        "compose.yml": compose,
        ".env.sample": _ENV,
        "abra.sh": "export ENTRYPOINT_VERSION=v1\n",
        "entrypoint.sh": _ENTRYPOINT,
    }
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    _git(folder, "add", "--all")
    _git(folder, "commit", "--quiet", "-m", f"upgrade to {app_version}, {limit} MB")
    if tag:
        _git(folder, "tag", "-a", version, "-m", version)
    return _git(folder, "rev-parse", "HEAD")


def _git(folder: Path, *words: str) -> str:
    who = {
        "GIT_AUTHOR_NAME": "A Maintainer",
        "GIT_AUTHOR_EMAIL": "maintainer@example.com",
        "GIT_COMMITTER_NAME": "A Maintainer",
        "GIT_COMMITTER_EMAIL": "maintainer@example.com",
        "GIT_CONFIG_GLOBAL": "/dev/null",
        "GIT_CONFIG_NOSYSTEM": "1",
    }
    return run(("git", "-C", str(folder), *words), env=environment(who)).stdout.strip()
