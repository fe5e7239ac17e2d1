"""What there is to sweep: recipes, sets and variants, and folders that are not as they should."""

from pathlib import Path

import pytest

from ccci.recipe.files import MOST_COMPOSE_FILES
from ccci.sweep.inventory import MOST_OVERLAYS, NothingToSweep, find, merged, passed_over
from ccci.sweep.model import FileStatus, Sweep
from ccci.sweep.static import Settings, sweep

COMPOSE = "services: {app: {image: 'x:1.2'}}\n"


def recipe(folder: Path, **files: str) -> Path:
    folder.mkdir(parents=True)
    for name, content in {"compose_yml": COMPOSE, **files}.items():
        (folder / name.replace("_", ".")).write_text(content)
    return folder


def swept(*paths: Path) -> Sweep:
    return sweep(find([str(path) for path in paths], {}), Settings({}, {}))


def statuses(found: Sweep) -> list[tuple[str, FileStatus]]:
    return [(row.file.rpartition("/")[2], row.status) for row in found.files]


def test_a_folder_of_recipes_a_recipe_and_a_file_are_told_apart(tmp_path: Path) -> None:
    recipe(tmp_path / "all" / "shop")
    recipe(tmp_path / "all" / "wiki", compose_more_yml=COMPOSE)
    (tmp_path / "all" / "notes.yml").write_text("- no compose file\n")
    (tmp_path / "all" / ".git").mkdir()
    sets = find([str(tmp_path / "all")], {})
    assert [(each.recipe, each.variant) for each in sets] == [
        ("shop", False),
        ("wiki", False),
        ("wiki", True),
    ]
    (single,) = find([str(tmp_path / "all" / "notes.yml")], {})
    assert (single.recipe, single.folder) == (None, None)


