"""Engine JSON to the vocabulary of a rollout. Pure: a trace is replayed through the same code.

A look is a mapping of raw answers: `at`, `wall`, `services`, `tasks`, `up_to_date` (ids), `nodes`,
`date` (the `Date` header of the tasks), `images` (inspections by name, None where absent),
`orchestrator`, `unhealthy` (ids), `command` and `unreachable`. Keys that an old Engine leaves out
are filled with what Swarm does without them; a word that no Engine up to 29 says raises
EngineError.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TypeVar

from ccci.errors import EngineError
from ccci.swarm import fingerprint
from ccci.swarm.model import (
    Command,
    Node,
    Observation,
    Service,
    Task,
    TaskState,
    UpdateState,
    UpdateStatus,
)
from ccci.swarm.specs import STACK_LABEL, Json, health_check, inside, spec

Word = TypeVar("Word", bound=StrEnum)


def observation(look: Json) -> Observation:
    """Return what one look saw. Raise EngineError when an answer makes no sense."""
    command = look.get("command")
    images: Json = look.get("images") or {}
    return Observation(
        at=look["at"],
        wall=look["wall"],
        services=services(
            look.get("services") or [],
            look.get("tasks") or [],
            up_to_date=look.get("up_to_date") or [],
            date=look.get("date"),
        ),
        nodes=tuple(node(each) for each in look.get("nodes") or []),
        command=Command(tuple(command["argv"]), command.get("code")) if command else None,
        orchestrator=look.get("orchestrator") or "",
        unreachable=look.get("unreachable"),
        absent_images=frozenset(name for name, found in images.items() if found is None),
        inherited=tuple(
            (name, check)
            for name, found in sorted(images.items())
            if found and (check := health_check(inside(found, "Config").get("Healthcheck")))
        ),
        unhealthy=frozenset(look.get("unhealthy") or ()),
    )


def services(
    listed: Iterable[Json], tasks: Iterable[Json], *, up_to_date: Iterable[str], date: str | None
) -> tuple[Service, ...]:
    """Return services, by name, with their tasks; `up_to_date` are ids of tasks."""
    fresh = frozenset(up_to_date)
    now = _date(date)
    of_service: dict[str, list[Task]] = defaultdict(list)
    raw_services = list(listed)
    on_nodes = {
        each["ID"] for each in raw_services if {"Global", "GlobalJob"} & set(_mode_of(each))
    }
    for each in tasks:
        of = each.get("ServiceID") or ""
        found = task(each, up_to_date=each["ID"] in fresh, now=now, by_node=of in on_nodes)
        of_service[of].append(found)
    return tuple(
        sorted(
            (
                service(each, tuple(of_service.get(each["ID"], ())), now=now)
                for each in raw_services
            ),
            key=lambda each: each.name,
        )
    )


def _mode_of(service: Json) -> Json:
    return inside(inside(service, "Spec"), "Mode")


def service(raw: Json, tasks: tuple[Task, ...] = (), *, now: datetime | None = None) -> Service:
    """Return one service with the tasks given; `now` is the Engine's own time of the listing."""
    full_name = inside(raw, "Spec").get("Name") or ""
    stack = (inside(raw, "Spec").get("Labels") or {}).get(STACK_LABEL) or ""
    previous = raw.get("PreviousSpec")
    job: Json | None = raw.get("JobStatus")
    return Service(
        id=raw["ID"],
        name=short_name(full_name, stack),
        full_name=full_name,
        version=inside(raw, "Version").get("Index") or 0,
        spec=spec(inside(raw, "Spec")),
        previous=spec(previous) if previous else None,
        update=update_status(inside(raw, "UpdateStatus"), now=now),
        iteration=_index(job.get("JobIteration") or {}) if job is not None else None,
        tasks=tasks,
    )


def short_name(full_name: str, stack: str) -> str:
    """Return a service's name as in the compose file: without `STACK_`."""
    return full_name.removeprefix(f"{stack}_") if stack else full_name


