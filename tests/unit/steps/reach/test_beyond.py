from pathlib import Path
from typing import Any, cast

import pytest

from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.steps.reach import beyond, ownership, route_rules
from ccci.swarm.engine.client import Engine


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """Give a checkout as a run has it, and beside it what is the run's own."""
    folder = tmp_path / "runs" / "1" / "abra" / "recipes" / "shop"
    (folder / "conf").mkdir(parents=True)
    (tmp_path / "runs" / "1" / "abra" / "servers").mkdir()
    return folder


def read(checkout: Path, text: str) -> stack_file.StackFile:
    (checkout / "compose.yml").write_text(text)
    return stack_file.read([checkout / "compose.yml"], {"P": "/srv/of-a-variable"})


def words(checkout: Path, text: str) -> list[str]:
    ours = (checkout.parents[3],)
    return sorted(each.word for each in beyond.of(read(checkout, text), "shop", checkout, ours))


def routed(checkout: Path, *labels: str) -> list[str]:
    """Return what an app at shop.test with these labels asks of a proxy that is not its own."""
    text = f"services: {{app: {{image: a, deploy: {{labels: {list(labels)}}}}}}}"
    found = beyond.of_routes(read(checkout, text), "shop.test")
    assert all(each.word.startswith("route:") for each in found)
    return [each.word.removeprefix("route:") for each in found]


def mounting(mount: str) -> str:
    return f"services: {{app: {{image: a, volumes: [{mount}]}}}}\nvolumes: {{data: }}"


@pytest.mark.parametrize(
    ("mount", "expected"),
    [
        ("'/etc:/x'", "/etc"),
        ("'/etc/../root//y/.:/x:ro'", "/root/y"),
        ("'//etc:/x'", "/etc"),
        ("'/:/h:rw,rslave'", "/"),
        ("'${P}:/x'", "/srv/of-a-variable"),
        ("'/proc/self/root:/x'", "/proc/self/root"),
        ("{type: bind, source: /srv/x, target: /x}", "/srv/x"),
        ("{type: bind, source: ./conf, target: /x, read_only: true}", "./conf"),
        ("'.:/src'", "."),
        ("'./conf:/x'", "./conf"),
        ("'conf/../data:/x'", None),
        ("'data:/x'", None),
        ("'/anonymous'", None),
        ("{type: tmpfs, target: /etc}", None),
        ("{type: volume, source: data, target: /etc}", None),
    ],
)
def test_a_path_of_the_host_is_found_in_every_spelling(
    checkout: Path, mount: str, expected: str | None
) -> None:
    assert words(checkout, mounting(mount)) == ([expected] if expected else [])


def test_a_path_below_home_is_one_of_the_host(
    checkout: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", "/root")
    assert words(checkout, mounting("'~/.docker:/x'")) == ["/root/.docker"]


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ("{type: none, o: bind, device: /etc}", ["/etc"]),
        ("{type: '', o: 'ro,bind', device: //etc/}", ["/etc"]),
        (
            "{type: overlay, o: 'lowerdir=/etc,upperdir=/tmp/u', device: overlay}",
            ["/etc", "/tmp/u", "mount:overlay"],
        ),
        ("{type: ext4, device: /dev/sda1}", ["/dev/sda1", "mount:ext4"]),
        ("{type: none, o: bind, device: etc}", ["/etc"]),
        ("{type: none, o: bind, device: '/sys/a=b/../../etc'}", ["/etc"]),
        ("{type: smb3, o: bind, device: //etc}", ["/etc"]),
        ("{type: proc, device: proc}", ["mount:proc"]),
        ("{type: overlay, o: 'lowerdir=/srv/x:/etc'}", ["/etc", "/srv/x", "mount:overlay"]),
        ("{type: none, o: bind, device: '{{\"/etc\"}}'}", ['volume:{{"/etc"}}']),
        ("{mountpoint: /srv/x}", ["/srv/x"]),
        (
            "{type: nfs, o: 'addr=10.0.0.1,rw', device: ':/exports/x'}",
            ["share:10.0.0.1:/exports/x"],
        ),
        ("{type: nfs4, o: 'rw,addr=127.0.0.1', device: ':/'}", ["share:127.0.0.1:/"]),
        ("{type: nfs, device: 'nas:/exports/x'}", ["share:nas:/exports/x"]),
        ("{type: cifs, o: 'addr=nas,username=x', device: //nas/share}", ["share://nas/share"]),
        ("{type: tmpfs, device: tmpfs, o: 'size=10m'}", []),
    ],
)
def test_a_named_volume_may_stand_for_a_path_of_the_host(
    checkout: Path, options: str, expected: list[str]
) -> None:
    text = f"services: {{app: {{image: a}}}}\nvolumes: {{data: {{driver_opts: {options}}}}}"
    assert words(checkout, text) == expected


