"""What a revision takes or uses of those who are on the swarm already, on whatever node."""

from pathlib import Path
from typing import Any, cast

import pytest

from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.steps.reach import beyond, claims, ownership
from ccci.swarm.engine.client import Engine

NAMESPACE = "com.docker.stack.namespace"
APP = "services: {app: {image: a}}\n"


def mount(source: str, made_by: str = "") -> dict[str, Any]:
    options = {"VolumeOptions": {"Labels": {NAMESPACE: made_by}}} if made_by else {}
    return {"Type": "volume", "Source": source, "Target": "/x", **options}


def service(
    name: str,
    stack: str,
    *mounts: dict[str, Any],
    labels: dict[str, str] | None = None,
    aliases: tuple[str, ...] = (),
    container: dict[str, Any] | None = None,
) -> dict[str, Any]:
    """Return a service as the Engine lists it."""
    said = ({NAMESPACE: stack} if stack else {}) | (labels or {})
    template = {
        "ContainerSpec": {"Image": "a", "Mounts": list(mounts), **(container or {})},
        "Networks": [{"Target": "n1", "Aliases": list(aliases)}],
    }
    return {"ID": name, "Spec": {"Name": name, "Labels": said, "TaskTemplate": template}}


class Swarm:
    """A manager that has services of every node, and the volumes of its own alone."""

    def __init__(self, *services: dict[str, Any], volumes: tuple[dict[str, Any], ...] = ()) -> None:
        self.there = {"services": list(services), "volumes": list(volumes)}

    def __getattr__(self, kind: str) -> Any:
        return lambda: self.there.get(kind, [])


def seen(swarm: Swarm, stack: str = "shop") -> ownership.Owners:
    return ownership.owners(cast("Engine", swarm), stack)


def read(tmp_path: Path, text: str) -> stack_file.StackFile:
    (tmp_path / "compose.yml").write_text(text)
    return stack_file.read([tmp_path / "compose.yml"], {})


def told(tmp_path: Path, text: str, swarm: Swarm) -> list[str]:
    return sorted(map(str, beyond.of_others(seen(swarm), read(tmp_path, text), "shop")))


def words(tmp_path: Path, text: str, swarm: Swarm) -> list[str]:
    found = beyond.of_others(seen(swarm), read(tmp_path, text), "shop")
    return sorted({each.word for each in found})


ELSEWHERE = [
    ("victim_data", mount("victim_data", "victim")),
    ("data", mount("data", "victim")),
    ("data", mount("data")),
    ("shop_data", mount("shop_data", "victim")),
    ("victim_old", mount("victim_data", "victim")),
]


@pytest.mark.parametrize(("name", "of_victim"), ELSEWHERE)
def test_a_volume_of_another_stack_is_known_on_whatever_node_it_is(
    tmp_path: Path, name: str, of_victim: dict[str, Any]
) -> None:
    swarm = Swarm(service("victim_app", "victim", of_victim))
    used = f"{APP}volumes: {{x: {{name: {name}, external: true}}}}"
    assert told(tmp_path, used, swarm) == [f"volume:{name} (of the stack victim)"]
    taken = read(tmp_path, f"{APP}volumes: {{x: {{name: {name}}}}}")
    with pytest.raises(DeployRefused, match="the stack victim"):
        claims.refuse_others(seen(swarm), taken, "shop")


def test_a_volume_that_no_service_mounts_any_more_is_told_where_its_name_is_not_the_stacks(
    tmp_path: Path,
) -> None:
    text = f"{APP}volumes: {{x: {{name: old_data}}, y: {{name: shop_y}}, z: }}"
    (found,) = told(tmp_path, text, Swarm())
    assert found.startswith("volume:old_data (")
    assert "another node" in found
    claims.refuse_others(seen(Swarm()), read(tmp_path, text), "shop")


@pytest.mark.parametrize("section", ["networks", "secrets", "configs"])
def test_a_name_that_another_stack_may_still_want_is_refused(tmp_path: Path, section: str) -> None:
    file = "" if section == "networks" else ", file: empty"
    taken = read(tmp_path, f"{APP}{section}: {{x: {{name: victim_new{file}}}}}")
    with pytest.raises(DeployRefused, match="the stack victim"):
        claims.refuse_others(seen(Swarm(service("victim_app", "victim"))), taken, "shop")


def test_what_this_stack_made_is_its_own_whoever_uses_it(tmp_path: Path) -> None:
    swarm = Swarm(
        service("shop_app", "shop", mount("media", "shop"), mount("shop_data", "shop")),
        service("backup_app", "backup", mount("media"), mount("shop_data"), mount("shop_new")),
    )
    text = f"{APP}volumes: {{a: {{name: media}}, b: {{name: shop_data}}, new: }}"
    assert told(tmp_path, text, swarm) == []
    claims.refuse_others(seen(swarm), read(tmp_path, text), "shop")


def test_what_this_stack_only_used_is_not_its_own_for_that(tmp_path: Path) -> None:
    swarm = Swarm(service("shop_app", "shop", mount("victim_data")), service("v", "victim"))
    text = f"{APP}volumes: {{x: {{name: victim_data, external: true}}}}"
    assert told(tmp_path, text, swarm) == ["volume:victim_data (of the stack victim)"]


