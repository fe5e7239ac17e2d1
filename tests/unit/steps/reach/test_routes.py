"""What labels and variables ask of a proxy of the whole swarm that is not the app's."""

import json
from pathlib import Path

import pytest

from ccci.recipe import stack_file
from ccci.steps.reach import beyond
from ccci.steps.reach.route_rules import Listed

DOMAIN = "disc-abc123.ccci.test"
STACK = "disc-abc123_ccci_test"
WEB = f"traefik.http.routers.{STACK}"
SERVICE = f"traefik.http.services.{STACK}.loadbalancer.server.port=80"


def asked(
    tmp_path: Path, *labels: str, at: str = "deploy", names: tuple[str, ...] = ()
) -> list[str]:
    listed = json.dumps(labels).replace("$", "$$")
    said = f"labels: {listed}" if at == "container" else f"deploy: {{labels: {listed}}}"
    (tmp_path / "compose.yml").write_text(f"services: {{app: {{image: a, {said}}}}}")
    stack = stack_file.read([tmp_path / "compose.yml"], {})
    found = beyond.of_routes(stack, DOMAIN, names)
    return sorted(each.word.removeprefix("route:") for each in found)


@pytest.mark.parametrize("at", ["deploy", "container"])
@pytest.mark.parametrize("matcher", ["HostRegexp", "HostSNIRegexp", "hostregexp"])
@pytest.mark.parametrize(
    "pattern",
    [
        f".*|x.{DOMAIN}",
        f"(.*)|x.{DOMAIN}",
        "(.*)",
        r"disc-abc123\.ccci\.test",
        r"disc-abc123\.ccci\.test$",
        r"^disc-abc123.ccci.test$",
        r"^disc-abc123\.ccci\.test",
        r"^(a|.*\.)disc-abc123\.ccci\.test$",
        f"{{any:.*|x}}.{DOMAIN}",
        f"{{any:.*}}{DOMAIN}",
        f".*{DOMAIN}",
    ],
)
def test_an_expression_that_other_names_fit_is_told(
    tmp_path: Path, matcher: str, pattern: str, at: str
) -> None:
    assert asked(tmp_path, f"{WEB}.rule={matcher}(`{pattern}`)", at=at) == [pattern]


@pytest.mark.parametrize(
    "pattern",
    [
        r"^disc-abc123\.ccci\.test$",
        r"^disc\-abc123\.ccci\.test$",
        r"^.+\.disc-abc123\.ccci\.test$",
        r"^(.+\.)?disc-abc123\.ccci\.test$",
        r"[a-z]+\.disc-abc123\.ccci\.test$",
        f"{{sub:[a-z]+}}.{DOMAIN}",
    ],
)
def test_an_expression_of_the_apps_own_names_is_its_own(pattern: str) -> None:
    assert Listed(pattern, pattern=True).is_own(DOMAIN)


@pytest.mark.parametrize(
    ("label", "told"),
    [
        (f"traefik.http.middlewares.{STACK}.errors.service=victim_app@swarm", "victim_app@swarm"),
        (f"traefik.http.middlewares.{STACK}.errors.service={STACK}", ""),
        (
            f"traefik.http.middlewares.{STACK}.forwardauth.address=http://169.254.169.254/",
            "http://169.254.169.254/",
        ),
        (f"traefik.http.middlewares.{STACK}.forwardauth.address=https://sso.{DOMAIN}/x", ""),
        (f"traefik.http.middlewares.{STACK}.forwardauth.address=http://{STACK}_app:9000/x", ""),
        (
            f"traefik.http.middlewares.{STACK}.forwardauth.address=http://{DOMAIN}@victim/",
            f"http://{DOMAIN}@victim/",
        ),
        (f"traefik.http.middlewares.{STACK}.plugin.x.url=http://victim", "http://victim"),
        (f"traefik.http.middlewares.{STACK}.redirectregex.replacement=https://a.test", ""),
        (f"traefik.http.middlewares.{STACK}.basicauth.usersfile=/run/x", "/run/x"),
        (f"traefik.http.serverstransports.{STACK}.rootcas[0]=/run/x", "/run/x"),
        (f"traefik.http.services.{STACK}.loadbalancer.healthcheck.path=//victim/", "//victim/"),
        (f"{WEB}.tls.domains[0].main=victim.test", "victim.test"),
        (f"{WEB}.tls.domains[0].sans=*.{DOMAIN}", ""),
        ("traefik.tls.stores.default.defaultcertificate.certfile=/x", None),
        (f"traefik.udp.routers.{STACK}.entrypoints=mumble", "udp:mumble"),
        (f"traefik.udp.routers.{STACK}.service={STACK}", None),
        ("traefik.frontend.rule=Host:victim.test", "Host:victim.test"),
        (f"traefik.web.frontend.rule=Host:{DOMAIN}", ""),
        (f"caddy=victim.test, {DOMAIN}", "victim.test,"),
        ("caddy_1=:80", ":80"),
        (f"caddy=https://{DOMAIN}:443/x", ""),
        ("caddy.on_demand_tls.ask=http://x", "caddy.on_demand_tls.ask"),
        ("com.df.serviceDomain=victim.test", "victim.test"),
        ("ofelia.job-exec.x.container=victim", "ofelia.job-exec.x.container"),
        ("ofelia.job-local.x.command=id", "ofelia.job-local.x.command"),
        ("ofelia.job-exec.x.command=id", ""),
        ("swarm.cronjob.schedule=* * * * *", ""),
    ],
)
def test_what_addresses_another_app_or_the_proxy_itself_is_told(
    tmp_path: Path, label: str, told: str | None
) -> None:
    found = asked(tmp_path, SERVICE, label)
    assert (found != []) if told is None else found == ([told.rstrip(",")] if told else [])