def test_without_recipes_every_file_of_a_folder_is_swept(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(COMPOSE)
    (tmp_path / "b.yaml").write_text(COMPOSE)
    (tmp_path / "c.txt").write_text(COMPOSE)
    assert [each.label for each in find([str(tmp_path)], {})] == [
        f"{tmp_path}/a.yml",
        f"{tmp_path}/b.yaml",
    ]


def test_a_name_is_sought_with_the_user_before_the_place_we_are_in(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    recipe(tmp_path / "here" / "shop")
    recipe(tmp_path / "abra" / "recipes" / "shop")
    monkeypatch.chdir(tmp_path / "here")
    environ = {"ABRA_DIR": str(tmp_path / "abra"), "HOME": str(tmp_path)}
    assert find(["shop"], environ)[0].folder == tmp_path / "abra" / "recipes" / "shop"
    assert find(["./shop"], environ)[0].label == "./shop/compose.yml"
    assert find(["shop"], {"HOME": str(tmp_path)})[0].label == "shop/compose.yml"


def test_a_dot_is_the_recipe_we_are_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(recipe(tmp_path / "shop"))
    (found,) = find(["."], {})
    assert (found.recipe, found.label) == ("shop", "./compose.yml")


def test_odd_things_with_the_names_of_files_are_said_and_the_rest_is_swept(tmp_path: Path) -> None:
    folder = recipe(tmp_path / "shop")
    (folder / "compose.folder.yml").mkdir()
    (folder / "compose.loop.yml").symlink_to("compose.loop.yml")
    (folder / "compose.gone.yml").symlink_to("nowhere")
    (tmp_path / "outside.yml").write_text(COMPOSE)
    (folder / "compose.out.yml").symlink_to(tmp_path / "outside.yml")
    found = swept(folder)
    unreadable = FileStatus.UNREADABLE
    assert statuses(found) == [
        ("compose.yml", FileStatus.OK),
        ("compose.folder.yml", unreadable),
        ("compose.gone.yml", unreadable),
        ("compose.loop.yml", unreadable),
        ("compose.out.yml", unreadable),
    ]
    assert {each.rule for each in found.findings if each.service is None} == {"CCCI000"}


def test_compose_file_leads_nowhere_outside(tmp_path: Path) -> None:
    (tmp_path / "secret.yml").write_text(COMPOSE)
    folder = recipe(tmp_path / "shop")
    (folder / ".env.sample").write_text("COMPOSE_FILE=compose.yml:../secret.yml\n")
    assert statuses(swept(folder))[0] == ("secret.yml", FileStatus.UNREADABLE)


def test_a_recipe_without_its_compose_file_is_unreadable(tmp_path: Path) -> None:
    folder = tmp_path / "shop"
    folder.mkdir()
    (folder / ".env.sample").write_text("A=1\n")
    assert statuses(swept(folder)) == [("compose.yml", FileStatus.UNREADABLE)]


def test_a_broken_env_sample_is_said_and_passed_over(tmp_path: Path) -> None:
    folder = recipe(tmp_path / "shop")
    (folder / ".env.sample").write_text("A='never closed\n")
    (row,) = swept(folder).files
    assert row.status is FileStatus.OK
    assert ".env.sample was passed over" in row.message


def test_abra_sh_is_read_and_never_run(tmp_path: Path) -> None:
    content = "services: {app: {image: 'x:$V'}}\n"
    folder = recipe(tmp_path / "shop", compose_yml=content)
    (folder / "abra.sh").write_text(f"export V=1.3\ntouch {tmp_path}/ran\n")
    (folder / ".env.sample").write_text("V=1.2\n")
    assert swept(folder).services[0].policy.image == "x:1.3"
    assert not (tmp_path / "ran").exists()


def test_the_stack_s_name_comes_from_the_domain(tmp_path: Path) -> None:
    content = "services: {app: {image: 'x:1.2-${STACK_NAME}'}}\n"
    folder = recipe(tmp_path / "shop", compose_yml=content)
    (folder / ".env.sample").write_text("DOMAIN=shop.example.com\n")
    assert swept(folder).services[0].policy.image == "x:1.2-shop_example_com"


def test_the_environment_s_stack_stands_above_the_domain_s(tmp_path: Path) -> None:
    content = "services: {app: {image: 'x:1.2-${STACK_NAME}'}}\n"
    folder = recipe(tmp_path / "shop", compose_yml=content)
    found = sweep(find([str(folder)], {}), Settings({}, {"STACK_NAME": "mine"}))
    assert found.services[0].policy.image == "x:1.2-mine"
    assert swept(folder).services[0].policy.image == "x:1.2-shop"


def test_a_set_that_misses_a_member_says_nothing_of_the_rest(tmp_path: Path) -> None:
    folder = recipe(tmp_path / "shop", compose_yml="a: [\n", compose_more_yml=COMPOSE)
    found = swept(folder)
    assert {each.rule for each in found.findings} == {"CCCI000"}
    assert [each.policy.name for each in found.services] == ["app"]


def test_files_of_one_set_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(NothingToSweep):
        merged([str(tmp_path / "none.yml")])


def test_no_recipes_at_all_is_said(tmp_path: Path) -> None:
    with pytest.raises(NothingToSweep):
        find([], {"HOME": str(tmp_path)})


def test_what_a_docker_cli_before_28_reads_otherwise_is_said_and_no_finding(tmp_path: Path) -> None:
    text = """
x-policy: &policy {failure_action: rollback}
services:
  app:
    image: a:1
    labels: {shown: no}
    deploy:
      update_config:
        failure_action: pause
        <<: *policy
"""
    found = swept(recipe(tmp_path / "r", **{"compose.yml": text}))
    (row,) = found.files
    assert row.status is FileStatus.OK
    assert row.message.startswith("a docker CLI before 28.0 reads this in another way: ")
    assert "compose.yml:6 reads `no` as false" in row.message
    assert "compose.yml:10 lets `<<` override the `failure_action` above it" in row.message


@pytest.mark.slow
def test_a_recipe_of_very_many_files_takes_no_end_and_what_is_not_read_is_said(
    tmp_path: Path,
) -> None:
    recipe = tmp_path / "shop"
    recipe.mkdir()
    names = ":".join(f"{number}.yml" for number in range(10_000))
    (recipe / ".env.sample").write_text(f"COMPOSE_FILE={names}\n")
    for number in range(MOST_OVERLAYS + 1):
        (recipe / f"compose.{number:04}.yml").write_text("services: {app: {image: a}}\n")
    found = find([str(recipe)])
    assert len(found) == MOST_OVERLAYS + 1
    assert {len(each.members) for each in found} == {MOST_COMPOSE_FILES, MOST_COMPOSE_FILES + 1}
    assert found[0].own is not None
    assert found[0].own.notes == (
        "COMPOSE_FILE names 10000 files: the rest is not read",
        f"it has {MOST_OVERLAYS + 1} optional overlays: the rest is not read",
    )
    assert f"compose.{MOST_OVERLAYS:04}.yml" in passed_over([str(recipe)], found)[0]
