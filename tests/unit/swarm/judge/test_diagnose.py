"""A cause for each way a task fails, from the texts that engines really say."""

from dataclasses import replace

import pytest
from support.sandbox.rollouts import RESTARTS, spec, task

from ccci.swarm.judge.diagnose import BLOCKERS, code_of, diagnose, signature
from ccci.swarm.judge.next_steps.choose import next_step
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.model import CauseCode, Evidence, Spec, Task, UpdatePolicy


def hint_for(
    code: CauseCode,
    seen: Task | None = None,
    exit_code: int | None = None,
    wanted: Spec | None = None,
    *,
    local: bool = True,
) -> str:
    evidence = None if seen is None else Evidence(seen.id, local=local)
    return next_step(Situation(code, seen, exit_code, wanted, evidence))


@pytest.mark.parametrize(
    ("state", "error", "exit_code", "expected"),
    [
        ("rejected", "No such image: nosuch:1", None, CauseCode.IMAGE_UNAVAILABLE),
        ("rejected", "pull access denied for x", None, CauseCode.IMAGE_UNAVAILABLE),
        ("preparing", "dial tcp 10.0.0.1:443: no route to host", None, CauseCode.IMAGE_UNAVAILABLE),
        (
            "rejected",
            'invalid mount config for type "bind": bind source path does not exist: /nope',
            None,
            CauseCode.MOUNT_FAILED,
        ),
        (
            "rejected",
            "invalid mount target, must be an absolute path: v",
            None,
            CauseCode.MOUNT_FAILED,
        ),
        (
            "pending",
            "no suitable node (insufficient resources on 1 node)",
            None,
            CauseCode.NO_SUITABLE_NODE,
        ),
        (
            "pending",
            "no suitable node (host-mode port already in use on 1 node)",
            None,
            CauseCode.PORT_IN_USE,
        ),
        (
            "failed",
            (
                "starting container failed: driver failed programming external connectivity on "
                "endpoint x: Bind for 0.0.0.0:80 failed: port is already allocated"
            ),
            128,
            CauseCode.PORT_IN_USE,
        ),
        (
            "rejected",
            "could not find an available IP while allocating VIP",
            None,
            CauseCode.NETWORK_UNAVAILABLE,
        ),
        ("new", "", None, CauseCode.NETWORK_UNAVAILABLE),
        (
            "failed",
            "task: non-zero exit (137): dockerexec: unhealthy container",
            137,
            CauseCode.UNHEALTHY,
        ),
        ("failed", "task: non-zero exit (137)", 137, CauseCode.EXIT_NONZERO),
        ("failed", "task: non-zero exit (3)", 3, CauseCode.EXIT_NONZERO),
        ("complete", "", 0, CauseCode.EXITED_EARLY),
        (
            "failed",
            'starting container failed: exec: "nonsuch": executable file not found in $PATH',
            127,
            CauseCode.EXIT_NONZERO,
        ),
        ("starting", "", None, CauseCode.UNKNOWN),
    ],
)
def test_the_listing_alone_names_the_cause(
    state: str, error: str, exit_code: int | None, expected: CauseCode
) -> None:
    seen = task("b1", state, error=error, exit_code=exit_code)
    assert code_of(seen) is expected
    assert diagnose(seen, None).code is expected


KILLED = task("b1", "failed", error="task: non-zero exit (137)", exit_code=137, container="c")


def test_137_is_out_of_memory_only_by_the_containers_own_flag() -> None:
    local = Evidence("b1", local=True, exit_code=137, oom_killed=True, ran_for=42.0)
    cause = diagnose(KILLED, local)
    assert cause.code is CauseCode.OOM_KILLED
    assert "after 42 s" in cause.detail
    assert cause.evidence == "local"
    plain = diagnose(KILLED, replace(local, oom_killed=False))
    assert plain.code is CauseCode.EXIT_NONZERO


def test_137_on_another_node_is_no_oom_kill_but_hints_at_one() -> None:
    cause = diagnose(KILLED, Evidence("b1", local=False))
    assert cause.code is CauseCode.EXIT_NONZERO
    assert cause.evidence == "remote"
    assert "out of memory" in cause.hint


def test_a_graceful_stop_after_failed_probes_is_unhealthy() -> None:
    graceful = task("b1", "complete", exit_code=0, container="c")
    cause = diagnose(graceful, Evidence("b1", local=True, unhealthy=True, health=("no answer",)))
    assert cause.code is CauseCode.UNHEALTHY
    assert cause.health == ("no answer",)


