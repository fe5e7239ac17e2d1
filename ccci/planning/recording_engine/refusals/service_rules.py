"""What the Engine refuses of a service's spec by itself, whatever else is there. Pure.

A table: one row a rule, in the Engine's order, with its words. First what moby refuses to hand on
(daemon/cluster/convert/service.go, container.go), then what swarmkit does not take
(manager/controlapi/service.go validateServiceSpec). They are the same from 20.10 to 29; where a
rule came later it is left out, since a plan refuses nothing that an Engine takes.
"""

from collections.abc import Callable, Iterator
from itertools import chain

from ccci.names import LONGEST_SERVICE_NAME, SERVICE_NAME
from ccci.planning.modes import is_job, modes_of
from ccci.planning.recording_engine.refusals import templates
from ccci.planning.recording_engine.refusals.refused import (
    FAILED,
    INVALID,
    Refused,
    invalid,
    of_swarm,
)
from ccci.swarm.decode.typed import Json, inside, number, objects, text, texts, whole
from ccci.swarm.engine_limits import (
    ENDPOINT_MODES,
    LEAST_HEALTH_PERIOD,
    LEAST_MEMORY,
    LEAST_NANO_CPUS,
    NANO_CPUS,
    RESTART_CONDITIONS,
    UPDATE_ACTIONS,
    constraint_fault,
    is_image_name,
)

_ORDERS = {"", "stop-first", "start-first"}
_MOUNTS = {"", "bind", "volume", "tmpfs", "npipe", "cluster", "image"}
_PROPAGATIONS = {"", "rprivate", "private", "rshared", "shared", "rslave", "slave"}


def refused(spec: Json) -> Refused | None:
    """Return the Engine's refusal of a spec, or None."""
    for made, rules in RULES:
        said = next(chain.from_iterable(rule(spec) for rule in rules), "")
        if said:
            return made(said)
    return None


def named_like_a_host(name: str) -> Iterator[str]:
    """Yield why a service or a network may not be called so.

    swarmkit manager/controlapi/common.go: validateAnnotations.
    """
    if not SERVICE_NAME.fullmatch(name):
        yield "name must be valid as a DNS name component"
    if len(name.encode()) > LONGEST_SERVICE_NAME:
        yield f"name must be {LONGEST_SERVICE_NAME} characters or fewer"


def _by_moby(words: str) -> Refused:
    return Refused(INVALID, words)


def _without_code(words: str) -> Refused:
    return of_swarm(FAILED, "Unknown", words)


def _template(spec: Json) -> Json:
    return inside(spec, "TaskTemplate")


def _container(spec: Json) -> Json:
    return inside(_template(spec), "ContainerSpec")


def _runtime(spec: Json) -> Iterator[str]:
    if text(_template(spec), "Runtime") in {"", "container"}:
        if _template(spec).get("ContainerSpec") is None:
            yield "mismatched Runtime and *Spec fields"
    elif text(_template(spec), "Runtime") != "plugin":
        yield "unsupported runtime"


def _targets(spec: Json) -> Iterator[str]:
    for each in objects(_container(spec), "Configs"):
        file, runtime = each.get("File"), each.get("Runtime")
        if file is None and runtime is None:
            yield "invalid Config: either File or Runtime should be set"
        if file is not None and runtime is not None:
            yield "invalid Config: cannot specify both File and Runtime"


def _mount_words(spec: Json) -> Iterator[str]:
    for each in objects(_container(spec), "Mounts"):
        kind = text(each, "Type")
        if kind.lower() not in _MOUNTS:
            yield f'invalid MountType: "{kind}"'
        propagation = text(inside(each, "BindOptions"), "Propagation")
        if propagation.lower() not in _PROPAGATIONS:
            yield f'invalid MountPropagation: "{propagation}"'


def _restart_words(spec: Json) -> Iterator[str]:
    condition = text(inside(_template(spec), "RestartPolicy"), "Condition")
    if condition not in RESTART_CONDITIONS:
        yield f'invalid RestartCondition: "{condition}"'


def _update_words(spec: Json) -> Iterator[str]:
    for section in ("UpdateConfig", "RollbackConfig"):
        action, order = (text(inside(spec, section), key) for key in ("FailureAction", "Order"))
        if action not in UPDATE_ACTIONS:
            yield f"unrecognized update failure action {action}"
        if order not in _ORDERS:
            yield f"unrecognized update order {order}"


def _endpoint_mode(spec: Json) -> Iterator[str]:
    mode = text(inside(spec, "EndpointSpec"), "Mode")
    if mode not in ENDPOINT_MODES:
        yield f'invalid resolution mode: "{mode}"'


def _one_mode(spec: Json) -> Iterator[str]:
    if len(modes_of(spec)) > 1:
        yield "must specify only one service mode"