SHARED = "networks: {proxy: {external: true}, own: }\n"
VICTIM = service(
    "victim_app", "victim", aliases=("app", "mail.victim.test"), container={"Hostname": "mx"}
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{victim_app: {image: a, networks: [proxy]}}", ["alias:victim_app"]),
        ("{VICTIM_app: {image: a, networks: [proxy]}}", ["alias:VICTIM_app"]),
        ("{victim_other: {image: a, networks: {proxy: }}}", ["alias:victim_other"]),
        ("{mx: {image: a, networks: [proxy]}}", ["alias:mx"]),
        ("{a: {image: a, networks: [proxy], hostname: mail.victim.test}}", "mail.victim.test"),
        ("{a: {image: a, networks: [proxy], hostname: '{{\"victim_app\"}}'}}", '{{"victim_app"}}'),
        ("{a: {image: a, networks: [proxy], hostname: '{{.Node.Hostname}}'}}", []),
        ("{app: {image: a, networks: [proxy], hostname: shop.test}}", []),
        ("{victim_app: {image: a, networks: [own]}}", []),
        ("{victim_app: {image: a, hostname: mx}}", []),
        ("{a: {image: a, networks: {own: {aliases: [mx]}, proxy: }}}", []),
        ("{a: {image: a, networks: {proxy: {aliases: [shop_two_app]}}}}", ["alias:shop_two_app"]),
    ],
)
def test_a_name_by_which_a_service_answers_for_anothers_is_told(
    tmp_path: Path, said: str, expected: list[str] | str
) -> None:
    swarm = Swarm(VICTIM, service("shop_two_x", "shop_two"), service("shop_app", "shop"))
    wanted = [f"alias:{expected}"] if isinstance(expected, str) else expected
    assert words(tmp_path, f"services: {said}\n{SHARED}", swarm) == wanted


def test_a_service_on_a_default_network_of_others_has_its_key_as_a_name_there(
    tmp_path: Path,
) -> None:
    text = "services: {victim_app: {image: a}}\nnetworks: {default: {external: true, name: proxy}}"
    assert words(tmp_path, text, Swarm(VICTIM)) == ["alias:victim_app"]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("{api.pay.test: {image: a, networks: [proxy]}}", ["alias:api.pay.test"]),
        ("{a: {image: a, networks: [proxy], hostname: victim.test}}", ["alias:victim.test"]),
        ("{a: {image: a, networks: [proxy], hostname: mail.shop.test}}", []),
        ("{a: {image: a, networks: [proxy], hostname: '{{.Node.Hostname}}'}}", []),
        ("{api.pay.test: {image: a, networks: [own]}}", []),
        ("{a: {image: a, networks: {proxy: {aliases: [x.shop.test]}}}}", []),
    ],
)
def test_a_name_of_the_internet_on_a_network_that_others_share_is_told(
    tmp_path: Path, said: str, expected: list[str]
) -> None:
    stack = read(tmp_path, f"services: {said}\n{SHARED}")
    assert [each.word for each in beyond.of_names(stack, "shop.test")] == expected


def labelled(*labels: str, at: str = "deploy: {labels: ") -> str:
    end = "}" if "{" in at else ""
    return f"services: {{app: {{image: a, {at}{list(labels)}{end}}}}}"


THEIRS = {
    "traefik.http.services.victim.loadbalancer.server.port": "80",
    "traefik.http.routers.victim.rule": "Host(`victim.test`)",
    "traefik.http.middlewares.https.redirectscheme.scheme": "https",
    "traefik.udp.routers.voice.entrypoints": "mumble",
    "traefik.tcp.routers.git.entrypoints": "ssh",
    "traefik.backend": "old",
}


@pytest.mark.parametrize(
    ("label", "expected"),
    [
        ("traefik.http.services.victim.loadbalancer.server.port=80", "http.services.victim"),
        ("Traefik.Http.Services.Victim.Loadbalancer.Server.Port=80", "http.services.victim"),
        ("traefik.http.routers.victim.rule=Host(`shop.test`)", "http.routers.victim"),
        ("traefik.http.middlewares.https.headers.sslhost=x", "http.middlewares.https"),
        ("traefik.backend=old", "http.backends.old"),
        ("traefik.udp.routers.shop.entrypoints=mumble", "udp:mumble"),
        ("traefik.tcp.services.victim.loadbalancer.server.port=80", ""),
        ("traefik.http.services.shop.loadbalancer.server.port=80", ""),
    ],
)
@pytest.mark.parametrize("at", ["deploy: {labels: ", "labels: "])
@pytest.mark.parametrize("their_labels", ["service", "container"])
def test_what_a_proxy_would_take_for_another_apps_is_told(
    tmp_path: Path, label: str, expected: str, at: str, their_labels: str
) -> None:
    victim = (
        service("victim_app", "victim", labels=THEIRS)
        if their_labels == "service"
        else service("victim_app", "victim", container={"Labels": THEIRS})
    )
    found = words(tmp_path, labelled(label, at=at), Swarm(victim))
    assert found == ([f"route:{expected}"] if expected else [])


@pytest.mark.parametrize(("rule", "whole"), [("HostSNI(`*`)", True), ("HostSNI(`shop.t`)", False)])
def test_who_takes_all_of_an_entrypoint_that_another_app_uses_is_told(
    tmp_path: Path, rule: str, whole: bool
) -> None:
    router = "traefik.tcp.routers.shop"
    text = labelled(f"{router}.rule={rule}", f"{router}.entrypoints=ssh")
    swarm = Swarm(service("victim_app", "victim", labels=THEIRS))
    assert words(tmp_path, text, swarm) == ["route:tcp:ssh"] * whole


def test_the_labels_of_the_stack_itself_are_no_others(tmp_path: Path) -> None:
    swarm = Swarm(service("shop_app", "shop", labels=THEIRS))
    text = labelled("traefik.http.services.victim.loadbalancer.server.port=80")
    assert words(tmp_path, text, swarm) == []


def test_a_service_without_a_stack_is_named_itself(tmp_path: Path) -> None:
    swarm = Swarm(service("traefik", "", labels=THEIRS))
    text = labelled("traefik.http.routers.victim.rule=Host(`shop.test`)")
    (found,) = told(tmp_path, text, swarm)
    assert "the service traefik" in found
