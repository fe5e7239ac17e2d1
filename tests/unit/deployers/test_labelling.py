from pathlib import Path

import pytest

from ccci.deployers import Revision, labelling
from ccci.errors import DeployRefused
from ccci.recipe import stack_file
from ccci.recipe.stack_file import StackFile

COMMIT = "7ae7b0f7" + "0" * 32


def stack(tmp_path: Path, text: str) -> StackFile:
    (tmp_path / "compose.yml").write_text(text)
    return stack_file.read([tmp_path / "compose.yml"], {"STACK_NAME": "demo_test"})


def test_a_chaos_deploy_is_labelled_with_its_commit_and_keeps_the_recipes_version() -> None:
    assert labelling.labels("discourse", "demo_test", Revision(COMMIT)) == {
        "coop-cloud.demo_test.recipe": "discourse",
        "coop-cloud.demo_test.chaos": "true",
        "coop-cloud.demo_test.chaos-version": "7ae7b0f7",
    }


def test_a_pinned_deploy_is_labelled_with_its_release() -> None:
    pinned = Revision(COMMIT, "0.7.0+3.3.1", chaos=False)
    assert labelling.labels("discourse", "demo_test", pinned) == {
        "coop-cloud.demo_test.recipe": "discourse",
        "coop-cloud.demo_test.chaos": "false",
        "coop-cloud.demo_test.version": "0.7.0+3.3.1",
    }


@pytest.mark.parametrize(
    ("text", "carrier"),
    [
        ("services: {db: {image: a}, app: {image: b}}", "app"),
        (
            """services: {db: {image: a}, pds: {image: b, deploy:
            {labels: ['coop-cloud.${STACK_NAME}.version=1']}}}""",
            "pds",
        ),
        (
            """services: {db: {image: a}, web: {image: b, deploy:
            {labels: ['coop-cloud.${STACK_NAME}.web.version=1']}}}""",
            "web",
        ),
        (
            """services: {db: {image: a, deploy:
            {labels: ['coop-cloud.demo_test_2.version=1']}},
            web: {image: b, deploy: {labels: ['coop-cloud.${STACK_NAME}.version=1']}}}""",
            "web",
        ),
        ("services: {only: {image: a}}", "only"),
    ],
)
def test_the_labels_go_where_abra_or_the_recipe_says(
    text: str, carrier: str, tmp_path: Path
) -> None:
    assert labelling.carrier(stack(tmp_path, text), "demo_test") == carrier


def test_where_it_is_left_open_it_is_asked_for(tmp_path: Path) -> None:
    found = stack(tmp_path, "services: {web: {image: a}, db: {image: b}}")
    with pytest.raises(DeployRefused, match="None is named app") as refused:
        labelling.carrier(found, "demo_test")
    assert "--app-service" in refused.value.hint
    assert labelling.carrier(found, "demo_test", "web") == "web"
    with pytest.raises(DeployRefused, match="no service nope"):
        labelling.carrier(found, "demo_test", "nope")


def test_the_version_a_commit_gives_itself_is_its_label(tmp_path: Path) -> None:
    found = stack(
        tmp_path,
        """services: {app: {image: a, deploy:
        {labels: ['coop-cloud.${STACK_NAME}.version=0.9.0+3']}}}""",
    )
    assert labelling.declared_version(found, "demo_test", "app") == "0.9.0+3"
    assert labelling.declared_version(found, "other", "app") is None


def test_the_generated_file_names_the_version_of_the_others() -> None:
    tree = labelling.overlay("3.8", "app", {"a": "$1"}, {})
    assert tree == {"version": "3.8", "services": {"app": {"deploy": {"labels": {"a": "$1"}}}}}
    assert "version" not in labelling.overlay(None, "app", {}, {})


def test_the_apps_variables_go_to_the_service_app_wherever_the_labels_go() -> None:
    tree = labelling.overlay(None, "web", {"a": "1"}, {"KEY": "x"})
    assert tree["services"]["app"] == {"environment": {"KEY": "x"}}
    assert tree["services"]["web"] == {"deploy": {"labels": {"a": "1"}}}


@pytest.mark.parametrize(
    ("revision", "told"),
    [
        (Revision(COMMIT), "discourse:7ae7b0f7"),
        (Revision(COMMIT, "0.7.0+3.3.1", chaos=False), "discourse:0.7.0+3.3.1"),
        (Revision(COMMIT, "0.7.0+3.3.1", chaos=True), "discourse:7ae7b0f7"),
    ],
)
def test_what_is_exposed_changes_with_every_version(revision: Revision, told: str) -> None:
    values = {"TYPE": "discourse:0.1.0+1", "KEY": "x", "SET": "theirs"}
    found = labelling.exposed("discourse", revision, values, {"SET"})
    assert found == {"TYPE": told, "KEY": "x"}


def test_a_recipe_that_names_itself_otherwise_is_told_in_its_own_words() -> None:
    found = labelling.exposed("demo", Revision(COMMIT), {"RECIPE": "demo:1"}, frozenset())
    assert found == {"RECIPE": "demo:7ae7b0f7"}
    assert labelling.exposed("demo", Revision(COMMIT), {}, ()) == {"TYPE": "demo:7ae7b0f7"}
