from pathlib import Path

import pytest

from ccci import plain_file
from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.recipe.stack_file import StackFile

VARIABLES = {"STACK_NAME": "demo_test", "DOMAIN": "demo.test", "TAG": "1.2"}


def read(tmp_path: Path, *texts: str) -> StackFile:
    files = []
    for number, text in enumerate(texts):
        files.append(tmp_path / f"compose.{number}.yml")
        files[-1].write_text(text)
    return stack_file.read(files, VARIABLES)


def test_images_are_those_of_the_last_file_that_names_one(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services: {app: {image: 'a:${TAG}'}, db: {image: 'b:${UNSET}'}}",
        "services: {app: {image: 'c:1'}, db: {command: sleep}}",
    )
    assert stack_file.images(stack) == {"app": "c:1", "db": "b:"}
    assert stack.unset == ("UNSET",)


def test_a_dependency_that_is_not_there_hides_no_image(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services: {app: {image: 'a:1', depends_on: [nowhere]}, db: {image: 'b:1'}}",
        "services: {app: {depends_on: [elsewhere]}}",
    )
    assert stack_file.images(stack) == {"app": "a:1", "db": "b:1"}


def test_a_service_without_an_image_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(DeployRefused, match="the service web has no image"):
        stack_file.images(read(tmp_path, "services: {web: {build: .}}"))


def test_labels_merge_whether_they_are_a_list_or_a_mapping(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services: {app: {deploy: {labels: ['coop-cloud.${STACK_NAME}.version=1', 'b=2=3']}}}",
        "services: {app: {deploy: {labels: {b: 5, c: '4'}}}}",
    )
    assert stack_file.labels(stack, "app") == {
        "coop-cloud.demo_test.version": "1",
        "b": "5",
        "c": "4",
    }


def test_only_what_services_use_is_used(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services:\n"
        "  app: {image: a, secrets: [one, {source: two, target: x}], networks: {proxy: {}}}\n"
        "  db: {image: b, secrets: [one]}\n"
        "secrets: {one: {external: true}, two: {external: true}, three: {external: true}}\n",
    )
    assert stack_file.used(stack, "secrets") == ("one", "two")
    assert stack_file.used(stack, "networks") == ("proxy", "default")
    assert stack_file.used(stack, "configs") == ()


def test_external_networks_are_known_by_their_names_on_the_swarm(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services: {app: {image: a, networks: [proxy, old, host, own]}}\n"
        "networks:\n"
        "  proxy: {external: true, name: '${STACK_NAME}_net'}\n"
        "  old: {external: {name: older}}\n"
        "  host: {external: true}\n"
        "  own: {}\n"
        "  unused: {external: true}\n",
    )
    assert stack_file.external_networks(stack) == ("demo_test_net", "older")


def test_configs_are_known_by_their_names_and_files(tmp_path: Path) -> None:
    (tmp_path / "entrypoint.sh").write_text("x")
    stack = read(
        tmp_path,
        "services: {app: {image: a, configs: [there]}}\n"
        "configs:\n"
        "  one: {name: '${STACK_NAME}_one_v1', file: ./entrypoint.sh}\n"
        "  two: {file: entrypoint.sh}\n"
        "  there: {external: true}\n",
    )
    assert stack_file.own_configs(stack, "demo_test") == {
        "demo_test_one_v1": "./entrypoint.sh",
        "demo_test_two": "entrypoint.sh",
    }
    assert stack_file.external_configs(stack) == ("there",)


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("services: {}", "there is no service"),
        ("version: '3.8'", "there is no service"),
        ("services: [a", r"compose\.0\.yml line 1"),
        ("services:\n  a: {image: x}\n  a: {image: y}\n", "line 3: .*already defined"),
        ("services: {a: {image: '${'}}", "invalid interpolation"),
        ("- a", "top-level object must be a mapping"),
    ],
)
def test_what_docker_would_refuse_is_refused_with_its_line(
    text: str, complaint: str, tmp_path: Path
) -> None:
    with pytest.raises(DeployRefused, match=complaint):
        read(tmp_path, text)


def test_a_huge_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeployRefused, match="more than"):
        read(tmp_path, "#" * (plain_file.LARGEST_FILE + 1))


def test_a_config_that_exists_elsewhere_goes_by_its_name_there(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services: {app: {image: a, configs: [conf]}}\n"
        "configs: {conf: {external: {name: real_conf}}}\n",
    )
    assert stack_file.external_configs(stack) == ("real_conf",)


def test_a_network_that_a_second_file_names_again_is_replaced_whole(tmp_path: Path) -> None:
    stack = read(
        tmp_path,
        "services: {app: {image: a, networks: [net]}}\nnetworks: {net: {external: true}}\n",
        "services: {app: {image: a}}\nnetworks: {net: {driver: overlay}}\n",
    )
    assert stack_file.external_networks(stack) == ()


def test_compose_file_names_the_files_in_order(tmp_path: Path) -> None:
    for name in ("compose.yml", "compose.smtp.yml"):
        (tmp_path / name).write_text("x")
    assert stack_file.compose_files(tmp_path, "") == (tmp_path / "compose.yml",)
    both = stack_file.compose_files(tmp_path, "compose.yml:compose.smtp.yml")
    assert [path.name for path in both] == ["compose.yml", "compose.smtp.yml"]
    with pytest.raises(DeployRefused, match=r"COMPOSE_FILE names compose\.x\.yml"):
        stack_file.compose_files(tmp_path, "compose.yml:compose.x.yml")
