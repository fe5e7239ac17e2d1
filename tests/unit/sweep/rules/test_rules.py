"""Each rule: a service that meets it, and one beside it that does not."""

from pathlib import Path
from typing import Any

import pytest

from ccci.sweep.inventory import find
from ccci.sweep.model import Finding
from ccci.sweep.rules import BY_ID, RULES, Choice, Confidence, Severity, writing
from ccci.sweep.static import Settings, sweep

UPDATE = "deploy: {{update_config: {{{}}}}}"
CHECK = "healthcheck: {test: [CMD, a], interval: 5s, timeout: 1s, retries: 3}"


def rules_of(
    tmp_path: Path,
    *parts: str,
    top: str = "",
    service: str = "web",
    memory: int = 0,
    select: tuple[str, ...] = (),
) -> set[str]:
    body = "".join(f"    {part}\n" for part in parts)
    image = "" if any(part.startswith("image") for part in parts) else "    image: x:1.2.3\n"
    path = tmp_path / "x.yml"
    path.write_text(f"services:\n  {service}:\n{image}{body}{top}\n")
    settings = Settings({"STACK_NAME": "shop"}, {}, memory, Choice(select))
    found = sweep(find([str(path)]), settings)
    assert [row.message for row in found.files if row.status.value != "ok"] == []
    return {finding.rule for finding in found.findings}


def update(**keys: Any) -> str:
    return UPDATE.format(", ".join(f"{key}: {value}" for key, value in keys.items()))


BACK = "deploy: {update_config: {failure_action: rollback}}"
START = {"order": "start-first", "failure_action": "rollback"}

DATA = "volumes: ['data:/x']"


def attempts(keys: str) -> list[str]:
    return [f"deploy: {{restart_policy: {{max_attempts: {keys}}}}}"]


def full(most: str) -> str:
    order = "update_config: {order: start-first}"
    return f"deploy: {{placement: {{max_replicas_per_node: {most}}}, {order}}}"


