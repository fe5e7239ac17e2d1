"""Specs of services that the Engine takes or refuses, each with a piece of its words.

Held against our own table by unit tests, and against a real Engine on a Swarm.
"""

from typing import Any

Json = dict[str, Any]

_NANO = 1
_MILLI = 10**6
_KEPT: Json = {"ConfigID": "x", "ConfigName": "x"}
_FILE: Json = {"File": {"Name": "f", "UID": "0", "GID": "0", "Mode": 0o444}}


def spec(name: str, **parts: Any) -> Json:
    """Return a service's spec: keys of the container, of the task, of the service."""
    task = {"Placement", "Resources", "RestartPolicy", "Runtime"}
    whole = {"EndpointSpec", "UpdateConfig", "RollbackConfig", "Mode", "Name", "Labels"}
    container = {key: value for key, value in parts.items() if key not in task | whole}
    return {
        "Name": name,
        "Mode": {"Replicated": {"Replicas": 0}},
        "TaskTemplate": {
            "ContainerSpec": {"Image": "ccci-test/busybox:latest", **container},
            **{key: value for key, value in parts.items() if key in task},
        },
        **{key: value for key, value in parts.items() if key in whole},
    }


def _constraint(*texts: str) -> Json:
    return {"Placement": {"Constraints": list(texts)}}


def _port(number: int, protocol: str = "tcp", mode: str = "ingress") -> Json:
    keys = {"TargetPort": 80, "PublishedPort": number, "Protocol": protocol, "PublishMode": mode}
    return {**keys}


def _mount(target: str, **keys: Any) -> Json:
    return {"Type": "volume", "Source": "data", "Target": target, **keys}


def _reserved(**keys: int) -> Json:
    return {"Resources": {"Reservations": keys}}


def _env(value: str) -> Json:
    return {"Env": [f"A={value}"]}


_SIZES = "Must be at least"
_CONFLICT = "references 'x' and 'x' have a conflicting target: 'f'"

