"""Teardown and leftovers on a real Swarm: everything is counted, before and after."""

import json
import secrets
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from support import forked
from support.sandbox.swarms import KINDS, Swarm, compose, wait_for

from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.host.clock import monotonic
from ccci.host.process import Finished
from ccci.locks.lease import hold
from ccci.locks.swarm_lock import DATA, lock_name
from ccci.records import runs
from ccci.removal import leftovers
from ccci.removal import teardown as teardowns
from ccci.removal.app import Place, Target, remove, resolve
from ccci.removal.objects import Claim, Kind
from ccci.removal.teardown import tear_down
from ccci.report.model import Report
from ccci.swarm.engine.client import Engine

FILE_OF = {"CCCI_RUNS_DIR": "runs", "XDG_STATE_HOME": "state"}


@dataclass(frozen=True)
class Shop:
    """A stack with one of everything, on a Swarm, and where its runs are recorded."""

    swarm: Swarm
    stack: str
    folder: Path

    @property
    def environment(self) -> dict[str, str]:
        ours = {key: str(self.folder / name) for key, name in FILE_OF.items()}
        return {**self.swarm.environment, **ours}

    def place(self, engine: Engine) -> Place:
        return Place(engine, self.folder / "runs", self.folder / "state" / "ccci" / "locks")

    def deploy(self, **service: object) -> None:
        self.swarm.docker("secret", "create", f"{self.stack}_key_v1", "-", stdin="x")
        defaults: dict[str, Any] = {
            "volumes": ["data:/data"],
            "networks": ["inner"],
            "secrets": ["key"],
            "configs": ["conf"],
        }
        text = compose(
            {"app": {**defaults, **service}, "db": {"volumes": ["more:/data"]}},
            networks={"inner": {}},
            volumes={"data": {}, "more": {}},
            secrets={"key": {"external": True, "name": f"{self.stack}_key_v1"}},
            configs={"conf": {"file": "/etc/hostname"}},
        )
        self.swarm.deploy(self.stack, text)
        self.swarm.wait_running(f"{self.stack}_app")
        self.swarm.wait_running(f"{self.stack}_db")

    def record(self, **known: object) -> runs.Run:
        """Record a run that deployed this stack, with an `.env` and checkouts."""
        made = runs.begin(
            self.folder / "runs", "upgrade", "shop", stack=self.stack, recipe="shop", **known
        )
        made.note(secrets=(f"{self.stack}_key_v1",))
        checkouts = made.path(runs.CHECKOUTS)
        servers = self.folder / "servers"
        servers.mkdir(exist_ok=True)
        (checkouts / "recipes" / "shop").mkdir(parents=True)
        (checkouts / "servers").symlink_to(servers)
        env_file = checkouts / "servers" / f"{self.stack}.env"
        env_file.write_text("TYPE=shop\n")
        made.note(abra_dir=str(checkouts), env_file=str(env_file), domain=f"{self.stack}.test")
        # Its process is gone: what a living run has is its own.
        made._alive.close()
        return made

    def there(self) -> dict[str, list[str]]:
        """Return all that bears the stack's label or its prefix, by kind."""
        found = {}
        for kind in KINDS:
            names = [each for each in self.swarm.names(kind) if each.startswith(f"{self.stack}_")]
            if names:
                found[kind] = names
        return found

    def ccci(self, *words: str) -> Finished:
        return forked.run(words, self.environment)


@pytest.fixture
def shop(swarm: Swarm, stack: str, tmp_path: Path) -> Iterator[Shop]:
    made = Shop(swarm, stack, tmp_path)
    yield made
    swarm.remove(stack)
    for kind in ("secret", "config", "volume"):
        for name in made.there().get(kind, []):
            swarm.docker(kind, "rm", name)
    for config in swarm.docker("config", "ls", "--format", "{{.Name}}").stdout.split():
        if config.startswith(lock_name(stack)):
            swarm.docker("config", "rm", config)


@pytest.fixture
def engine(swarm: Swarm) -> Iterator[Engine]:
    with Engine.connect(environ=swarm.environment) as connected:
        yield connected


def images_of(swarm: Swarm) -> set[str]:
    return set(swarm.docker("image", "ls", "--quiet", "--no-trunc").stdout.split())