CASES: list[tuple[str, list[str], list[str]]] = [
    ("CCCI001", [update(**START)], [update(order="start-first", failure_action="pause")]),
    ("CCCI001", [update(**START)], [update(order="stop-first", failure_action="rollback")]),
    (
        "CCCI002",
        [update(**START), "ports: [{target: 80, published: 80, mode: host}]"],
        [update(**START), "ports: ['80:80']"],
    ),
    (
        "CCCI003",
        [update(**START), "volumes: ['data:/x']"],
        [update(**START), "volumes: ['data:/x:ro']"],
    ),
    ("CCCI003", [update(**START), "volumes: ['/a:/x']"], [update(**START), "volumes: ['/x']"]),
    (
        "CCCI003",
        [update(**START), "volumes: ['data:/x']"],
        [update(**START), "volumes: ['/run/docker.sock:/x']"],
    ),
    ("CCCI005", [update(failure_action="continue")], [update(failure_action="rollback")]),
    ("CCCI006", [], [update(failure_action="rollback")]),
    ("CCCI006", [update(failure_action="pause")], [update(failure_action="continue")]),
    ("CCCI007", [update(failure_action="rollback")], [update(failure_action="rollback"), CHECK]),
    (
        "CCCI007",
        [update(failure_action="rollback"), "healthcheck: {disable: true}"],
        [update(failure_action="rollback"), "healthcheck: {interval: 5s}"],
    ),
    ("CCCI008", [CHECK, BACK], [CHECK, update(failure_action="rollback", monitor="15s")]),
    ("CCCI008", [CHECK, BACK], [BACK, "healthcheck: {test: [NONE], interval: 5s}"]),
    ("CCCI008", [CHECK, BACK], [CHECK]),
    ("CCCI008", [CHECK, BACK], [CHECK, BACK, "image: postgres:16.1", DATA]),
    ("CCCI009", [update(delay="5s")], [update(delay="5s", monitor="6s")]),
    ("CCCI010", [update(max_failure_ratio=0.5)], [update(max_failure_ratio=0)]),
    ("CCCI011", ["deploy: {restart_policy: {condition: on-failure}}", CHECK], [CHECK]),
    (
        "CCCI011",
        ["deploy: {restart_policy: {condition: on-failure}}", "ports: ['80']"],
        ["deploy: {restart_policy: {condition: on-failure}}"],
    ),
    ("CCCI011", ["restart: on-failure", CHECK], ["restart: always", CHECK]),
    ("CCCI012", ["deploy: {restart_policy: {max_attempts: 3}}"], ["deploy: {restart_policy: {}}"]),
    ("CCCI013", ["stop_grace_period: 61s"], ["stop_grace_period: 60s"]),
    (
        "CCCI014",
        [update(order="start-first")],
        ["deploy: {update_config: {order: start-first}, rollback_config: {order: start-first}}"],
    ),
    ("CCCI014", [update(order="start-first")], [update(**START)]),
    ("CCCI014", [update(order="start-first")], [update(order="start-first"), DATA]),
    ("CCCI006", [], ["deploy: {replicas: 0}"]),
    ("CCCI006", [], ["deploy: {restart_policy: {condition: none}}"]),
    ("CCCI012", attempts("3"), attempts("3, window: 15s")),
    ("CCCI012", attempts("3, window: 2m"), attempts("3, window: 1m, delay: 20s")),
    (
        "CCCI001",
        [update(**START)],
        ["deploy: {replicas: 0, " + update(**START).removeprefix("deploy: {")],
    ),
    (
        "CCCI003",
        [update(**START), "volumes: ['data:/x']"],
        [update(**START), "volumes: ['data-{{.Task.Slot}}:/x']"],
    ),
    (
        "CCCI003",
        [update(**START), "volumes: ['/srv/acme.json:/x']"],
        [update(**START), "volumes: ['./my.cnf:/etc/my.cnf']"],
    ),
    ("CCCI021", [full("1")], [full("2")]),
    ("CCCI021", [full("1")], [full("1").replace("start-first", "stop-first")]),
    ("CCCI023", ["deploy: {replicas: 2}", DATA], ["deploy: {replicas: 1}", DATA]),
    (
        "CCCI023",
        ["deploy: {replicas: 2}", DATA],
        ["deploy: {replicas: 2, placement: {max_replicas_per_node: 1}}", DATA],
    ),
    ("CCCI023", ["deploy: {replicas: 2}", DATA], ["deploy: {mode: global}", DATA]),
    ("CCCI024", [BACK, DATA, "image: mariadb:11.4"], [BACK, DATA, "image: nginx:1.27.1"]),
    ("CCCI024", [BACK, DATA, "image: bitnami/postgresql:16.1"], [BACK, "image: postgres:16.1"]),
    ("CCCI024", [BACK, DATA, "image: r.io:5000/mongo:7.0"], [DATA, "image: mongo:7.0"]),
    ("CCCI025", ["ports: ['127.0.0.1:3306:3306']"], ["ports: ['3306:3306']"]),
    ("CCCI025", ["ports: ['[::1]:80:80/udp']"], ["ports: ['0.0.0.0:80:80']"]),
    ("CCCI015", ["image: x"], ["image: x:1.2.3"]),
    ("CCCI015", ["image: r.io:5000/a/x:latest"], ["image: 'r.io:5000/a/x:2024.1'"]),
    ("CCCI015", ["image: pg:16-alpine"], [f"image: pg@sha256:{'0' * 64}"]),
    (
        "CCCI016",
        ["healthcheck: {test: [CMD, a], interval: '${I:-5s}'}"],
        ["healthcheck: {test: [CMD, '$$x'], interval: 5s}"],
    ),
    ("CCCI019", ["depends_on: [db]"], ["depends_on: [web]"]),
]


@pytest.mark.parametrize(("rule", "met", "beside"), CASES)
def test_a_rule_meets_what_it_says_and_not_what_is_beside_it(
    tmp_path: Path, rule: str, met: list[str], beside: list[str]
) -> None:
    top = "volumes: {data: }" if DATA in met else ""
    assert rule in rules_of(tmp_path, *met, top=top, select=(rule,))
    assert rule not in rules_of(tmp_path, *beside, top=top, select=(rule,))


