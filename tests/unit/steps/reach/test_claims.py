from pathlib import Path
from typing import Any, cast

import pytest

from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.steps.reach import claims, ownership
from ccci.swarm.engine.client import Engine

APP = "services: {app: {image: a}}\n"
FORGED = [
    f"{APP}{section}: {{x: {{{said}}}}}"
    for section in ("configs", "secrets", "networks", "volumes")
    for said in (
        "name: ccci-lock-victim",
        "name: 'ccci-lock-${VICTIM}'",
        "external: true, name: ccci-lock-victim",
        "external: {name: ccci-lock-victim}",
        "labels: {ccci.lock.token: x}",
        "labels: ['ccci.lock.token=x']",
        "labels: [ccci.stack]",
        "labels: {ccci.anything: x}",
    )
] + [
    f"{APP}configs: {{ccci-lock-victim: {{external: true}}}}",
    "services: {app: {image: a, labels: {ccci.lock.token: x}}}",
    "services: {app: {image: a, deploy: {labels: ['ccci.stack=victim']}}}",
]


def read(tmp_path: Path, text: str) -> stack_file.StackFile:
    (tmp_path / "compose.yml").write_text(text)
    return stack_file.read([tmp_path / "compose.yml"], {"VICTIM": "victim"})


@pytest.mark.parametrize("text", FORGED)
def test_a_recipe_that_claims_what_is_cccis_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(DeployRefused, match="ccci"):
        claims.refuse_ours(read(tmp_path, text), "shop")


def test_the_labels_that_are_made_for_recipes_are_taken(tmp_path: Path) -> None:
    text = (
        "services: {app: {image: a, deploy: {labels: {ccci.health-path: /}}}}\n"
        "configs: {a: {name: my-ccci-lock-x}}\nvolumes: {data: {labels: {colour: green}}, b: }"
    )
    claims.refuse_ours(read(tmp_path, text), "shop")


class Swarm:
    """Objects of every kind, as an Engine lists them."""

    def __init__(self, **labels: dict[str, str] | None) -> None:
        self.there = [{"Spec": {"Name": name, "Labels": found}} for name, found in labels.items()]

    def configs(self) -> list[dict[str, Any]]:
        return self.there

    def volumes(self) -> list[dict[str, Any]]:
        return [each["Spec"] for each in self.there]

    secrets = services = configs
    networks = volumes


SECTIONS = ["configs", "secrets", "networks", "volumes"]
NAMESPACE = "com.docker.stack.namespace"


def declaring(section: str, name: str) -> str:
    file = ", file: empty" if section in {"configs", "secrets"} else ""
    return f"{APP}{section}: {{x: {{name: {name}{file}}}}}"


@pytest.mark.parametrize("section", SECTIONS)
@pytest.mark.parametrize(
    ("name", "labels", "said"),
    [
        ("victim_key", {NAMESPACE: "victim"}, "the stack victim"),
        ("victim_key", {"ccci.stack": "victim"}, "the stack victim"),
        ("shop_key", {NAMESPACE: "victim"}, "the stack victim"),
        ("key", {NAMESPACE: "victim"}, "the stack victim"),
        ("victim_key", None, "the stack victim"),
        ("shop_two_key", None, "the stack shop_two"),
    ],
)
def test_a_name_that_is_another_stacks_is_refused(
    tmp_path: Path, section: str, name: str, labels: dict[str, str] | None, said: str
) -> None:
    others = {"victim_app": {NAMESPACE: "victim"}, "shop_two_app": {NAMESPACE: "shop_two"}}
    swarm = cast("Engine", Swarm(**others, **{name: labels}))
    taken = read(tmp_path, declaring(section, name))
    with pytest.raises(DeployRefused, match=said):
        claims.refuse_others(ownership.owners(swarm, "shop"), taken, "shop")
    used = read(tmp_path, f"{APP}{section}: {{x: {{name: {name}, external: true}}}}")
    claims.refuse_others(ownership.owners(swarm, "shop"), used, "shop")


@pytest.mark.parametrize("section", SECTIONS)
def test_what_nobody_is_known_to_own_is_refused_where_it_would_be_taken_over(
    tmp_path: Path, section: str
) -> None:
    taken = read(tmp_path, declaring(section, "by_hand"))
    swarm = cast("Engine", Swarm(by_hand=None))
    if section in {"configs", "secrets"}:
        with pytest.raises(DeployRefused, match="somebody else"):
            claims.refuse_others(ownership.owners(swarm, "shop"), taken, "shop")
    else:
        claims.refuse_others(ownership.owners(swarm, "shop"), taken, "shop")


@pytest.mark.parametrize("section", SECTIONS)
def test_a_key_that_completes_another_stacks_name_is_refused(tmp_path: Path, section: str) -> None:
    file = "file: empty" if section in {"configs", "secrets"} else ""
    taken = read(tmp_path, f"{APP}{section}: {{two_key: {{{file}}}}}")
    swarm = cast("Engine", Swarm(shop_two_key=None, shop_two_app={NAMESPACE: "shop_two"}))
    with pytest.raises(DeployRefused, match="the stack shop_two"):
        claims.refuse_others(ownership.owners(swarm, "shop"), taken, "shop")


def test_what_is_of_this_stack_by_label_or_by_name_is_its_own(tmp_path: Path) -> None:
    shorter = {NAMESPACE: "shop"}
    swarm = cast(
        "Engine", Swarm(shop_two_conf=None, other={NAMESPACE: "shop_two"}, shop_app=shorter)
    )
    text = f"{APP}configs: {{conf: {{file: f}}, more: {{name: other, file: f}}, new: {{file: f}}}}"
    claims.refuse_others(ownership.owners(swarm, "shop_two"), read(tmp_path, text), "shop_two")