def test_everything_goes_and_nothing_else(shop: Shop) -> None:
    shop.deploy()
    made = shop.record(keep=False)
    images = images_of(shop.swarm)
    assert set(shop.there()) == set(KINDS)
    done = shop.ccci("--json", "teardown", f"{shop.stack}.test")
    assert done.code == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["verdict"] == "done"
    assert report["left"] == []
    assert f"secret {shop.stack}_key_v1" in report["removed"]
    assert shop.there() == {}
    # Others build theirs meanwhile.
    assert images_of(shop.swarm) >= images
    assert not Path(made.record.env_file or "").exists()
    assert not list((shop.folder / "servers").iterdir())
    assert not made.path(runs.CHECKOUTS).exists()
    assert made.path(runs.RECORD).exists()
    assert not list((shop.folder / "state" / "ccci" / "locks").glob("*.lock"))
    assert lock_name(shop.stack) not in shop.swarm.docker("config", "ls").stdout
    (record,) = runs.recent(shop.folder / "runs")
    assert record.gone
    again = shop.ccci("--json", "teardown", shop.stack)
    assert again.code == 0
    assert json.loads(again.stdout)["verdict"] == "done"
    assert json.loads(again.stdout)["removed"] == []


def test_a_stack_that_nobody_of_ours_deployed_is_refused(shop: Shop) -> None:
    shop.deploy()
    before = shop.there()
    refused = shop.ccci("teardown", shop.stack)
    assert refused.code == 2
    assert "ccci did not deploy it" in refused.stderr
    assert f"--force {shop.stack}" in refused.stderr
    other = shop.ccci("teardown", shop.stack, "--force", "yes")
    assert other.code == 2
    assert shop.there() == before
    forced = shop.ccci("teardown", shop.stack, "--force", shop.stack)
    assert forced.code == 0, forced.stderr
    # The secret has the prefix, but no label says that it belongs to this stack.
    assert shop.there() == {"secret": [f"{shop.stack}_key_v1"]}


def test_a_neighbour_whose_name_goes_on_keeps_what_is_its_own(shop: Shop, engine: Engine) -> None:
    shop.deploy()
    neighbour = f"{shop.stack}_two"
    shop.swarm.docker(
        "config", "create", "--label", f"com.docker.stack.namespace={neighbour}", f"{neighbour}_c",
        "/etc/hostname",
    )  # fmt: skip
    shop.swarm.docker("secret", "create", f"{neighbour}_key_v1", "-", stdin="x")
    shop.record(keep=False)
    ending = remove(shop.place(engine), Target(shop.stack, ours=True), lock_timeout=5)
    assert ending.gone
    assert shop.there() == {"config": [f"{neighbour}_c"], "secret": [f"{neighbour}_key_v1"]}


def test_a_slow_container_is_waited_for(shop: Shop, engine: Engine) -> None:
    shop.deploy(command=["sh", "-c", "trap '' TERM; while :; do sleep 1; done"],
                stop_grace_period="4s")  # fmt: skip
    begun = monotonic()
    ending = tear_down(engine, Claim(shop.stack, by_name=True))
    assert ending.gone, ending
    assert monotonic() - begun >= 3
    assert {item.kind for item in ending.removed} >= {
        Kind.SERVICE, Kind.TASK, Kind.NETWORK, Kind.VOLUME, Kind.SECRET, Kind.CONFIG,
    }  # fmt: skip
    assert shop.there() == {}


def test_what_stays_in_use_is_named_and_the_verdict_is_no_success(shop: Shop) -> None:
    shop.deploy()
    shop.record(keep=False)
    holder = shop.swarm.docker(
        "run", "--detach", "--volume", f"{shop.stack}_data:/x", "ccci-test/busybox:latest",
        "sleep", "1000",
    ).stdout.strip()  # fmt: skip
    try:
        done = shop.ccci("--json", "teardown", shop.stack, "--timeout", "30s")
        assert done.code == 3
        report = json.loads(done.stdout)
        assert report["left"] == [f"volume {shop.stack}_data"]
        assert any("in use" in note for note in report["notes"])
        (record,) = runs.recent(shop.folder / "runs")
        assert not record.gone
    finally:
        shop.swarm.docker("rm", "--force", holder)
    assert shop.ccci("teardown", shop.stack).code == 0
    assert shop.there() == {}


