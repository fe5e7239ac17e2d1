import pytest

from ccci.compose import Named, sections
from ccci.compose.tree import tree_of
from ccci.errors import DeployRefused
from ccci.recipe import dotenv, secrets
from ccci.recipe.secrets import Modifiers, Secret

ENV = dotenv.read(
    "SECRET_DB_PASSWORD_VERSION=v1 # length=32 charset=hex\n"
    "SECRET_SMTP_VERSION=v2 # generate=false\n"
    "SECRET_ADMIN_VERSION=v1\n"
)


def declared_as(document: dict[str, dict[str, object]]) -> dict[str, Named]:
    return sections.read(tree_of({"secrets": document}), "compose.yml", []).secrets


def needed(name: str, key: str = "db_password", **declared: object) -> tuple[Secret, ...]:
    document = {key: {"external": True, "name": name, **declared}}
    return secrets.needed(declared_as(document), [key], "demo_test", ENV)


@pytest.mark.parametrize(
    ("comment", "expected"),
    [
        ("", Modifiers()),
        (" length=32", Modifiers(32)),
        (" length=16 charset=hex", Modifiers(16, "hex")),
        (" charset=default,special length=8", Modifiers(8, "default,special")),
        ("generate=false", Modifiers(generate=False)),
        (" say #generate=false", Modifiers(generate=False)),
        (" a remark about the length of it", Modifiers()),
    ],
)
def test_the_comment_behind_a_version_says_how(comment: str, expected: Modifiers) -> None:
    assert secrets.modifiers(comment, "SECRET_X_VERSION") == expected


@pytest.mark.parametrize("comment", ["length=0", "length=-1", "length=9999", "length=x"])
def test_a_length_that_is_none_is_refused_by_name(comment: str) -> None:
    with pytest.raises(DeployRefused, match="SECRET_X_VERSION: length="):
        secrets.modifiers(comment, "SECRET_X_VERSION")


def test_an_unknown_charset_is_refused_by_name() -> None:
    with pytest.raises(DeployRefused, match="charset=emoji is not known"):
        secrets.modifiers("charset=hex,emoji", "SECRET_X_VERSION")


def test_only_external_secrets_that_services_use_are_needed() -> None:
    document: dict[str, dict[str, object]] = {
        "db_password": {"external": True, "name": "demo_test_db_password_v1"},
        "unused": {"external": True, "name": "demo_test_unused_v1"},
        "from_file": {"file": "./x"},
    }
    found = secrets.needed(declared_as(document), ["db_password", "from_file"], "demo_test", ENV)
    assert found == (Secret("db_password", "demo_test_db_password_v1", Modifiers(32, "hex")),)


def test_a_secret_whose_key_differs_is_found_by_its_name() -> None:
    (found,) = needed("demo_test_smtp_v2", "mail")
    assert found.modifiers == Modifiers(generate=False)


def test_a_secret_that_is_not_the_stacks_own_is_never_made() -> None:
    (found,) = needed("shared_smtp", "shared")
    assert not found.modifiers.generate


def test_a_secret_without_a_version_is_refused_with_its_variable() -> None:
    with pytest.raises(DeployRefused, match="has no version") as refused:
        needed("demo_test_other_", "other")
    assert "SECRET_OTHER_VERSION" in refused.value.hint


def test_a_name_that_swarm_would_refuse_is_refused_by_name() -> None:
    assert needed("demo_test_" + "x" * 54, "long")
    with pytest.raises(DeployRefused, match="has 65 characters"):
        needed("demo_test_" + "x" * 55, "long")


@pytest.mark.parametrize("version", ["", "v1 # length=10", "v 1"])
def test_a_version_that_makes_no_name_is_refused(version: str) -> None:
    entries = dotenv.read(f'SECRET_DB_PASSWORD_VERSION="{version}"\n', ".env")
    name = f"demo_test_db_password_{version}"
    declared = declared_as({"db_password": {"external": True, "name": name}})
    with pytest.raises(DeployRefused, match=r"has no version|which Swarm refuses"):
        secrets.needed(declared, ["db_password"], "demo_test", entries)


@pytest.mark.parametrize("length", [1, 8, 128])
def test_a_value_has_the_length_and_charset_asked_for(length: int) -> None:
    value = secrets.make(Modifiers(length, "hex"))
    assert len(value) == length
    assert set(value) <= set("0123456789abcdef")


def test_without_a_length_it_is_a_passphrase_and_never_the_same() -> None:
    made = {secrets.make(Modifiers()) for _ in range(100)}
    assert len(made) == 100
    assert all(len(value.split("-")) == 6 for value in made)
