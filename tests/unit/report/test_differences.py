"""What the spec that failed changed, by the names that people write."""

import copy
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from support.recordings import recorded, reopened

from ccci.report.differences import between
from ccci.report.differences_text import in_words
from ccci.report.parts import Difference
from ccci.swarm.decode.specs import spec
from ccci.swarm.watching.trace import Trace

SECRET = "q9Zk27xWv81bLmT4"  # noqa: S105 -- made up
BASE: dict[str, Any] = {
    "Name": "shop_app",
    "Labels": {"com.docker.stack.namespace": "shop", "com.docker.stack.image": "app:1"},
    "TaskTemplate": {
        "ContainerSpec": {
            "Image": "app:1",
            "Args": ["serve"],
            "Env": ["MODE=slow", f"DB_PASSWORD={SECRET}"],
            "Mounts": [{"Type": "volume", "Source": "shop_data", "Target": "/data"}],
        },
        "Resources": {"Limits": {"MemoryBytes": 2**26}},
        "RestartPolicy": {"Condition": "any", "Delay": 5_000_000_000},
    },
    "Mode": {"Replicated": {"Replicas": 2}},
    "UpdateConfig": {"Order": "start-first", "Monitor": 5_000_000_000},
    "EndpointSpec": {"Mode": "vip"},
}


def changed(**paths: Any) -> tuple[Difference, ...]:
    """Return the differences after values were set, at paths written with `__`; None removes."""
    after = copy.deepcopy(BASE)
    for path, value in paths.items():
        *way, last = path.split("__")
        place: Any = after
        for each in way:
            place = place.setdefault(each, {})
        if value is None:
            del place[last]
        else:
            place[last] = value
    return between(spec(BASE), spec(after))


CONTAINER = "TaskTemplate__ContainerSpec__"


@pytest.mark.parametrize(
    ("paths", "said"),
    [
        ({CONTAINER + "Image": "app:2"}, "image app:1 -> app:2"),
        ({CONTAINER + "Args": ["serve", "--fast"]}, "command"),
        ({CONTAINER + "Command": ["sh"]}, "entrypoint (new)"),
        (
            {CONTAINER + "Env": ["MODE=fast", "A=1", "B=2", "C=3", "D=4"]},
            "environment A (new), B (new), C (new), D (new), 2 more",
        ),
        ({CONTAINER + "Env": None}, "environment DB_PASSWORD (gone), MODE (gone)"),
        (
            {"TaskTemplate__Resources__Limits": {"MemoryBytes": 2**25, "NanoCPUs": 500_000_000}},
            ("deploy.resources.limits.memory 64 MiB -> 32 MiB; "
            "deploy.resources.limits.cpus none -> 0.5 cores"),
        ),
        (
            {"TaskTemplate__Resources__Limits": {}},
            "deploy.resources.limits.memory 64 MiB -> none",
        ),
        (
            {CONTAINER + "Mounts": [{"Type": "bind", "Source": "/srv", "Target": "/data"}]},
            "volume at /data volume shop_data (read-write) -> bind /srv (read-write)",
        ),
        ({CONTAINER + "Mounts": None}, "volume at /data volume shop_data (read-write) -> none"),
        ({"UpdateConfig__Order": "stop-first"},
         "deploy.update_config.order start-first -> stop-first"),
        ({"UpdateConfig__Monitor": 60_000_000_000}, "deploy.update_config.monitor 5s -> 60s"),
        ({"TaskTemplate__RestartPolicy__Delay": 1_500_000_000},
         "deploy.restart_policy.delay 5s -> 1.5s"),
        ({"Mode": {"Replicated": {"Replicas": 3}}}, "deploy.replicas 2 -> 3"),
        ({CONTAINER + "Healthcheck": {"Test": ["CMD", "x"], "Retries": 2}}, "healthcheck (new)"),
        ({CONTAINER + "Healthcheck": {"Interval": 1_000_000_000}},
         "healthcheck.interval none -> 1s"),
        ({CONTAINER + "StopGracePeriod": 2_000_000_000}, "stop_grace_period none -> 2s"),
        ({"Labels__traefik.enable": "true"}, "label traefik.enable (new)"),
        ({"Labels__coop-cloud.shop.version": "2", "TaskTemplate__Runtime": "container"},
         "Runtime none -> container"),
        ({"Labels__com.docker.stack.image": "app:2"}, ""),
        ({CONTAINER + "Isolation": {}, CONTAINER + "Hosts": []}, ""),
        ({CONTAINER + "User": SECRET}, "user (new)"),
        ({CONTAINER + "Hostname": f"a-{SECRET}"}, "hostname none -> a-***"),
    ],
)  # fmt: skip
def test_a_change_is_told_as_people_write_it(paths: dict[str, Any], said: str) -> None:
    assert in_words(changed(**paths)) == said


def test_the_most_telling_comes_first_and_the_rest_is_counted() -> None:
    found = changed(
        **{
            "UpdateConfig__Order": "stop-first",
            "UpdateConfig__Delay": 1_000_000_000,
            "RollbackConfig__Order": "stop-first",
            CONTAINER + "Image": "app:2",
            CONTAINER + "Args": ["x"],
            CONTAINER + "Dir": "/app",
            CONTAINER + "Hostname": "h" * 400,
        }
    )
    assert [each.field for each in found][:2] == ["image", "command"]
    said = in_words(found)
    assert said.startswith("image app:1 -> app:2; command; deploy.update_config.delay none -> 1s; ")
    assert said.endswith("; 2 more")
    assert len(said) < 300


def test_a_spec_that_was_saved_without_its_fields_differs_in_nothing_known() -> None:
    assert between(replace(spec(BASE), raw={}, whole="x"), spec(BASE)) == ()


def test_the_recording_alone_tells_the_same_as_the_engine(tmp_path: Path) -> None:
    after = copy.deepcopy(BASE)
    container = after["TaskTemplate"]["ContainerSpec"]
    container |= {"User": SECRET, "Env": ["MODE=fast", f"DB_PASSWORD={SECRET}"], "Args": [SECRET]}
    wanted = between(spec(BASE), spec(after))
    path = tmp_path / "trace.jsonl"
    with Trace(path) as trace:
        trace.keep_secret({SECRET})
        looks = [{"services": [{"ID": "s", "Spec": each}]} for each in (BASE, after)]
        for each in looks:
            trace.look(each)
    _, *written = [json.loads(line) for line in path.read_text().splitlines()]
    assert SECRET not in path.read_text()
    told = [spec(each["services"][0]["Spec"]) for each in written]
    assert between(*told) == wanted
    assert SECRET not in str(wanted)


def test_a_rollback_is_compared_with_what_swarm_put_back() -> None:
    (app,) = reopened(recorded("oom")).services
    assert app.changed == (
        Difference("command", "***", "***"),
        Difference("deploy.resources.limits.memory", "", "16 MiB"),
    )


def test_what_passed_and_what_is_new_changed_nothing_that_is_told() -> None:
    for name in ("stop-first", "scaled", "first-deploy-crashes"):
        for each in reopened(recorded(name)).services:
            assert each.changed == ()
