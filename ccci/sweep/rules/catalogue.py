"""Every rule of the update policy with its number for ever, its severity, and its page.

The later numbers are in `file_rules`.
"""

from ccci.sweep.rules import failing, restarting, start_first
from ccci.sweep.rules.file_rules import LONG_NAME, MORE_RULES, NOT_DEPLOYED
from ccci.sweep.rules.model import Confidence, Rule, Severity
from ccci.sweep.rules.upgrade_rules import UPGRADE_RULES

REFUSED = "CCCI000"
PAUSED = "CCCI006"

__all__ = ["BY_ID", "EVERY_RULE", "LONG_NAME", "NOT_DEPLOYED", "PAUSED", "REFUSED", "RULES"]

_ERROR, _WARNING, _NOTE = Severity.ERROR, Severity.WARNING, Severity.NOTE

RULES: tuple[Rule, ...] = (
    Rule(
        REFUSED,
        "docker refuses the file",
        _ERROR,
        "`docker stack deploy` stops before it changes anything. What can still be read of the "
        "file is swept all the same. Where nothing is wrong but that a variable or an env file is "
        "missing which only the deployment has, the file is no finding: its status is "
        "`needs-input`, and the message says what to give.",
        "docker/cli cli/compose/loader",
        "test_a_recorded_answer_of_docker_is_ours_too",
        "200 made-up sets and 155 corners of the format, each as docker CLI 28.2.2 answered.",
        None,
    ),
    Rule(
        "CCCI001",
        "rollback with start-first",
        _ERROR,
        "With `order: start-first` the old task serves until the new one is up. When the new one "
        "fails, `failure_action: rollback` puts the previous spec back, labels included. Nobody "
        "notices: the old task never stopped answering, health checks stay green, and a check of "
        "the labels says that another commit was deployed. During the update the service needs "
        "twice its memory, which is a common reason for the failure in the first place.",
        "swarmkit manager/orchestrator/update/updater.go (rollbackUpdate)",
        "test_a_rollback_with_start_first_leaves_no_trace_of_itself",
        "After the rollback the very task of before is still running, under its old id; with "
        "stop-first it is another one.",
        start_first.blast_radius,
        fixable=True,
    ),
    Rule(
        "CCCI002",
        "start-first with a host-mode port",
        _ERROR,
        "A port in `mode: host` belongs to one task of a node. The new task waits for the old one "
        "to let go, and the old one waits for the new one to be up: the update stands still with "
        "`no suitable node (host-mode port already in use on 1 node)`, for ever, since nothing "
        "failed.",
        "swarmkit manager/scheduler/filter.go (HostPortFilter)",
        "test_a_host_port_stops_a_start_first_update",
        "The update stays `updating` while the new task waits for the port; with stop-first "
        "it is `completed`.",
        start_first.host_port,
        fixable=True,
        safe=True,
        confidence=Confidence.LIKELY,
    ),
    Rule(
        "CCCI003",
        "start-first with a volume that two tasks would write",
        _WARNING,
        "During a start-first update both tasks run on the same volume. A database refuses the "
        "lock (the update fails) or, worse, does not.",
        "swarmkit manager/orchestrator/update/updater.go (useExistingTask, START_FIRST)",
        "test_start_first_lets_two_tasks_write_one_volume",
        "The new task found the lock of the old one on the volume; with stop-first it did not.",
        start_first.shared_volume,
        fixable=True,
    ),
    Rule(
        "CCCI004",
        "start-first where twice the memory does not fit",
        _ERROR,
        "Old and new task run side by side, each up to its limit. Where the node has less than "
        "twice the limit, the kernel's OOM killer ends one of them; where twice the reservation "
        "is missing, the new task is never placed. The node's memory comes from `--node-memory`, "
        "or from the swarm with `--live`.",
        "swarmkit manager/scheduler/filter.go (ResourceFilter)",
        "test_twice_the_memory_does_not_fit",
        "With 60 % of the node reserved the update stays `updating`, `insufficient resources "
        "on 1 node`; with stop-first it is `completed`.",
        start_first.twice_the_memory,
        fixable=True,
    ),
    Rule(
        "CCCI005",
        "failure_action: continue",
        _ERROR,
        "Swarm opens no watch for failures, counts none, and ends the update `completed`, also "
        "when no task of the new version ever ran.",
        "swarmkit manager/orchestrator/update/updater.go (Run)",
        "test_continue_completes_with_nothing_running",
        "`completed` with 0 of 1 running; with `rollback` the old version is back, 1 of 1.",
        failing.goes_on,
    ),
    Rule(
        "CCCI006",
        "no failure_action, or pause",
        _NOTE,
        "`pause` is Swarm's default. It stops the update where it is: some tasks old, some new, "
        "the failing one restarted again and again. The state stays until somebody deploys, and "
        "any deploy, even of labels alone, wipes the evidence. It is said once for a recipe, as a "
        "warning where other services of it are rolled back. For a database a pause is right: "
        "nobody puts the old version back on files that the new one has changed.",
        "swarmkit api/defaults/service.go",
        "test_pause_leaves_the_service_half_way_and_any_deploy_wipes_the_evidence",
        "3 replicas: paused with fewer than 3 old tasks running and none of the new; a deploy"
        " that changes a label takes the state away.",
        None,
    ),
    Rule(
        "CCCI007",
        "rollback without any health check",
        _WARNING,
        "Without a health check a task counts as running as soon as its process is. Only a "
        "process that ends within the monitor's time is rolled back; an app that hangs or answers "
        "errors is kept. The image may bring a check of its own, which the file does not show.",
        "moby daemon/cluster/executor/container/controller.go (Start)",
        "test_without_a_health_check_an_app_that_answers_nothing_is_kept",
        "An app that never becomes usable ends `completed`; with a check it is rolled back.",
        failing.rollback_unseen,
    ),
    Rule(
        "CCCI008",
        "monitor shorter than a health check takes to fail",
        _WARNING,
        "Failures before a task's first healthy probe always count, whatever the monitor; "
        "`start_period` need not fit into it. What the monitor has to cover is the time after: a "
        "check needs at least interval times retries to turn unhealthy, plus its timeout for each "
        "probe that hangs. What breaks later than the monitor is no failed update any more. Only "
        "where the failure_action is `rollback` does that matter.",
        "swarmkit manager/orchestrator/update/updater.go (startedAt.IsZero)",
        "test_a_short_monitor_misses_what_the_health_check_finds",
        "An app that breaks 5 s after its start, under a check of 3 times 1 s: `completed` "
        "with a monitor of 1 s, rolled back with one of 30 s.",
        failing.monitor_too_short,
    ),
    Rule(
        "CCCI009",
        "delay not below monitor",
        _NOTE,
        "Engines before 20.10.9 missed failures that came during the delay when it was not below "
        "the monitor. Later ones do not.",
        "moby/moby#37972, moby/moby#42875",
        "",
        "",
        failing.delay_hides,
        usual=False,
    ),
    Rule(
        "CCCI010",
        "max_failure_ratio above 0 with few replicas",
        _WARNING,
        "The update fails only when more than this part of the tasks failed. With 2 replicas and "
        "0.5, one of them may stay dead and the update ends `completed`; with 1 replica any ratio "
        "below 1 means 0, and 1 means never.",
        "swarmkit manager/orchestrator/update/updater.go (failureAction)",
        "test_a_ratio_lets_one_of_two_stay_dead",
        "2 replicas, ratio 0.5: `completed` with 1 of 2 running; with 0 it is rolled back.",
        failing.tolerated,
    ),
    Rule(
        "CCCI011",
        "condition: on-failure where the app is meant to stay",
        _WARNING,
        "Swarm calls a task failed when it exits non-zero. A task that turned unhealthy is asked "
        "to stop, and an app that stops cleanly exits 0: complete, not failed, never restarted, "
        "0 of 1 for ever, with no error anywhere. Some runtimes exit 0 even when they crash.",
        "swarmkit manager/orchestrator/restart/restart.go (shouldRestart)",
        "test_an_unhealthy_task_that_stops_cleanly_is_not_restarted_on_failure",
        "The task ends `complete`, without an error, and stays the only one, while one beside"
        " it with `condition: any` is restarted again and again.",
        restarting.on_failure,
    ),
    Rule(
        "CCCI012",
        "max_attempts is set",
        _WARNING,
        "Once the attempts of a slot are used up, Swarm leaves it empty and says nothing: the "
        "update is `completed`, or stays `updating`, with a replica missing. With a `window` only "
        "the restarts inside it count; one that is over before so many can be made, each after "
        "its delay, sets no limit and is no finding.",
        "swarmkit manager/orchestrator/restart/restart.go (shouldRestart)",
        "test_a_slot_whose_attempts_are_used_up_stays_empty",
        "2 attempts: the third task is the last, while one beside it without a limit goes on.",
        restarting.max_attempts,
    ),
    Rule(
        "CCCI013",
        "stop_grace_period above 60 s",
        _WARNING,
        "`stop-first` is exclusive only for 60 seconds: when the old task has not stopped by then "
        "the new one is started next to it, on the same volume.",
        "swarmkit manager/orchestrator/restart/restart.go (defaultOldTaskTimeout), swarmkit#3274",
        "test_stop_first_is_exclusive_for_sixty_seconds_only",
        "A task that ignores SIGTERM, with 90 s of grace: after 60 s old and new ran at once;"
        " with 3 s they did not.",
        restarting.long_grace,
    ),
    *MORE_RULES,
)

EVERY_RULE: tuple[Rule, ...] = (*RULES, *UPGRADE_RULES)
BY_ID: dict[str, Rule] = {rule.id: rule for rule in EVERY_RULE}
