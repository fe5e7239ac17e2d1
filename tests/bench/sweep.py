"""How fast the sweep is, and how it grows: `python -m tests.bench.sweep`, or `main()`.

The budget is 3,000 services a second in one process; a folder of 300 recipes takes less than 2 s.
"""

import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from ccci.sweep.inventory import find
from ccci.sweep.static import Settings, sweep

BUDGET = 3_000
FOLDER_BUDGET = 2.0
_COMPOSE = """\
version: "3.8"

x-logging: &logging
  driver: json-file
  options: {{max-size: 10m}}

services:
  app:
    image: registry.example.com/{name}:1.{number}.0
    logging: *logging
    networks: [proxy, internal]
    environment:
      - DB_HOST=db
      - DOMAIN
      - SECRET_FILE=/run/secrets/key
      - LETS_ENCRYPT=${{LETS_ENCRYPT_ENV:-none}}
    volumes:
      - "data:/var/lib/{name}"
    secrets: [key]
    configs:
      - source: entrypoint
        target: /entrypoint.sh
        mode: 0555
    healthcheck:
      test: ["CMD", "curl", "-f", "http://localhost:3000/health"]
      interval: 30s
      timeout: 10s
      retries: 10
      start_period: 1m
    deploy:
      restart_policy: {{condition: on-failure}}
      update_config: {{failure_action: rollback, order: start-first, monitor: '${{MONITOR:-5s}}'}}
      resources: {{limits: {{memory: 1g}}}}
      labels:
        - "traefik.enable=true"
        - "traefik.http.routers.${{STACK_NAME}}.rule=Host(`${{DOMAIN}}`)"
        - "coop-cloud.${{STACK_NAME}}.version=1.{number}.0+2.0.0"
  db:
    image: postgres:15.4
    logging: *logging
    networks: [internal]
    volumes: ["db:/var/lib/postgresql/data"]
    environment: {{POSTGRES_USER: app, POSTGRES_DB: app}}
    deploy:
      update_config: {{failure_action: pause, order: stop-first}}
  cache:
    image: redis:7.2.1
    networks: [internal]

networks:
  proxy: {{external: true}}
  internal:
volumes:
  data:
  db:
secrets:
  key: {{external: true, name: "${{STACK_NAME}}_key_${{SECRET_KEY_VERSION}}"}}
configs:
  entrypoint:
    name: ${{STACK_NAME}}_entrypoint_${{ENTRYPOINT_VERSION}}
    file: entrypoint.sh
"""
_OVERLAY = "version: '3.8'\nservices:\n  app:\n    environment: [SMTP_HOST, SMTP_PORT]\n"
_SAMPLE = """\
TYPE={name}
DOMAIN={name}.example.com
## Domain aliases
#EXTRA_DOMAINS=', `www.{name}.example.com`'
LETS_ENCRYPT_ENV=production
SECRET_KEY_VERSION=v1
COMPOSE_FILE="compose.yml"
#COMPOSE_FILE="$COMPOSE_FILE:compose.smtp.yml"
"""


def write_recipes(folder: Path, number: int) -> None:
    """Make so many recipes of the usual shape: three services, an overlay, .env.sample, abra.sh."""
    for index in range(number):
        name = f"recipe{index}"
        place = folder / name
        place.mkdir()
        (place / "compose.yml").write_text(_COMPOSE.format(name=name, number=index))
        (place / "compose.smtp.yml").write_text(_OVERLAY)
        (place / ".env.sample").write_text(_SAMPLE.format(name=name))
        (place / "abra.sh").write_text("export ENTRYPOINT_VERSION=v3\n")


def measure(number: int) -> tuple[float, int]:
    """Return the seconds of CPU and the services of a sweep of so many recipes."""
    with tempfile.TemporaryDirectory() as name:
        write_recipes(Path(name), number)
        began = time.process_time()
        found = sweep(find([name]), Settings({}, os.environ))
        return time.process_time() - began, len(found.services)


def whole_command(number: int) -> tuple[float, float]:
    """Return the seconds that the command takes for so many: by the clock, and of CPU."""
    with tempfile.TemporaryDirectory() as name:
        write_recipes(Path(name), number)
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        began = time.monotonic()
        subprocess.run(
            [sys.executable, "-m", "ccci", "sweep", "rollback-policy", "--fail-on", "never", name],
            check=True,
            stdout=subprocess.DEVNULL,
        )
        took = time.monotonic() - began
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return took, after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def main() -> int:
    """Print services a second and how they grow; return 1 where a budget is missed."""
    print("sweep: recipes of 3 services, each with an overlay as a variant; CPU of one process")
    print("| recipes | services | seconds | services a second |")
    print("| --- | --- | --- | --- |")
    slowest = float("inf")
    for number in (1, 10, 100, 300, 1000):
        seconds, services = measure(number)
        rate = services / seconds
        slowest = min(slowest, rate) if number > 1 else slowest
        print(f"| {number} | {services} | {seconds:.3f} | {rate:,.0f} |")
    took, busy = whole_command(300)
    print(f"budget: more than {BUDGET:,} services a second; the slowest above: {slowest:,.0f}")
    print(
        f"the whole command for 300 recipes: {busy:.2f} s of CPU, {took:.2f} s by the clock "
        f"(budget {FOLDER_BUDGET:g} s)"
    )
    return 0 if slowest > BUDGET and busy < FOLDER_BUDGET else 1


if __name__ == "__main__":
    sys.exit(main())