def test_a_blocker_is_not_talked_away_by_evidence() -> None:
    refused = task("b1", "rejected", error="No such image: x")
    assert diagnose(refused, Evidence("b1")).code in BLOCKERS


def test_the_same_failure_has_the_same_signature_whatever_its_numbers() -> None:
    one = task("b1", "pending", error="no suitable node (insufficient resources on 1 node)")
    two = task("b2", "pending", error="no suitable node (insufficient resources on 2 node)")
    assert signature(one) == signature(two)
    assert signature(one) != signature(replace(one, error="No such image"))
    first = task("b1", "failed", exit_code=1, error="task: non-zero exit (1)")
    second = task("b1", "failed", exit_code=2, error="task: non-zero exit (2)")
    assert signature(first) != signature(second)


@pytest.mark.parametrize("code", list(CauseCode))
def test_every_cause_has_a_next_step(code: CauseCode) -> None:
    assert hint_for(code)
    start_first = spec("x", update=UpdatePolicy(order="start-first"), memory_limit=64 * 2**20)
    assert hint_for(code, KILLED, 137, start_first, local=False)


def test_start_first_is_named_where_it_doubles_the_memory() -> None:
    start_first = spec("x", update=UpdatePolicy(order="start-first"), memory_limit=64 * 2**20)
    hint = hint_for(CauseCode.OOM_KILLED, KILLED, 137, start_first)
    assert "64 MiB" in hint
    assert "stop-first" in hint


@pytest.mark.parametrize(
    ("reason", "words"),
    [
        ("insufficient resources on 1 node", "reservations"),
        ("scheduling constraints not satisfied on 3 nodes", "label one"),
        ("unsupported platform on 1 node", "platform"),
        ("missing plugin on 1 node", "plugin"),
        ("max replicas per node limit exceed", "max_replicas_per_node"),
        ("1 node not available for new tasks", "drained"),
        ("something new", "docker node"),
    ],
)
def test_the_schedulers_reason_decides_the_next_step(reason: str, words: str) -> None:
    waiting = task("b1", "pending", error=f"no suitable node ({reason})")
    assert words in diagnose(waiting, None).hint


def test_max_replicas_per_node_and_start_first_are_named_together() -> None:
    waiting = task("b1", "pending", error="no suitable node (max replicas per node limit exceed)")
    start_first = spec("head", update=UpdatePolicy(order="start-first"))
    assert "stop-first" in hint_for(CauseCode.NO_SUITABLE_NODE, waiting, None, start_first)
    assert "stop-first" not in hint_for(CauseCode.NO_SUITABLE_NODE, waiting, None, spec("head"))


def test_stop_first_is_not_advised_to_who_has_it() -> None:
    start_first = spec("head", update=UpdatePolicy(order="start-first"))
    error = "no suitable node (host-mode port already in use on 1 node)"
    waiting = task("b1", "pending", error=error)
    assert "stop-first" in hint_for(CauseCode.PORT_IN_USE, waiting, None, start_first)
    assert "stop-first" not in hint_for(CauseCode.PORT_IN_USE, waiting, None, spec("head"))


def test_a_one_shot_that_ends_within_an_update_is_not_told_to_become_one() -> None:
    ended = task("b1", "complete", exit_code=0)
    cause = diagnose(ended, None, spec("head", restart=RESTARTS["none"]))
    assert cause.code is CauseCode.EXITED_EARLY
    assert "failure_action: continue" in cause.hint
    assert "should stay" not in cause.detail


def test_what_a_node_refuses_has_a_next_step_of_its_own() -> None:
    refused = task("b1", "rejected", error="Minimum memory limit allowed is 6MB")
    cause = diagnose(refused, None)
    assert cause.code is CauseCode.UNKNOWN
    assert "was rejected: Minimum memory limit allowed is 6MB" in cause.detail
    assert "mend what the message names" in cause.hint


def test_a_task_of_a_global_service_is_found_by_its_node() -> None:
    failed = task("b1", "failed", exit_code=1, slot="node2", node="node2")
    assert diagnose(failed, None, None, "two").detail.startswith("task b1 on two exited with 1")
    assert "b1 of slot 2 exited" in diagnose(replace(failed, slot="2"), None, None, "two").detail