def test_memory_counts_twice_against_the_node(tmp_path: Path) -> None:
    limit = "{order: start-first}, resources: {limits: {memory: 600m}}"
    parts = f"deploy: {{update_config: {limit}}}"
    gigabyte = 2**30
    assert "CCCI004" in rules_of(tmp_path, parts, memory=gigabyte)
    assert "CCCI004" not in rules_of(tmp_path, parts, memory=2 * gigabyte)
    assert "CCCI004" not in rules_of(tmp_path, parts)


@pytest.mark.parametrize("kind", ["configs", "secrets"])
def test_a_name_over_64_characters_is_found_with_its_stack(tmp_path: Path, kind: str) -> None:
    fits, long = "k" * 59, "k" * 60
    assert "CCCI017" not in rules_of(tmp_path, top=f"{kind}: {{{fits}: {{file: /a}}}}")
    assert "CCCI017" in rules_of(tmp_path, top=f"{kind}: {{{long}: {{file: /a}}}}")
    named = f"{kind}: {{a: {{external: true, name: '{'n' * 65}'}}}}"
    assert "CCCI017" in rules_of(tmp_path, top=named)


def test_an_app_on_an_external_network_is_found(tmp_path: Path) -> None:
    shared = "networks: {proxy: {external: true}}"
    asked = ("CCCI018",)
    on_proxy = rules_of(tmp_path, "networks: [proxy]", top=shared, service="app", select=asked)
    assert "CCCI018" in on_proxy
    assert "CCCI018" not in rules_of(tmp_path, "networks: [proxy]", top=shared, service="app")
    assert "CCCI018" not in rules_of(tmp_path, "networks: [proxy]", top=shared, service="web")
    own = "networks: {proxy: {}}"
    assert "CCCI018" not in rules_of(tmp_path, "networks: [proxy]", top=own, service="app")


@pytest.mark.parametrize("mode", ["replicated-job", "global-job"])
def test_jobs_have_no_update_policy_to_complain_of(tmp_path: Path, mode: str) -> None:
    found = rules_of(
        tmp_path,
        f"deploy: {{mode: {mode}, restart_policy: {{condition: on-failure, max_attempts: 3}}}}",
        CHECK,
    )
    assert found == set()


def test_numbers_are_in_their_order_for_ever() -> None:
    assert [rule.id for rule in RULES] == [f"CCCI{number:03}" for number in range(26)]
    assert [BY_ID[f"CCCI{number:03}"].title.split()[0] for number in (1, 2, 5, 13)] == [
        "rollback",
        "start-first",
        "failure_action:",
        "stop_grace_period",
    ]


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: str(rule.id))
def test_a_rule_tells_why_and_where_that_is_known_from(rule: Any) -> None:
    assert rule.title
    assert rule.why.endswith((".", "?"))
    assert rule.source


MOVING = """
    latest stable edge nightly main lts alpine slim fpm-alpine bookworm no-stats alpine3.18
    3-alpine3.18 16 v2 8-fpm 2.1-latest 1.2.3-SNAPSHOT apache mainline-alpine 2-bookworm prod
""".split()  # noqa: SIM905
FIXED = """
    1.2.3 v1.2 16.1-alpine 20230101 1234567 main-abc1234 2023-05-04 sha-0a1b2c3 build-1234
    1.2.3-rc.1 RELEASE.2023-05-04T21-44-30Z 20230101-1 0.0.1 bookworm-20231009
    r2024.5.1-1 3.13-management
""".split()  # noqa: SIM905


@pytest.mark.parametrize("tag", MOVING)
def test_a_channel_a_flavour_and_a_major_version_move(tag: str) -> None:
    assert writing.moves(tag)


@pytest.mark.parametrize("tag", FIXED)
def test_a_version_a_date_a_build_and_a_commit_stay(tag: str) -> None:
    assert not writing.moves(tag)


@pytest.mark.parametrize("image", ["x:${TAG}", "x:${TAG:-}", "${REGISTRY}/x:${TAG}"])
def test_a_tag_that_nobody_has_set_is_not_called_latest(tmp_path: Path, image: str) -> None:
    assert "CCCI015" not in rules_of_any(tmp_path, f"    image: '{image}'\n")


