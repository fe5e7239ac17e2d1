"""Each rule: a service that meets it, and one beside it that does not."""

from pathlib import Path
from typing import Any

import pytest

from ccci.rules import BY_ID, RULES
from ccci.sweep.inventory import find
from ccci.sweep.static import Settings, sweep

UPDATE = "deploy: {{update_config: {{{}}}}}"
CHECK = "healthcheck: {test: [CMD, a], interval: 5s, timeout: 1s, retries: 3}"


def rules_of(
    tmp_path: Path, *parts: str, top: str = "", service: str = "web", memory: int = 0
) -> set[str]:
    body = "".join(f"    {part}\n" for part in parts)
    image = "" if any(part.startswith("image") for part in parts) else "    image: x:1.2.3\n"
    path = tmp_path / "x.yml"
    path.write_text(f"services:\n  {service}:\n{image}{body}{top}\n")
    found = sweep(find([str(path)]), Settings({"STACK_NAME": "shop"}, {}, memory))
    assert [row.message for row in found.files if row.status.value != "ok"] == []
    return {finding.rule for finding in found.findings}


def update(**keys: Any) -> str:
    return UPDATE.format(", ".join(f"{key}: {value}" for key, value in keys.items()))


START = {"order": "start-first", "failure_action": "rollback"}

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
    ("CCCI008", [CHECK], [CHECK, update(monitor="15s")]),
    ("CCCI008", [CHECK], ["healthcheck: {test: [NONE], interval: 5s}"]),
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
        [update(**START)],
        ["deploy: {update_config: {order: start-first}, rollback_config: {order: start-first}}"],
    ),
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
    assert rule in rules_of(tmp_path, *met)
    assert rule not in rules_of(tmp_path, *beside)


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
    assert "CCCI018" in rules_of(tmp_path, "networks: [proxy]", top=shared, service="app")
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
    assert [rule.id for rule in RULES] == [f"CCCI{number:03}" for number in range(20)]
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