def update_status(raw: Json, *, now: datetime | None = None) -> UpdateStatus | None:
    """Return Swarm's word of the last update; None is a normal end as well as "not begun"."""
    if not raw.get("State"):
        return None
    return UpdateStatus(
        state=_word(UpdateState, raw["State"]),
        message=raw.get("Message") or "",
        started_at=raw.get("StartedAt"),
        completed_at=raw.get("CompletedAt"),
        age=_since(raw.get("CompletedAt"), raw.get("StartedAt"), now),
    )


def task(
    raw: Json, *, up_to_date: bool, now: datetime | None = None, by_node: bool = False
) -> Task:
    """Return one task; `now` is the Engine's own time of the listing.

    The slot of a global service's task is its node (`by_node`); slot 0 of a job is left out of the
    answer.
    """
    status = inside(raw, "Status")
    container = inside(status, "ContainerStatus")
    state = _word(TaskState, status.get("State") or "new")
    made_of = inside(raw, "Spec")
    code = container.get("ExitCode")
    ran = bool(container.get("ContainerID")) or bool(code)
    return Task(
        id=raw["ID"],
        slot=(raw.get("NodeID") or "") if by_node else str(raw.get("Slot") or 0),
        state=state,
        desired=_word(TaskState, raw.get("DesiredState") or "new"),
        up_to_date=up_to_date,
        node=raw.get("NodeID") or "",
        message=status.get("Message") or "",
        error=status.get("Err") or "",
        exit_code=code if state.ended and ran else None,
        container=container.get("ContainerID") or "",
        template=fingerprint.task(made_of),
        image=inside(made_of, "ContainerSpec").get("Image") or "",
        iteration=_index(raw.get("JobIteration")),
        created_at=sortable(raw.get("CreatedAt") or ""),
        timestamp=status.get("Timestamp") or "",
        since=_since(status.get("Timestamp"), raw.get("CreatedAt"), now),
    )


def node(raw: Json) -> Node:
    """Return one node."""
    said = inside(raw, "Spec")
    about = inside(raw, "Description")
    platform = inside(about, "Platform")
    return Node(
        id=raw["ID"],
        hostname=about.get("Hostname") or "",
        ready=inside(raw, "Status").get("State") == "ready",
        active=(said.get("Availability") or "active") == "active",
        manager=said.get("Role") == "manager",
        leader=bool(inside(raw, "ManagerStatus").get("Leader")),
        os=platform.get("OS") or "",
        architecture=platform.get("Architecture") or "",
        role=said.get("Role") or "worker",
        labels=tuple(sorted((said.get("Labels") or {}).items())),
        engine_labels=tuple(sorted((inside(about, "Engine").get("Labels") or {}).items())),
        version=inside(raw, "Version").get("Index") or 0,
    )


def _index(version: Json | None) -> int | None:
    """Return a version's index; the Engine writes 0 as an empty object."""
    return None if version is None else version.get("Index") or 0


def _since(timestamp: str | None, created: str | None, now: datetime | None) -> float | None:
    """Return how long ago by the Engine's clock, or None where clocks disagree.

    A task's status carries its node's clock, its creation the manager's (swarmkit agent/agent.go).
    The `Date` header is cut to whole seconds, so this is up to a second short, never long.
    """
    entered, made = _time(timestamp), _time(created)
    if entered is None or made is None or now is None or entered < made:
        return None
    seconds = (now - entered).total_seconds()
    return max(seconds, 0.0) if seconds > -1.0 else None


def sortable(time: str) -> str:
    """Return a time whose order is that of its text: Go leaves trailing zeros of seconds out."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}Z" if time.endswith("Z") else time


def _time(text: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(text) if text else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _date(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header) if header else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _word(kind: type[Word], text: str) -> Word:
    try:
        return kind(text)
    except ValueError:
        raise EngineError(
            0,
            f"the Engine says {text!r}, which is no {kind.__name__} that ccci knows",
            "this Engine may be newer than this ccci: upgrade ccci",
        ) from None