@pytest.mark.parametrize(
    "source", ["/var/run/docker.sock", "/run/docker.sock", "/var/run", "/run/", "/", "/var"]
)
def test_the_engines_socket_is_told_for_what_it_is(checkout: Path, source: str) -> None:
    (found,) = beyond.of(read(checkout, mounting(f"'{source}:/x'")), "shop", checkout, ())
    assert "root on the host" in str(found)
    assert found.always_told


@pytest.mark.parametrize(
    "source", ["..", "../..", "./../../servers", "./conf/../../x", "./link", "./link/x", "./deep"]
)
def test_a_path_of_the_recipe_that_leads_out_of_it_is_refused(checkout: Path, source: str) -> None:
    (checkout / "link").symlink_to("../../servers")
    (checkout / "deep").symlink_to("/etc")
    with pytest.raises(DeployRefused, match="leads"):
        words(checkout, mounting(f"'{source}:/x'"))


def test_the_folders_of_runs_are_refused_by_their_own_names(checkout: Path) -> None:
    for path in (checkout.parent, checkout.parents[2] / "servers", checkout.parents[3]):
        with pytest.raises(DeployRefused, match="ccci's own"):
            words(checkout, mounting(f"'{path}:/x'"))
    assert words(checkout, mounting(f"'{checkout}/conf:/x'")) == ["./conf"]


def test_the_kernel_and_the_hosts_network_are_reached_too(checkout: Path) -> None:
    text = (
        "services: {app: {image: a, cap_add: [CAP_SYS_ADMIN, net_raw, all], networks: [out]}}\n"
        "networks: {out: {external: true, name: host}}"
    )
    assert words(checkout, text) == ["cap:ALL", "cap:SYS_ADMIN", "network:host"]
    assert words(checkout, text.replace("name: host", "name: proxy")) == [
        "cap:ALL",
        "cap:SYS_ADMIN",
    ]


@pytest.mark.parametrize(
    ("word", "allowed", "passes"),
    [
        ("/srv/x", "/srv/x", True),
        ("/srv/x/y", "/srv/x/", True),
        ("/srv/x", "/", True),
        ("/srv/xy", "/srv/x", False),
        ("/srv", "/srv/x", False),
        ("/srv/{{.Service.Name}}", "/srv", False),
        ("./conf", ".", True),
        ("./conf", "./conf", True),
        ("cap:SYS_ADMIN", "cap:SYS_ADMIN", True),
        ("cap:SYS_ADMIN", "/", False),
        ("volume:theirs", "volume:theirs", True),
    ],
)
def test_an_allowed_path_allows_what_is_below_it_and_nothing_else(
    word: str, allowed: str, passes: bool
) -> None:
    if passes:
        beyond.refuse([beyond.Reach(word)], [allowed])
    else:
        with pytest.raises(DeployRefused, match="beyond its own stack") as refused:
            beyond.refuse([beyond.Reach(word)], [allowed])
        assert f"--allow-host-path {word}" in refused.value.hint


class Swarm:
    """What an Engine lists of other people's things."""

    def listed(self) -> list[dict[str, Any]]:
        theirs = {"com.docker.stack.namespace": "victim"}
        return [
            {"Spec": {"Name": "victim_key_v1", "Labels": None}},
            {"Spec": {"Name": "labelled", "Labels": theirs}},
            {"Spec": {"Name": "by_hand", "Labels": {}}},
            {"Spec": {"Name": "shop_key_v1", "Labels": {}}},
        ]

    def volumes(self) -> list[dict[str, Any]]:
        return [each["Spec"] for each in self.listed()]

    networks = volumes
    secrets = configs = services = listed