def rules_of_any(tmp_path: Path, body: str, top: str = "") -> dict[str, list[Finding]]:
    path = tmp_path / "x.yml"
    path.write_text(f"services:\n  web:\n{body}{top}")
    found: dict[str, list[Finding]] = {}
    for each in sweep(find([str(path)]), Settings({"STACK_NAME": "shop"}, {})).findings:
        found.setdefault(each.rule, []).append(each)
    return found


REFUSED_BY_DEPLOY = """
    deploy: {update_config: {failure_action: Rollback}}
    deploy: {update_config: {failure_action: revert}}
    deploy: {rollback_config: {failure_action: undo}}
    deploy: {mode: Global}
    deploy: {mode: replicated_job}
    deploy: {mode: global, replicas: 2}
    deploy: {mode: global-job, replicas: 1}
    deploy: {mode: replicated-job, update_config: {order: start-first}}
    deploy: {mode: global-job, rollback_config: {parallelism: 1}}
    deploy: {restart_policy: {condition: always}}
    deploy: {restart_policy: {condition: unless-stopped}}
    deploy: {restart_policy: {delay: -5s}}
    deploy: {restart_policy: {window: -1m}}
    restart: sometimes
    restart: 'on-failure:many'
    restart: ':3'
    healthcheck: {test: [CMD, a], disable: true}
    healthcheck: {test: [CMD, a], interval: 10us}
    healthcheck: {test: [CMD, a], timeout: 999us}
    healthcheck: {test: [CMD, a], start_period: 1ns}
    deploy: {endpoint_mode: dnsrr} | ports: ['80:80']
    deploy: {update_config: {max_failure_ratio: 2}}
    deploy: {update_config: {max_failure_ratio: -1}}
    deploy: {rollback_config: {max_failure_ratio: 1.5}}
    deploy: {update_config: {monitor: -5s}}
    deploy: {update_config: {delay: -1s}}
    ports: ['80:80', '80:81']
    ports: [{target: 80, published: 80, mode: host}, {target: 81, published: 80, mode: host}]
    deploy: {resources: {limits: {memory: '100'}}}
    deploy: {resources: {reservations: {memory: 4095k}}}
    deploy: {resources: {limits: {cpus: half}}}
    deploy: {resources: {limits: {cpus: '0.0000000001'}}}
    deploy: {resources: {reservations: {cpus: '0.0001'}}}
    networks: [nowhere]
    volumes: ['nowhere:/x']
    configs: [nowhere]
    secrets: [{source: nowhere}]
    image: 'x:'
    image: Upper/case:1.2
    image: 'x:1.2 '
    image: 'r.io:port/x:1.2'
    image: 0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    deploy: {placement: {constraints: [node.role = manager]}}
    deploy: {placement: {constraints: ['node.labels.a==']}}
    deploy: {placement: {constraints: ['node.labels.a == ']}}
    deploy: {endpoint_mode: vips}
    deploy: {endpoint_mode: DNSRR} | ports: ['80:80']
    volumes: [{type: tmpfs, source: x, target: /t}]
    volumes: [{type: tmpfs, target: /t, bind: {propagation: slave}}]
    volumes: [{type: bind, source: /x, target: /t, volume: {nocopy: true}}]
    volumes: [{type: bind, source: /x, target: /t, tmpfs: {size: 1000}}]
    volumes: [{type: volume, target: /t, tmpfs: {}}]
    volumes: [{type: volume, target: /t, bind: {propagation: slave}}]
    volumes: [{type: disk, source: x, target: /t}]
    volumes: [{type: npipe, target: /t}]
"""
TAKEN_BY_DEPLOY = """
    deploy: {update_config: {failure_action: rollback, max_failure_ratio: 1}}
    deploy: {mode: global}
    deploy: {mode: replicated-job, replicas: 2}
    deploy: {restart_policy: {condition: any, delay: 0s, window: 0s}}
    restart: unless-stopped
    restart: 'on-failure:3'
    restart: 'no'
    healthcheck: {disable: true}
    healthcheck: {test: [CMD, a], interval: 1ms, timeout: 0s}
    deploy: {endpoint_mode: dnsrr} | ports: [{target: 80, published: 80, mode: host}]
    ports: ['80:80/tcp', '80:80/udp', '81']
    ports: ['80', '81']
    deploy: {resources: {limits: {memory: 4m, cpus: '0.001'}}}
    deploy: {resources: {limits: {cpus: '1/2'}}}
    networks: [default]
    volumes: ['/srv:/x', '/anonymous']
    image: localhost/x_y/z-1:1.2
    image: 'r.io:5000/a/b:1.2'
    image: x@sha256:0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef
    deploy: {placement: {constraints: ['node.labels.a == b-c', 'node.hostname!=x.y']}}
    deploy: {endpoint_mode: VIP}
    volumes: [{type: tmpfs, target: /t, tmpfs: {size: 1000}}]
    volumes: [{type: bind, source: /x, target: /t, bind: {propagation: slave}}]
    volumes: [{type: volume, target: /t, volume: {nocopy: true}}]
"""


