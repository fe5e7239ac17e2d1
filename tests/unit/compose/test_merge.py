"""Several files as one; every expectation here was read off `docker stack config` 28.2.2."""

from pathlib import Path

import pytest

from ccci.compose import Loaded, Loader, Port, open_source

BASE = """
services:
  app:
    image: x
    ports: ["53:53/tcp", "53:53/udp", "90"]
    volumes: ["data:/data", "other:/other"]
    stop_grace_period: 10s
    healthcheck: {test: [CMD, a], interval: 5s, retries: 3}
    networks: [one]
    depends_on: [db]
    deploy:
      replicas: 3
      update_config:
        {monitor: 20s, parallelism: 2, max_failure_ratio: 0.5, delay: 3s, order: start-first}
networks: {one: {external: true}}
"""


@pytest.fixture
def merged(tmp_path: Path) -> Loaded:
    override = """
services:
  app:
    healthcheck: {test: [CMD, b], interval: 0s, retries: 0}
    volumes: ["new:/data"]
    stop_grace_period: 0s
    networks: [two]
    depends_on: [cache]
    deploy:
      replicas: 0
      update_config: {monitor: 0s, parallelism: 0, max_failure_ratio: 0, delay: 0s}
  more: {image: y}
networks: {one: , two: }
"""
    return load(tmp_path, BASE, override)


def load(folder: Path, *contents: str) -> Loaded:
    sources = []
    for number, content in enumerate(contents):
        path = folder / f"{number}.yml"
        path.write_text(content, encoding="utf-8")
        sources.append(open_source(path.name, path))
    return Loader({}).load(sources)


def test_zero_durations_and_ratios_never_override(merged: Loaded) -> None:
    update = merged.services["app"].update
    assert update is not None
    assert (update.monitor, update.delay) == (20 * 10**9, 3 * 10**9)
    assert update.max_failure_ratio == 0.5
    assert merged.services["app"].stop_grace_period == 10 * 10**9


def test_zero_counts_override(merged: Loaded) -> None:
    app = merged.services["app"]
    assert app.replicas == 0
    assert app.update is not None
    assert app.update.parallelism == 0
    assert app.healthcheck is not None
    assert app.healthcheck.retries == 0


def test_the_words_of_a_test_are_appended(merged: Loaded) -> None:
    check = merged.services["app"].healthcheck
    assert check is not None
    assert check.test == ("CMD", "a", "CMD", "b")
    assert check.interval == 5 * 10**9


def test_ports_go_by_their_published_number_alone(merged: Loaded) -> None:
    assert merged.services["app"].ports == (Port(90, 0), Port(53, 53, "udp"))


def test_mounts_go_by_their_target(merged: Loaded) -> None:
    mounts = merged.services["app"].mounts or ()
    assert [(each.target, each.source) for each in mounts] == [
        ("/data", "new"),
        ("/other", "other"),
    ]


@pytest.mark.parametrize(
    ("override", "targets"),
    [("labels: {a: b}", ["y", "x"]), ("configs: [{source: b, target: /b}]", ["y", "/b"])],
)
def test_files_of_configs_go_by_their_source(
    tmp_path: Path, override: str, targets: list[str]
) -> None:
    base = """
services:
  app:
    image: x
    configs: [{source: a, target: x}, {source: a, target: y}, {source: b, target: x}]
configs: {a: {external: true}, b: {external: true}}
"""
    loaded = load(tmp_path, base, f"services: {{app: {{{override}}}}}")
    assert [each.target for each in loaded.services["app"].files] == targets


def test_a_network_named_again_replaces_the_first_whole(merged: Loaded) -> None:
    assert not merged.sections.networks["one"].external
    assert merged.services["app"].networks == ("one", "two")


def test_lists_of_names_are_appended_and_services_joined(merged: Loaded) -> None:
    assert merged.services["app"].depends_on == ("db", "cache")
    assert list(merged.services) == ["app", "more"]


def test_a_value_remembers_the_file_it_came_from(merged: Loaded) -> None:
    app = merged.services["app"]
    assert app.place("deploy.update_config.order").file == "0.yml"
    assert app.place("volumes./data").file == "1.yml"


def test_files_of_different_versions_are_refused(tmp_path: Path) -> None:
    found = load(tmp_path, "version: '3.8'\nservices: {}\n", "services: {}\n")
    assert found.fault is not None
    assert found.fault.message == "version mismatched between two composefiles : 3.8 and 3.13"