def _name(spec: Json) -> Iterator[str]:
    name = text(spec, "Name")
    if name:  # moby makes one up for a service without
        yield from named_like_a_host(name)


def _resources(spec: Json) -> Iterator[str]:
    for section in ("Limits", "Reservations"):
        found = inside(inside(_template(spec), "Resources"), section)
        cores, memory = whole(found, "NanoCPUs") or 0, whole(found, "MemoryBytes") or 0
        if cores and cores < LEAST_NANO_CPUS:
            least = LEAST_NANO_CPUS / NANO_CPUS
            yield f"invalid cpu value {cores / NANO_CPUS!r}: Must be at least {least!r}"
        if memory and memory < LEAST_MEMORY:
            yield f"invalid memory value {memory}: Must be at least 4MiB"


def _restart(spec: Json) -> Iterator[str]:
    policy = inside(_template(spec), "RestartPolicy")
    for key in ("Delay", "Window"):
        if (whole(policy, key) or 0) < 0:
            yield f"TaskSpec: restart-{key.lower()} cannot be negative"


def _constraints(spec: Json) -> Iterator[str]:
    listed = texts(inside(_template(spec), "Placement"), "Constraints")
    yield from filter(None, map(constraint_fault, listed))


def _references(spec: Json) -> Iterator[str]:
    for section, word in (("Secrets", "secret"), ("Configs", "config")):
        taken: dict[str, str] = {}
        for each in objects(_container(spec), section):
            name = text(each, f"{word.capitalize()}Name")
            if not name or not text(each, f"{word.capitalize()}ID"):
                yield f"malformed {word} reference"
            if each.get("File") is None:
                if each.get("Runtime") is None:
                    yield f"malformed {word} reference, no target provided"
                continue
            file = text(inside(each, "File"), "Name")
            if not file:
                yield f"malformed file {word} reference, invalid target file name provided"
            if file in taken:
                both = f"'{taken[file]}' and '{name}'"
                yield f"{word} references {both} have a conflicting target: '{file}'"
            taken[file] = name


def _templates(spec: Json) -> Iterator[str]:
    said = templates.fault(_container(spec))
    if said:
        yield said


def _image(spec: Json) -> Iterator[str]:
    image = text(_container(spec), "Image")
    if not image:
        yield "ContainerSpec: image reference must be provided"
    elif not is_image_name(image):
        yield f'ContainerSpec: "{image}" is not a valid repository/tag'


def _mounts(spec: Json) -> Iterator[str]:
    targets = [text(each, "Target") for each in objects(_container(spec), "Mounts")]
    for number_of, target in enumerate(targets):
        if target in targets[:number_of]:
            yield f"ContainerSpec: duplicate mount point: {target}"


def _health(spec: Json) -> Iterator[str]:
    check = inside(_container(spec), "Healthcheck")
    for key in ("Interval", "Timeout", "StartPeriod"):
        period = whole(check, key) or 0
        if period and period < LEAST_HEALTH_PERIOD:
            yield f"ContainerSpec: {key} in HealthConfig cannot be less than 1ms"
    if (whole(check, "Retries") or 0) < 0:
        yield "ContainerSpec: Retries in HealthConfig cannot be negative"


def _update(spec: Json) -> Iterator[str]:
    if is_job(spec):
        if spec.get("UpdateConfig") is not None:
            yield "Jobs may not have an update config"
        return
    update = inside(spec, "UpdateConfig")
    for key in ("Delay", "Monitor"):
        if (whole(update, key) or 0) < 0:
            yield f"TaskSpec: update-{key.lower()} cannot be negative"
    if not 0 <= (number(update, "MaxFailureRatio") or 0) <= 1:
        yield "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1"


def _endpoint(spec: Json) -> Iterator[str]:
    endpoint = inside(spec, "EndpointSpec")
    taken = set()
    for each in objects(endpoint, "Ports"):
        ingress = text(each, "PublishMode") in {"", "ingress"}
        if ingress and text(endpoint, "Mode") == "dnsrr":
            yield ("EndpointSpec: port published with ingress mode can't be used with dnsrr mode")
        port = whole(each, "PublishedPort") or 0, text(each, "Protocol").lower() or "tcp"
        if port[0] and port in taken:
            yield "EndpointSpec: duplicate published ports provided"
        taken.add(port)


Rule = Callable[[Json], Iterator[str]]
RULES: tuple[tuple[Callable[[str], Refused], tuple[Rule, ...]], ...] = (
    (_by_moby, (_runtime, _targets, _mount_words, _restart_words, _update_words, _endpoint_mode)),
    (_by_moby, (_one_mode,)),
    (invalid, (_name, _resources, _restart)),
    (_without_code, (_constraints,)),
    (invalid, (_references, _templates, _image, _mounts, _health, _update, _endpoint)),
)
"""The rules in the Engine's order, with the form in which it tells them."""