CASES: dict[str, tuple[Json, str]] = {
    "plain": ({}, ""),
    "name with a dot": ({"Name": "a.b"}, "name must be valid as a DNS name component"),
    "name ending in a dash": ({"Name": "a-"}, "name must be valid as a DNS name component"),
    "name with an umlaut": ({"Name": "ä"}, "name must be valid as a DNS name component"),
    "name of 64": ({"Name": "n" * 64}, "name must be 63 characters or fewer"),
    "name of 63": ({"Name": "n" * 63}, ""),
    "name with two underscores": ({"Name": "a__b-c"}, ""),
    "constraint with one =": (
        _constraint("node.hostname = x"),
        "constraint expected one operator from ==, !=",
    ),
    "constraint without a value": (_constraint("node.labels.a =="), "value '' is invalid"),
    "constraint with a blank for a value": (
        _constraint("node.labels.a == "),
        "value '' is invalid",
    ),
    "constraint without a key": (_constraint("== x"), "key '' is invalid"),
    "constraint with a comparison": (_constraint("node.role >= x"), "constraint expected"),
    "constraint with a comma": (_constraint("node.labels.a == b,c"), "value 'b,c' is invalid"),
    "constraint with two operators": (_constraint("node.role != a==b"), "is invalid"),
    "constraint of an unknown key": (_constraint("node.lables.a==b c"), ""),
    "constraint with what Swarm takes": (_constraint("Node.Labels.a != (a|b)*"), ""),
    "memory below 4 MiB": (
        {"Resources": {"Limits": {"MemoryBytes": 1024}}},
        "invalid memory value 1024: Must be at least 4MiB",
    ),
    "memory of 4 MiB": ({"Resources": {"Limits": {"MemoryBytes": 4 * 2**20}}}, ""),
    "memory below zero": (_reserved(MemoryBytes=-1), "invalid memory value -1"),
    "cores below a thousandth": (
        _reserved(NanoCPUs=500_000),
        "invalid cpu value 0.0005: Must be at least 0.001",
    ),
    "cores next to none": (_reserved(NanoCPUs=1000), "invalid cpu value 1e-06"),
    "cores of a thousandth": (_reserved(NanoCPUs=_MILLI), ""),
    "restart delay below zero": (
        {"RestartPolicy": {"Delay": -_NANO}},
        "TaskSpec: restart-delay cannot be negative",
    ),
    "restart window below zero": (
        {"RestartPolicy": {"Window": -_NANO}},
        "TaskSpec: restart-window cannot be negative",
    ),
    "restart condition of docker run": (
        {"RestartPolicy": {"Condition": "unless-stopped"}},
        'invalid RestartCondition: "unless-stopped"',
    ),
    "two configs in one place": (
        {"Configs": [_KEPT | _FILE, _KEPT | _FILE]},
        f"config {_CONFLICT}",
    ),
    "two secrets in one place": (
        {"Secrets": [{"SecretID": "x", "SecretName": "x", **_FILE}] * 2},
        f"secret {_CONFLICT}",
    ),
    "config without a name": ({"Configs": [{"ConfigID": "x", **_FILE}]}, "malformed config"),
    "config without a target": (
        {"Configs": [_KEPT]},
        "invalid Config: either File or Runtime should be set",
    ),
    "config with two targets": (
        {"Configs": [_KEPT | _FILE | {"Runtime": {}}]},
        "invalid Config: cannot specify both File and Runtime",
    ),
    "secret without a target": (
        {"Secrets": [{"SecretID": "x", "SecretName": "x"}]},
        "malformed secret reference, no target provided",
    ),
    "secret without a file name": (
        {"Secrets": [{"SecretID": "x", "SecretName": "x", "File": {"Name": ""}}]},
        "malformed file secret reference, invalid target file name provided",
    ),
    "configs that are not there": (
        {"Configs": [_KEPT | _FILE, {"ConfigID": "y", "ConfigName": "y", "File": {"Name": "g"}}]},
        "configs not found: x, y",
    ),
    "template of a field in lower case": (
        _env("{{.Node.hostname}}"),
        "at <.Node.hostname>: can't evaluate field hostname",
    ),
    "template of an unknown field": (_env("{{ .Nope }}"), "can't evaluate field Nope"),
    "template beyond a field": (_env("{{.Node.Hostname.Short}}"), "can't evaluate field Short"),
    "template of a label": (_env("{{.Service.Labels.a}}"), 'map has no entry for key "a"'),
    "template with an index": (_env('{{index .Service.Labels "a"}}'), ""),
    "template without an end": (_env("{{.Node.Hostname"), "unclosed action"),
    "template of nothing": (_env("{{}}"), "missing value for command"),
    "template with an unknown function": (_env("{{ upper }}"), 'function "upper" not defined'),
    "template into an unknown function": (
        _env("{{.Node.Hostname | upper}}"),
        'function "upper" not defined',
    ),
    "template of all there is": (
        _env(
            "{{.Service.ID}}{{.Service.Name}}{{.Node.ID}}{{- .Node.Hostname -}}"
            "{{.Node.Platform.OS}}{{.Node.Platform.Architecture}}{{.Task.ID}}{{.Task.Slot}}"
            "{{.Task.Name | printf}}{{/* a word }} */}}{{if .Node.ID}}x{{else}}y{{end}}"
            '{{"}}"}}{{join "a" "b"}}{{with .Node}}{{.Hostname}}{{end}}}}'
        ),
        "",
    ),
    "template in the name of a variable": ({"Env": ["{{.Nope}}=x", "{{.Nope}}"]}, ""),
    "template of a label's words": ({"Labels": {"a": "{{.Nope}}"}}, ""),
    "template in the host name": ({"Hostname": "{{.Task.slot}}"}, "expanding hostname failed"),
    "template in a mount": (
        {"Mounts": [_mount("/a", Source="{{.Nope}}")]},
        "expanding mounts failed: expanding mount source",
    ),
    "template in a volume's label": (
        {"Mounts": [_mount("/a", VolumeOptions={"Labels": {"a": "{{.Nope}}"}})]},
        "expanding mounts failed: expanding volume labels",
    ),
    "image with a blank": ({"Image": "Foo Bar"}, '"Foo Bar" is not a valid repository/tag'),
    "image in upper case": ({"Image": "Foo"}, '"Foo" is not a valid repository/tag'),
    "image with an empty tag": ({"Image": "box:"}, '"box:" is not a valid repository/tag'),
    "image by its id": ({"Image": "a" * 64}, "is not a valid repository/tag"),
    "image of 256 characters": ({"Image": "a" * 256}, "is not a valid repository/tag"),
    "image of a path with 256": (
        {"Image": f"r.example/{'a' * 256}"},
        "is not a valid repository/tag",
    ),
    "image that is a long word and a mark": (
        {"Image": "a" * 60 + "!"},
        "is not a valid repository/tag",
    ),
    "no image": ({"Image": ""}, "ContainerSpec: image reference must be provided"),
    "image of a registry": ({"Image": f"r.example:5000/a_b/c--d:T@sha256:{'0' * 64}"}, ""),
    "image with a long path": ({"Image": "a/b/c/d.e__f:1"}, ""),
    "two mounts in one place": (
        {"Mounts": [_mount("/a"), _mount("/a")]},
        "ContainerSpec: duplicate mount point: /a",
    ),
    "mount of an unknown type": (
        {"Mounts": [_mount("/a") | {"Type": "nfs"}]},
        'invalid MountType: "nfs"',
    ),
    "mount with an unknown propagation": (
        {"Mounts": [_mount("/a") | {"Type": "bind", "BindOptions": {"Propagation": "all"}}]},
        'invalid MountPropagation: "all"',
    ),
    "mount of no absolute place": ({"Mounts": [_mount("v:/v")]}, ""),
    "interval below a millisecond": (
        {"Healthcheck": {"Test": ["CMD", "true"], "Interval": 1000}},
        "ContainerSpec: Interval in HealthConfig cannot be less than 1ms",
    ),
    "timeout below zero": (
        {"Healthcheck": {"Test": ["CMD", "true"], "Timeout": -_NANO}},
        "ContainerSpec: Timeout in HealthConfig cannot be less than 1ms",
    ),
    "start period below a millisecond": (
        {"Healthcheck": {"StartPeriod": _NANO}},
        "ContainerSpec: StartPeriod in HealthConfig cannot be less than 1ms",
    ),
    "retries below zero": (
        {"Healthcheck": {"Retries": -1}},
        "ContainerSpec: Retries in HealthConfig cannot be negative",
    ),
    "interval of a millisecond": ({"Healthcheck": {"Interval": _MILLI}}, ""),
    "update delay below zero": (
        {"UpdateConfig": {"Delay": -_NANO}},
        "TaskSpec: update-delay cannot be negative",
    ),
    "update monitor below zero": (
        {"UpdateConfig": {"Monitor": -_NANO}},
        "TaskSpec: update-monitor cannot be negative",
    ),
    "failure ratio above one": (
        {"UpdateConfig": {"MaxFailureRatio": 1.5}},
        "TaskSpec: update-maxfailureratio cannot be less than 0 or bigger than 1",
    ),
    "rollback ratio above one": ({"RollbackConfig": {"MaxFailureRatio": 1.5}}, ""),
    "unknown failure action": (
        {"UpdateConfig": {"FailureAction": "stop"}},
        "unrecognized update failure action stop",
    ),
    "unknown order of a rollback": (
        {"RollbackConfig": {"Order": "first"}},
        "unrecognized update order first",
    ),
    "job with an update policy": (
        {"Mode": {"ReplicatedJob": {"TotalCompletions": 0}}, "UpdateConfig": {"Parallelism": 1}},
        "Jobs may not have an update config",
    ),
    "job with a rollback policy": (
        {"Mode": {"ReplicatedJob": {"TotalCompletions": 0}}, "RollbackConfig": {}},
        "",
    ),
    "two modes": (
        {"Mode": {"Replicated": {"Replicas": 0}, "Global": {}}},
        "must specify only one service mode",
    ),
    "dnsrr with an ingress port": (
        {"EndpointSpec": {"Mode": "dnsrr", "Ports": [_port(18901)]}},
        "EndpointSpec: port published with ingress mode can't be used with dnsrr mode",
    ),
    "dnsrr with a host port": (
        {"EndpointSpec": {"Mode": "dnsrr", "Ports": [_port(18902, mode="host")]}},
        "",
    ),
    "endpoint mode of nobody": (
        {"EndpointSpec": {"Mode": "anycast"}},
        'invalid resolution mode: "anycast"',
    ),
    "one port twice": (
        {"EndpointSpec": {"Ports": [_port(18903), _port(18903, mode="host")]}},
        "EndpointSpec: duplicate published ports provided",
    ),
    "one port for two protocols": (
        {"EndpointSpec": {"Ports": [_port(18904), _port(18904, "udp")]}},
        "",
    ),
    "two ports that Swarm chooses": ({"EndpointSpec": {"Ports": [_port(0), _port(0)]}}, ""),
    "runtime of nobody": ({"Runtime": "wasm"}, "unsupported runtime"),
}
"""Keys of a spec, and a piece of the Engine's words; nothing where it takes it."""

