"""Engine JSON to the vocabulary of a rollout. Pure: a trace is replayed through the same code.

A look is a mapping of raw answers: `at`, `wall`, `services`, `tasks`, `up_to_date` (ids), `nodes`,
`date` (the `Date` header of the tasks), `images` (inspections by name, None where absent),
`orchestrator`, `asked` (the id of the node that was asked), `unhealthy` (ids), `command` and
`unreachable`. Keys that an old Engine leaves out are filled with what Swarm does without them; a
word that no Engine up to 29 says raises EngineError.
"""

from collections import defaultdict
from collections.abc import Iterable
from datetime import datetime
from email.utils import parsedate_to_datetime
from enum import StrEnum
from typing import TypeVar

from ccci.errors import EngineError
from ccci.swarm.decode import fingerprint
from ccci.swarm.decode.repeated import once
from ccci.swarm.decode.specs import image_check, mode_of, spec
from ccci.swarm.decode.typed import (
    Json,
    UnknownWord,
    index,
    inside,
    labels,
    objects,
    required,
    text,
    texts,
    whole,
)
from ccci.swarm.labels import STACK_LABEL
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

Word = TypeVar("Word", bound=StrEnum)

_spec = once(spec)
_template = once(fingerprint.task)


def observation(look: Json) -> Observation:
    """Return what one look saw. Raise EngineError when an answer makes no sense, whatever it is."""
    try:
        return _observation(look)
    except RecursionError:
        raise EngineError(0, "the Engine's answer makes no sense: it is nested too deep") from None


def _observation(look: Json) -> Observation:
    images = inside(look, "images")
    command = inside(look, "command")
    return Observation(
        at=required(look, "at"),
        wall=text(look, "wall"),
        services=services(
            objects(look, "services"),
            objects(look, "tasks"),
            up_to_date=texts(look, "up_to_date"),
            date=text(look, "date"),
        ),
        nodes=tuple(node(each) for each in objects(look, "nodes")),
        command=Command(tuple(texts(command, "argv")), whole(command, "code")) if command else None,
        orchestrator=text(look, "orchestrator"),
        unreachable=text(look, "unreachable") if look.get("unreachable") is not None else None,
        absent_images=frozenset(name for name, found in images.items() if found is None),
        inherited=tuple(
            (name, check) for name in sorted(images) if (check := image_check(inside(images, name)))
        ),
        unhealthy=frozenset(texts(look, "unhealthy")),
        asked=text(look, "asked"),
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
        text(each, "ID")
        for each in raw_services
        if {"Global", "GlobalJob"} & set(mode_of(inside(each, "Spec")))
    }
    for each in tasks:
        of = text(each, "ServiceID")
        up_to_date_now = text(each, "ID") in fresh
        found = task(each, up_to_date=up_to_date_now, now=now, by_node=of in on_nodes)
        of_service[of].append(found)
    return tuple(
        sorted(
            (
                service(each, tuple(of_service.get(text(each, "ID"), ())), now=now)
                for each in raw_services
            ),
            key=lambda each: each.name,
        )
    )


def service(raw: Json, tasks: tuple[Task, ...] = (), *, now: datetime | None = None) -> Service:
    """Return one service with the tasks given; `now` is the Engine's own time of the listing."""
    asked = inside(raw, "Spec")
    full_name = text(asked, "Name")
    previous = inside(raw, "PreviousSpec")
    job = inside(raw, "JobStatus")
    written_at = text(raw, "UpdatedAt") or None
    return Service(
        id=identifier(raw),
        name=short_name(full_name, labels(asked).get(STACK_LABEL, "")),
        full_name=full_name,
        version=index(raw, "Version") or 0,
        spec=_spec(asked),
        previous=_spec(previous) if previous else None,
        update=update_status(inside(raw, "UpdateStatus"), now=now, written_at=written_at),
        iteration=index(job, "JobIteration") or 0 if raw.get("JobStatus") is not None else None,
        tasks=tasks,
        written_at=written_at,
    )


def identifier(raw: Json) -> str:
    """Return the id of a service, task or node. Raise EngineError where it has none."""
    found = text(raw, "ID")
    if not found:
        raise EngineError(0, "the Engine's answer makes no sense: something in it has no ID")
    return found