@pytest.mark.parametrize(
    ("kind", "written", "refused"),
    [
        ("configs", "[a, {source: b, target: a}]", True),
        ("secrets", "[{source: a, target: t}, {source: b, target: t}]", True),
        ("secrets", "[a, a]", True),
        ("secrets", "[a, {source: b, target: /run/secrets/a}]", False),
        ("configs", "[a, {source: a, target: /t}]", False),
        ("configs", "[a, b]", False),
    ],
)
def test_two_files_of_one_name_are_refused(
    tmp_path: Path, kind: str, written: str, refused: bool
) -> None:
    top = f"{kind}: {{a: {{external: true}}, b: {{external: true}}}}\n"
    found = rules_of_any(tmp_path, f"    image: x:1.2\n    {kind}: {written}\n", top)
    assert ("CCCI020" in found) == refused


@pytest.mark.parametrize("keys", [each.strip() for each in REFUSED_BY_DEPLOY.strip().split("\n")])
def test_what_only_docker_stack_deploy_refuses_is_one_error(tmp_path: Path, keys: str) -> None:
    image = "" if keys.startswith("image") else "    image: x:1.2\n"
    found = rules_of_any(tmp_path, image + "".join(f"    {each}\n" for each in keys.split(" | ")))
    (finding,) = found["CCCI020"]
    assert finding.severity is Severity.ERROR
    assert finding.line


@pytest.mark.parametrize("keys", [each.strip() for each in TAKEN_BY_DEPLOY.strip().split("\n")])
def test_what_docker_stack_deploy_takes_is_none(tmp_path: Path, keys: str) -> None:
    image = "" if keys.startswith("image") else "    image: x:1.2\n"
    found = rules_of_any(tmp_path, image + "".join(f"    {each}\n" for each in keys.split(" | ")))
    assert "CCCI020" not in found


@pytest.mark.parametrize("name", ["a.b", "a" * 63, "-a", "a-"])
def test_a_name_that_is_none_for_dns_or_too_long_with_its_stack_is_refused(
    tmp_path: Path, name: str
) -> None:
    top = f"  '{name}': {{image: 'x:1.2'}}\n"
    assert "CCCI020" in rules_of_any(tmp_path, "    image: x:1.2\n", top)


def test_two_services_may_not_publish_one_port_through_the_ingress_network(tmp_path: Path) -> None:
    other = "  two:\n    image: x:1.2\n    ports: ['80:90']\n"
    assert "CCCI020" in rules_of_any(tmp_path, "    image: x:1.2\n    ports: ['80:80']\n", other)
    other = other.replace("80:90", "80:90/udp")
    assert "CCCI020" not in rules_of_any(
        tmp_path, "    image: x:1.2\n    ports: ['80:80']\n", other
    )


def test_a_network_that_nothing_declares_is_said_once(tmp_path: Path) -> None:
    other = "  two:\n    image: x:1.2\n    networks: [gone]\n"
    found = rules_of_any(tmp_path, "    image: x:1.2\n    networks: [gone]\n", other)
    assert len(found["CCCI020"]) == 1


def test_start_first_on_the_network_of_the_node_is_found(tmp_path: Path) -> None:
    order = update(order="start-first")
    body = f"    image: x:1.2\n    networks: [outside]\n    {order}\n"
    top = "networks: {outside: {external: true, name: host}}\n"
    assert "CCCI022" in rules_of_any(tmp_path, body, top)
    assert "CCCI022" not in rules_of_any(tmp_path, body, top.replace("name: host", "name: shared"))