PORTS: dict[str, tuple[Json, Json, str]] = {
    "ingress and ingress": (_port(18911), _port(18911), "as an ingress port"),
    "tcp and udp": (_port(18912), _port(18912, "udp"), ""),
    "ingress and host": (_port(18913), _port(18913, mode="host"), "as an ingress port"),
    "host and ingress": (_port(18914, mode="host"), _port(18914), "as a host-published port"),
    "host and host": (_port(18915, mode="host"), _port(18915, mode="host"), ""),
    "host udp and ingress tcp": (_port(18916, "udp", "host"), _port(18916), ""),
}
"""A port of one service, one of another, and a piece of the Engine's words to the second."""

KEPT: dict[str, tuple[Json, str]] = {
    "plain": ({"Name": "c"}, ""),
    "empty": ({"Name": "c", "Data": ""}, "data must be larger than 0 and less than"),
    "no name": ({"Name": ""}, "name must be provided"),
    "name of 65": ({"Name": "n" * 65}, "invalid name, only 64 [a-zA-Z0-9-_.] characters"),
    "name of 64": ({"Name": "n" * 64}, ""),
    "name with dots": ({"Name": "a..b_c"}, ""),
    "name ending in a dot": ({"Name": "a."}, "invalid name"),
    "name with a slash": ({"Name": "a/b"}, "invalid name"),
}
"""A config or a secret, and a piece of the Engine's words."""