def test_a_target_that_may_be_several_is_refused(shop: Shop, engine: Engine) -> None:
    shop.record(keep=False)
    runs.begin(shop.folder / "runs", "deploy", "shop", stack="other", recipe="shop")
    with pytest.raises(UsageError, match="several"):
        resolve(shop.place(engine), "shop")
    assert resolve(shop.place(engine), "other").stack == "other"


def test_a_living_run_is_not_disturbed(shop: Shop, engine: Engine) -> None:
    shop.deploy()
    made = shop.record(keep=False)
    place = shop.place(engine)
    with (
        engine.sibling() as store,
        hold(store, shop.stack, made.id, folder=place.locks_folder) as held,
    ):
        held.intend(keep=False)
        busy = shop.ccci("teardown", shop.stack, "--lock-timeout", "0")
        assert busy.code == 3
        assert made.id in busy.stderr
        swept = shop.ccci("--json", "sweep", "leftovers")
        assert swept.code == 0, swept.stderr
        assert "at work" in str(json.loads(swept.stdout)["notes"])
        assert set(shop.there()) == set(KINDS)


WATCH = 100.0
"""Well below the five minutes for which a lock of another host would be watched."""
FORGED = {"token": "x", "keep": "false", "run": "r", "host": "h", "pid": "9" * 5000}
"""What a lock's labels say, as a recipe would write them."""

KILLED = """
import sys, time
from pathlib import Path
from ccci import settings as config
from ccci.locks.lease import hold
from ccci.records import runs
from ccci.swarm.engine.client import Engine

stack, folder, env_file = sys.argv[1:]
run = runs.begin(Path(folder), "upgrade", "shop", stack=stack, keep=False)
run.path(runs.CHECKOUTS).mkdir()
run.note(abra_dir=str(run.path(runs.CHECKOUTS)), env_file=env_file)
run.note(secrets=(f"{stack}_key_v1",))
with hold(Engine.connect(), stack, run.id, folder=config.locks_folder()) as held:
    held.intend(keep=False)
    print("holds", flush=True)
    time.sleep(1000)
"""


def kill_a_run(shop: Shop) -> Path:
    """Start a run of this host that holds its locks, and kill it; return its `.env`."""
    env_file = shop.folder / "the.env"
    env_file.write_text("TYPE=shop\n")
    argv = (sys.executable, "-c", KILLED, shop.stack, str(shop.folder / "runs"), str(env_file))
    with subprocess.Popen(argv, env=shop.environment, stdout=subprocess.PIPE, text=True) as killed:
        assert killed.stdout is not None
        assert killed.stdout.readline().strip() == "holds"
        killed.send_signal(signal.SIGKILL)
    return env_file


def test_what_a_killed_run_left_is_found_and_removed_at_once(shop: Shop) -> None:
    shop.deploy()
    env_file = kill_a_run(shop)
    looked = shop.ccci("--json", "sweep", "leftovers", "--dry-run")
    assert looked.code == 20, looked.stderr
    assert [each["stack"] for each in json.loads(looked.stdout)["leftovers"]] == [shop.stack]
    assert set(shop.there()) == set(KINDS)
    swept = shop.ccci("--json", "sweep", "leftovers")
    assert swept.code == 0, swept.stderr
    assert shop.there() == {}
    assert not env_file.exists()
    assert lock_name(shop.stack) not in shop.swarm.docker("config", "ls").stdout
    (record,) = runs.recent(shop.folder / "runs")
    assert record.gone
    assert not (shop.folder / "runs" / record.id / runs.CHECKOUTS).exists()
    assert shop.ccci("sweep", "leftovers").code == 0


def test_what_a_killed_run_of_another_host_left_goes_by_its_lock(
    shop: Shop, engine: Engine, tmp_path: Path
) -> None:
    shop.deploy()
    kill_a_run(shop)
    elsewhere = Place(engine, tmp_path / "other" / "runs", tmp_path / "other" / "locks")
    begun = monotonic()
    found = leftovers.find(elsewhere, dead_after=2)
    assert monotonic() - begun >= 2
    mine = [each for each in found.leftovers if each.stack == shop.stack]
    assert len(mine) == 1
    swept = leftovers.sweep(elsewhere, mine)
    assert [each.gone for each in swept] == [True]
    # Nothing on this host says that a run made it, and it has no label: it may be a person's.
    assert shop.there() == {"secret": [f"{shop.stack}_key_v1"]}
    assert swept[0].ending is not None
    assert any(f"{shop.stack}_key_v1" in note for note in swept[0].ending.notes)