@pytest.mark.parametrize("section", ["secrets", "configs", "volumes", "networks"])
@pytest.mark.parametrize("external", ["external: true, ", ""])
def test_what_is_another_stacks_is_named_with_its_owner(
    checkout: Path, section: str, external: str
) -> None:
    names = ("victim_key_v1", "labelled", "by_hand", "shop_key_v1", "new")
    each = ", ".join(f"{name}: {{{external}name: {name}}}" for name in names)
    stack = read(checkout, f"services: {{app: {{image: a}}}}\n{section}: {{{each}}}")
    found = sorted(
        map(str, beyond.of_others(ownership.owners(cast("Engine", Swarm()), "shop"), stack, "shop"))
    )
    kind = section[:-1]
    by_hand = [] if section == "networks" else [f"{kind}:by_hand (not of this stack)"]
    elsewhere = "without this stack's name before it: another node may have another app's"
    assert found == [
        *by_hand,
        f"{kind}:labelled (of the stack victim)",
        *([f"{kind}:new ({elsewhere})"] if section == "volumes" else []),
        f"{kind}:victim_key_v1 (of the stack victim)",
    ]


@pytest.mark.parametrize(
    ("rule", "reached"),
    [
        ("Host(`shop.test`)", []),
        ("Host(`SHOP.test`) || Host(`www.shop.test`)", []),
        ("Host(`victim.test`)", ["victim.test"]),
        ("PathPrefix(`/x`) && (Host(`shop.test`, `victim.test`))", ["victim.test"]),
        ("hostregexp( `{any:.*}` )", ["{any:.*}"]),
        ('Host("evilshop.test")', ["evilshop.test"]),
        ("Host(`shop.test`) && !PathPrefix(`/x`) || (Host(`shop.test`) && Path(`/y`))", []),
        ("PathPrefix(`/`)", ["PathPrefix(`/`)"]),
        ("Host(`shop.test`) || PathPrefix(`/`)", ["Host(`shop.test`) || PathPrefix(`/`)"]),
        ("!Host(`shop.test`)", ["!Host(`shop.test`)"]),
        ("!(!Host(`shop.test`))", ["!(!Host(`shop.test`))"]),
        ("Host(`shop.test`) /* not read */", ["Host(`shop.test`) /* not read */"]),
        ("Host(`shop.test`) PathPrefix(`/`)", ["Host(`shop.test`) PathPrefix(`/`)"]),
        ("Header(`Host`, `victim.test`)", ["Header(`Host`, `victim.test`)"]),
        ("HostSNI(`*`)", ["HostSNI(`*`)"]),
    ],
)
def test_a_name_that_is_not_the_apps_is_told(checkout: Path, rule: str, reached: list[str]) -> None:
    router = "traefik.tcp.routers.a.rule" if "SNI" in rule else "traefik.http.routers.a.rule"
    assert routed(checkout, f"{router}={rule}", f"x={rule}") == reached


@pytest.mark.parametrize(
    ("inlets", "told"),
    [("gitea-ssh", False), ("ssh,mail", False), ("web-secure", True), ("ssh, WEB", True)],
)
def test_whoever_takes_all_visitors_needs_an_entrypoint_of_its_own(
    checkout: Path, inlets: str, told: bool
) -> None:
    router = "traefik.tcp.routers.a"
    found = routed(checkout, f"{router}.rule=HostSNI(`*`)", f"{router}.entrypoints={inlets}")
    assert found == ["HostSNI(`*`)"] * told


@pytest.mark.parametrize(
    ("label", "reached"),
    [
        ("traefik.http.routers.a.service=a", []),
        ("traefik.http.routers.a.service=A@swarm", []),
        ("traefik.http.routers.a.service=victim_app@swarm", ["victim_app@swarm"]),
        ("traefik.http.routers.a.service=api@internal", ["api@internal"]),
        ("traefik.tcp.routers.a.service=a", ["a"]),
        (
            "Traefik.HTTP.Services.a.LoadBalancer.Server.Url=http://victim_app",
            ["http://victim_app"],
        ),
    ],
)
def test_a_proxy_asked_for_what_another_stack_serves_is_told(
    checkout: Path, label: str, reached: list[str]
) -> None:
    own = "traefik.http.services.a.loadbalancer.server.port=80"
    assert routed(checkout, own, label) == reached