def test_pauses_are_one_finding_and_a_warning_where_others_are_rolled_back(tmp_path: Path) -> None:
    rest = "  a: {image: 'x:1.2'}\n  b: {image: 'x:1.2'}\n"
    (alone,) = rules_of_any(tmp_path, "    image: x:1.2\n", rest)["CCCI006"]
    assert (alone.severity, "web, a, b" in alone.message) == (Severity.NOTE, True)
    (mixed,) = rules_of_any(tmp_path, f"    image: x:1.2\n    {BACK}\n", rest)["CCCI006"]
    assert (mixed.severity, mixed.service) == (Severity.WARNING, "a")


def test_no_next_step_leads_a_database_to_an_automatic_rollback(tmp_path: Path) -> None:
    body = f"    image: postgres:16.1\n    {DATA}\n"
    top = "volumes: {data: }\n"
    for written in (body, body + f"    {CHECK}\n", body + "    deploy: {update_config: {}}\n"):
        for findings in rules_of_any(tmp_path, written, top).values():
            assert [each for each in findings if "failure_action: rollback" in each.hint] == []


def test_a_name_that_rests_on_a_guess_is_a_note(tmp_path: Path) -> None:
    folder = tmp_path / ("a" * 60)
    folder.mkdir()
    content = "services: {app: {image: 'x:1.2'}}\nconfigs: {" + "c" * 45 + ": {file: ./c}}\n"
    (folder / "compose.yml").write_text(content)
    (found,) = (
        each
        for each in sweep(find([str(folder)]), Settings({}, {})).findings
        if each.rule == "CCCI017"
    )
    assert (found.severity, found.confidence) == (Severity.NOTE, Confidence.GUESS)
    (folder / ".env.sample").write_text(f"DOMAIN={'d' * 63}.example.com\n")
    known = sweep(find([str(folder)]), Settings({}, {})).findings
    assert [each.severity for each in known if each.rule == "CCCI017"] in ([], [Severity.ERROR])


def test_a_healthy_recipe_is_silent(tmp_path: Path) -> None:
    update_config = "update_config: {failure_action: rollback, order: stop-first, monitor: 30s}"
    body = f"    image: x:1.2.3\n    {CHECK}\n    deploy: {{{update_config}}}\n"
    assert rules_of_any(tmp_path, body) == {}


@pytest.mark.parametrize("mount", ["app_logs:/x", "data:/var/log", "web-cache:/x"])
def test_logs_and_caches_are_made_to_be_written_by_several(tmp_path: Path, mount: str) -> None:
    top = f"volumes: {{{mount.partition(':')[0]}: }}"
    for keys in (update(order="start-first"), "deploy: {replicas: 2}"):
        assert {"CCCI003", "CCCI023"}.isdisjoint(
            rules_of(tmp_path, f"volumes: ['{mount}']", keys, top=top)
        )


def test_what_abra_alone_refuses_is_a_note_where_there_is_no_recipe(tmp_path: Path) -> None:
    body = "    image: x:1.2.3\n    healthcheck: {test: [CMD, a], interval: '${I:-5s}'}\n"
    (found,) = rules_of_any(tmp_path, body, "")["CCCI016"]
    assert (found.severity, found.confidence) == (Severity.NOTE, Confidence.GUESS)
    recipe = tmp_path / "shop"
    recipe.mkdir()
    (recipe / "compose.yml").write_text(f"services:\n  web:\n{body}")
    swept = sweep(find([str(recipe)]), Settings({}, {}, 0, Choice()))
    assert [each.severity for each in swept.findings if each.rule == "CCCI016"] == [Severity.ERROR]


def test_a_ratio_without_effect_is_a_note(tmp_path: Path) -> None:
    def severity(replicas: int) -> Severity:
        keys = f"replicas: {replicas}, update_config: {{max_failure_ratio: 0.3}}"
        body = f"    image: x:1.2.3\n    deploy: {{{keys}}}\n"
        (found,) = rules_of_any(tmp_path, body, "")["CCCI010"]
        return found.severity

    assert severity(3) is Severity.NOTE
    assert severity(4) is Severity.WARNING