def short_name(full_name: str, stack: str) -> str:
    """Return a service's name as in the compose file: without `STACK_`."""
    return full_name.removeprefix(f"{stack}_") if stack else full_name


def update_status(
    raw: Json, *, now: datetime | None = None, written_at: str | None = None
) -> UpdateStatus | None:
    """Return Swarm's word of the last update; None is a normal end as well as "not begun"."""
    state = text(raw, "State")
    if not state:
        return None
    started_at, completed_at = (text(raw, key) or None for key in ("StartedAt", "CompletedAt"))
    return UpdateStatus(
        state=_word(UpdateState, state),
        message=text(raw, "Message"),
        started_at=started_at,
        completed_at=completed_at,
        age=_since(completed_at, started_at, now),
        written_at=written_at,
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
    state = _word(TaskState, text(status, "State") or "new")
    made_of = inside(raw, "Spec")
    code = whole(container, "ExitCode")
    ran = bool(text(container, "ContainerID")) or bool(code)
    return Task(
        id=identifier(raw),
        slot=text(raw, "NodeID") if by_node else str(whole(raw, "Slot") or 0),
        state=state,
        desired=_word(TaskState, text(raw, "DesiredState") or "new"),
        up_to_date=up_to_date,
        node=text(raw, "NodeID"),
        message=text(status, "Message"),
        error=text(status, "Err"),
        exit_code=code if state.ended and ran else None,
        container=text(container, "ContainerID"),
        template=_template(made_of),
        image=text(inside(made_of, "ContainerSpec"), "Image"),
        iteration=index(raw, "JobIteration"),
        created_at=sortable(text(raw, "CreatedAt")),
        timestamp=text(status, "Timestamp"),
        since=_since(text(status, "Timestamp"), text(raw, "CreatedAt"), now),
    )


def node(raw: Json) -> Node:
    """Return one node."""
    said = inside(raw, "Spec")
    about = inside(raw, "Description")
    platform = inside(about, "Platform")
    return Node(
        id=identifier(raw),
        hostname=text(about, "Hostname"),
        ready=text(inside(raw, "Status"), "State") == "ready",
        active=(text(said, "Availability") or "active") == "active",
        manager=text(said, "Role") == "manager",
        leader=bool(inside(raw, "ManagerStatus").get("Leader")),
        os=text(platform, "OS"),
        architecture=text(platform, "Architecture"),
        role=text(said, "Role") or "worker",
        labels=tuple(sorted(labels(said).items())),
        engine_labels=tuple(sorted(labels(inside(about, "Engine")).items())),
        version=index(raw, "Version") or 0,
        memory=whole(inside(about, "Resources"), "MemoryBytes") or 0,
        address=text(inside(raw, "Status"), "Addr"),
    )


def _since(timestamp: str | None, created: str | None, now: datetime | None) -> float | None:
    """Return how long ago by the Engine's clock, or None where clocks disagree.

    A task's status carries its node's clock, its creation the manager's (swarmkit agent/agent.go).
    The `Date` header is cut to whole seconds, so this is up to a second short, never long.
    """
    entered, made = _time(timestamp), _time(created)
    if entered is None or made is None or now is None or entered < made:
        return None
    try:
        seconds = (now - entered).total_seconds()
    except OverflowError:
        return None
    return max(seconds, 0.0) if seconds > -1.0 else None


def sortable(time: str) -> str:
    """Return a time whose order is that of its text: Go leaves trailing zeros of seconds out."""
    seconds, _, fraction = time.removesuffix("Z").partition(".")
    return f"{seconds}.{fraction:0<9}Z" if time.endswith("Z") else time


def _time(given: str | None) -> datetime | None:
    try:
        found = datetime.fromisoformat(given) if given else None
    except (ValueError, OverflowError):
        return None
    return found if found is not None and found.tzinfo is not None else None


def _date(header: str | None) -> datetime | None:
    try:
        found = parsedate_to_datetime(header) if header else None
    except (ValueError, OverflowError, IndexError, TypeError):
        return None
    return found if found is not None and found.tzinfo is not None else None


def _word(kind: type[Word], said: str) -> Word:
    try:
        return kind(said)
    except ValueError:
        raise UnknownWord(
            f"the Engine says {said[:80]!r}, which is no {kind.__name__} that ccci knows"
        ) from None