@pytest.mark.slow
@pytest.mark.parametrize("piece", ["!", "(", "a", " ", "Host(", "`", "Host(`a`)", "Host(`a`)||"])
def test_a_rule_takes_no_end_however_long_it_is(piece: str) -> None:
    assert not route_rules.read(piece * 100_000).confined


@pytest.mark.parametrize(
    ("log", "told"),
    [
        ("{driver: fluentd, options: {fluentd-address: '10.0.0.9:24224'}}", "10.0.0.9:24224"),
        ("{driver: fluentd}", "fluentd"),
        ("{driver: awslogs, options: {awslogs-group: theirs}}", "awslogs"),
        ("{driver: 'grafana/loki', options: {loki-url: 'http://x/push'}}", "http://x/push"),
        ("{driver: json-file, options: {max-size: 10m}}", ""),
        ("{driver: journald}", ""),
    ],
)
def test_a_log_driver_that_sends_is_told_however_its_address_is_written(
    checkout: Path, log: str, told: str
) -> None:
    text = f"services: {{app: {{image: a, logging: {log}}}}}"
    assert words(checkout, text) == ([f"logging:{told}"] if told else [])


def test_names_on_a_network_of_others_are_told(checkout: Path) -> None:
    names = "{proxy: {aliases: [victim_app, shop_app, shop]}, own: {aliases: [db]}, none: }"
    text = (
        f"services: {{app: {{image: a, networks: {names}}}}}\n"
        "networks: {proxy: {external: true}, own: , none: {external: true, name: x}}"
    )
    assert words(checkout, text) == ["alias:victim_app"]


def test_who_asks_to_be_spared_where_memory_ends_is_told(checkout: Path) -> None:
    text = "services: {app: {image: a, oom_score_adj: -900}, b: {image: a, oom_score_adj: 900}}"
    assert words(checkout, text) == ["oom-score:-900"]


def test_drivers_that_ask_others_for_secrets_and_addresses_are_told(checkout: Path) -> None:
    text = (
        "services: {app: {image: a}}\nsecrets: {a: {driver: vault, name: of-another}}\n"
        "networks: {n: {ipam: {driver: dhcp}}, m: {ipam: {driver: default}}}"
    )
    assert words(checkout, text) == ["network-driver:dhcp", "secret-driver:vault"]


def test_drivers_that_are_not_the_usual_ones_are_told(checkout: Path) -> None:
    text = (
        "services: {app: {image: a, networks: [lan, out, usual], logging: {driver: gelf, options: "
        "{gelf-address: 'udp://127.0.0.1:1', mode: non-blocking}}}}\n"
        "networks: {lan: {driver: macvlan}, out: {external: true}, usual: {driver: overlay}}\n"
        "volumes: {a: {driver: vieux/sshfs}, b: {driver: local}, c: }"
    )
    assert words(checkout, text) == [
        "logging:udp://127.0.0.1:1",
        "network-driver:macvlan",
        "volume-driver:vieux/sshfs",
    ]


def test_a_service_without_networks_is_on_the_default_one(checkout: Path) -> None:
    text = "services: {app: {image: a}}\nnetworks: {default: {external: true, name: host}}"
    assert words(checkout, text) == ["network:host"]


def test_a_template_in_a_path_is_told_as_it_is_and_never_one_of_the_recipe(checkout: Path) -> None:
    source = '/srv/{{"/../run/docker.sock"}}'
    (found,) = beyond.of(read(checkout, bound(source)), "shop", checkout, ())
    assert found.word == source
    with pytest.raises(DeployRefused, match="beyond"):
        beyond.refuse([found], ["/srv"])
    with pytest.raises(DeployRefused, match="template"):
        words(checkout, bound('./{{"."}}{{"."}}/secret'))


def bound(source: str) -> str:
    mount = f"{{type: bind, source: '{source}', target: /x}}"
    return f"services: {{app: {{image: a, volumes: [{mount}]}}}}"


def test_a_cluster_volume_and_a_log_drivers_socket_are_told(checkout: Path) -> None:
    mount = "{type: cluster, source: other, target: /x}"
    log = "{driver: syslog, options: {syslog-address: 'unix:///run/docker.sock'}}"
    text = f"services: {{app: {{image: a, volumes: [{mount}], logging: {log}}}}}"
    assert words(checkout, text) == ["cluster:other", "logging:unix:///run/docker.sock"]