@pytest.mark.parametrize("in_use", [False, True])
def test_labels_of_a_lock_on_an_object_of_a_recipe_remove_nobody(
    shop: Shop, stack: str, in_use: bool
) -> None:
    shop.deploy()
    before = shop.there()
    evil = f"{stack}evil"
    labels = {f"ccci.lock.{key}": text for key, text in FORGED.items()} | {
        "ccci.lock.stack": stack,
        "com.docker.stack.namespace": stack,
    }
    (shop.folder / "data").write_bytes(DATA)
    forged = {"file": str(shop.folder / "data"), "labels": labels}
    text = compose(
        {"app": {"configs": ["lock"] if in_use else [], "deploy": {"labels": labels}}},
        configs={"lock": {**forged, "name": lock_name(stack)}, "other": forged},
        volumes={"data": {"labels": labels}},
    )
    shop.swarm.deploy(evil, text)
    try:
        begun = monotonic()
        swept = shop.ccci("--json", "sweep", "leftovers")
        assert swept.code == 0, swept.stderr
        assert json.loads(swept.stdout)["verdict"] == "done"
        assert json.loads(swept.stdout)["leftovers"] == []
        assert monotonic() - begun < WATCH
        assert shop.there().items() >= before.items()
        refused = shop.ccci("teardown", stack)
        assert refused.code == 2
        begun = monotonic()
        squatted = shop.ccci("teardown", stack, "--force", stack)
        assert squatted.code == 3
        assert monotonic() - begun < WATCH
        assert f"namespace={evil}" in squatted.stderr
        assert f"docker config rm {lock_name(stack)}" in squatted.stderr
    finally:
        shop.swarm.remove(evil)


def test_one_leftover_that_cannot_be_removed_stops_no_other(
    shop: Shop, engine: Engine, stack: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardowns, "STUCK_AFTER", 2.0)
    user, first = f"{stack}user", f"a{stack}"
    for name in (first, f"{first}_conf"):
        label = f"com.docker.stack.namespace={first}"
        shop.swarm.docker("config", "create", "--label", label, f"{name}_x", "-", stdin="x")
    held = {"conf": {"external": True, "name": f"{first}_x"}}
    shop.swarm.deploy(user, compose({"app": {"configs": ["conf"]}}, configs=held))
    shop.deploy()
    for name in (first, stack):
        made = runs.begin(shop.folder / "runs", "upgrade", "shop", stack=name, keep=False)
        made.note(secrets=(f"{name}_key_v1",))
        made.finish(Report("upgrade", Verdict.INTERRUPTED, ""))
    place = shop.place(engine)
    try:
        begun = monotonic()
        swept = leftovers.sweep(place, leftovers.find(place).leftovers)
        assert {each.leftover.stack: each.gone for each in swept} == {first: False, stack: True}
        assert monotonic() - begun < 60
        assert shop.there() == {}
        assert swept[0].ending
        assert swept[0].ending.left == (f"config {first}_x",)
    finally:
        shop.swarm.remove(user)
        shop.swarm.docker("config", "rm", f"{first}_x")