def test_directives_of_caddy_that_hand_on_are_told(tmp_path: Path) -> None:
    site = f"caddy={DOMAIN}"
    assert asked(tmp_path, site, "caddy.reverse_proxy={{upstreams 80}}", "caddy.encode=gzip") == []
    assert asked(tmp_path, site, "caddy.0_reverse_proxy=victim:80") == ["victim:80"]
    assert asked(tmp_path, site, "caddy.handle.reverse_proxy=/x* victim:80") == ["/x* victim:80"]
    assert asked(tmp_path, site, "caddy.reverse_proxy.to=victim:80") == ["victim:80"]
    assert asked(tmp_path, site, "caddy.reverse_proxy.dynamic.srv=victim") == ["victim"]
    assert asked(tmp_path, site, "caddy.reverse_proxy.header_up=X-Real-IP {remote}") == []
    assert asked(tmp_path, site, "caddy.file_server=") == ["caddy.file_server"]


def test_a_variable_that_names_a_site_is_told(tmp_path: Path) -> None:
    said = f"{{VIRTUAL_HOST: 'victim.test,{DOMAIN}', OTHER: victim.test}}"
    (tmp_path / "compose.yml").write_text(f"services: {{app: {{image: a, environment: {said}}}}}")
    stack = stack_file.read([tmp_path / "compose.yml"], {})
    assert {each.word for each in beyond.of_routes(stack, DOMAIN)} == {"route:victim.test"}


def test_names_that_begin_as_no_name_of_the_app_are_told(tmp_path: Path) -> None:
    labels = [
        f"traefik.http.{what}={value}"
        for what, value in {
            f"services.{STACK}.loadbalancer.server.port": "80",
            f"routers.{STACK}-admin.entrypoints": "web",
            "middlewares.discourse_https.redirectscheme.scheme": "https",
            "middlewares.discourses.redirectscheme.scheme": "https",
            "middlewares.security.headers.framedeny": "true",
        }.items()
    ]
    assert asked(tmp_path, *labels, names=(STACK, "discourse")) == [
        "http.middlewares.discourses",
        "http.middlewares.security",
    ]


@pytest.mark.parametrize("entrypoints", ["ssh", "web"])
def test_a_rule_that_cannot_be_read_is_told_whatever_its_entrypoint(
    tmp_path: Path, entrypoints: str
) -> None:
    router = f"traefik.tcp.routers.{STACK}"
    labels = (f"{router}.rule=HostSNI(`*`) /* */", f"{router}.entrypoints={entrypoints}")
    assert asked(tmp_path, *labels) == ["HostSNI(`*`) /* */"]


def test_an_entrypoint_of_another_kind_of_label_excuses_nothing(tmp_path: Path) -> None:
    router = f"traefik.tcp.routers.{STACK}"
    text = (
        "services: {app: {image: a, "
        f"labels: ['{router}.entrypoints=ssh'], "
        f"deploy: {{labels: ['{router}.rule=HostSNI(`*`)']}}}}}}"
    )
    (tmp_path / "compose.yml").write_text(text)
    stack = stack_file.read([tmp_path / "compose.yml"], {})
    assert {each.word for each in beyond.of_routes(stack, DOMAIN)} == {"route:HostSNI(`*`)"}


@pytest.mark.parametrize(
    "label",
    [
        f"{WEB}.rule=HostRegexp(`{'{a:b}.' * 20_000}x`)",
        f"{WEB}.rule=HostRegexp(`{'^(a' * 20_000}`)",
        f"{WEB}.tls.domains[0].sans={'a,' * 20_000}",
        f"traefik.http.middlewares.x.forwardauth.address=http://{'a:1' * 20_000}",
        f"traefik.http.services.x.{'a.' * 20_000}=/x",
        f"caddy.{'0_a.' * 20_000}reverse_proxy=x",
        f"ofelia.job-{'-' * 50_000}=x",
        f"com.df.serviceDomain={'a ' * 20_000}",
    ],
)
def test_labels_take_no_end_however_long_they_are(tmp_path: Path, label: str) -> None:
    asked(tmp_path, "caddy=x.test", label)