def test_a_container_that_asks_for_an_hour_to_end_is_not_waited_for(
    shop: Shop, engine: Engine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(teardowns, "KILL_AFTER", 2.0)
    deaf = ["sh", "-c", "trap '' TERM; while :; do sleep 1; done"]
    shop.deploy(command=deaf, stop_grace_period="1h")
    target = Target(shop.stack, ours=True, forced=True)
    ending = remove(shop.place(engine), target, lock_timeout=5)
    assert ending.gone, ending
    assert shop.there() == {}


def test_a_lock_that_moved_since_it_was_seen_keeps_its_app(
    shop: Shop, engine: Engine, tmp_path: Path
) -> None:
    shop.deploy()
    kill_a_run(shop)
    elsewhere = Place(engine, tmp_path / "other" / "runs", tmp_path / "other" / "locks")
    found = leftovers.find(elsewhere, dead_after=0.1)
    mine = [each for each in found.leftovers if each.stack == shop.stack]
    place = shop.place(engine)
    with engine.sibling() as store, hold(store, shop.stack, "next", folder=place.locks_folder):
        (swept,) = leftovers.sweep(elsewhere, mine)
        assert not swept.gone
        assert "worked on by run next" in swept.trouble
    assert set(shop.there()) == set(KINDS)


def test_a_kept_app_is_no_leftover(shop: Shop) -> None:
    shop.deploy()
    made = shop.record(keep=True)
    assert shop.ccci("sweep", "leftovers").code == 0
    assert set(shop.there()) == set(KINDS)
    assert made.path(runs.CHECKOUTS).exists()
    listed = shop.ccci("runs")
    assert made.id.rpartition("-")[2] in listed.stdout
    assert "the app, kept" in listed.stdout


def test_nodes_that_cannot_be_looked_at_are_named(swarm_three: Swarm, tmp_path: Path) -> None:
    stack = f"t{secrets.token_hex(3)}"
    text = compose(
        {"app": {"volumes": ["data:/data"], "deploy": {"mode": "global"}}}, volumes={"data": {}}
    )
    swarm_three.deploy(stack, text)
    swarm_three.wait_running(f"{stack}_app", 3, timeout=60)
    with Engine.connect(environ=swarm_three.environment) as engine:
        place = Place(engine, tmp_path / "runs", tmp_path / "locks")
        ending = remove(place, Target(stack, ours=True), lock_timeout=5)
    assert ending.gone
    assert len(ending.unseen) == 2
    assert any("cannot be seen" in note for note in ending.notes)
    # Its tasks have ended on every node all the same: that is what listing tasks is for.
    wait_for(lambda: not swarm_three.left(stack, "service"), "the end of the service")
    # Each node removes the container of a task that is gone in its own time.
    wait_for(
        lambda: not any(swarm_three.left(stack, "container", node=node) for node in (1, 2, 3)),
        "the end of its containers",
    )
    assert swarm_three.left(stack, "volume", node=1) == []
    assert len(swarm_three.left(stack, "volume", node=2)) == 1


JOBS: dict[str, dict[str, Any]] = {
    "done": {"command": "true", "deploy": {"mode": "replicated-job"}},
    "each": {"command": "true", "deploy": {"mode": "global-job"}},
    "busy": {"deploy": {"mode": "replicated-job"}},
    "everywhere": {"deploy": {"mode": "global-job"}},
    "retried": {"command": "false", "deploy": {"mode": "replicated-job"}},
    "homeless": {
        "deploy": {
            "mode": "replicated-job",
            "placement": {"constraints": ["node.labels.nowhere == yes"]},
        }
    },
}


def wait_for_task(swarm: Swarm, service: str, state: str) -> None:
    wait_for(
        lambda: state in swarm.states(service),
        f"a task of {service} that is {state}",
    )


@pytest.mark.usefixtures("newer_docker")
def test_jobs_end_with_their_stack_whatever_has_become_of_them(
    swarm: Swarm, stack: str, engine: Engine
) -> None:
    """Engine 20.10 alone lets the tasks of a removed job run on."""
    swarm.deploy(stack, compose({**JOBS, "app": {"networks": ["inner"]}}, networks={"inner": {}}))
    swarm.wait_running(f"{stack}_app")
    states = {"done": "complete", "each": "complete", "busy": "running", "everywhere": "running"}
    for name, state in {**states, "retried": "failed", "homeless": "pending"}.items():
        wait_for_task(swarm, f"{stack}_{name}", state)
    ending = tear_down(engine, Claim(stack), patience=60)
    assert (ending.left, ending.troubles) == ((), ())
    assert [each for kind in KINDS for each in swarm.left(stack, kind)] == []
    assert swarm.at_work(stack) == []


@pytest.mark.usefixtures("newer_docker")
def test_a_job_on_another_node_ends_with_its_stack(swarm_three: Swarm) -> None:
    swarm = swarm_three
    elsewhere = {"constraints": ["node.role == worker"]}
    job = {"deploy": {"mode": "replicated-job", "placement": elsewhere}}
    swarm.deploy("t", compose({"job": job}))
    wait_for_task(swarm, "t_job", "running")
    kept = {key: value for key, value in swarm.environment.items() if key == "DOCKER_HOST"}
    with Engine.connect(environ=kept) as engine:
        assert tear_down(engine, Claim("t"), patience=60).gone
    # Swarm's own removal of an ended container is under way by then.
    wait_for(
        lambda: not any(swarm.left("t", "container", node=node) for node in (1, 2, 3)),
        "the end of its container",
    )
