import pytest

from ccci.recipe.releases import parse


def newest_first(*tags: str) -> list[str]:
    found = [release for release in map(parse, tags) if release is not None]
    return [release.tag for release in sorted(found, reverse=True)]


def test_the_recipe_version_decides_before_the_app_version() -> None:
    assert newest_first("0.9.0+1.0.0", "0.10.0+0.9.0", "1.0.0+0.1.0") == [
        "1.0.0+0.1.0",
        "0.10.0+0.9.0",
        "0.9.0+1.0.0",
    ]


def test_app_versions_are_compared_as_numbers_between_equals() -> None:
    assert newest_first("1.0.0+3.9.1", "1.0.0+3.10.0", "1.0.0+v3.2") == [
        "1.0.0+3.10.0",
        "1.0.0+3.9.1",
        "1.0.0+v3.2",
    ]


def test_a_prerelease_comes_before_its_release() -> None:
    assert newest_first("1.0.0-rc2+1", "1.0.0+1", "1.0.0-rc10+1") == [
        "1.0.0+1",
        "1.0.0-rc10+1",
        "1.0.0-rc2+1",
    ]


def test_a_number_of_any_length_has_its_place() -> None:
    long = f"1.0.0+{'9' * 5000}"
    assert newest_first("1.0.0+0009", long, "1.0.0+10") == [long, "1.0.0+10", "1.0.0+0009"]


ODD = [
    "1.0.0+²",
    "1.0.0+5\u2028x",
    "1.0.0+9\xa0",
    "1.0.0+\u0661",
    "\u0661.0.0+1",
    "1.0.0+\udc80",
    "1.0.0+1\n",
]


@pytest.mark.parametrize("tag", [*ODD, f"{'9' * 5000}.0.0+1"])
def test_what_nobody_could_type_is_no_release(tag: str) -> None:
    assert parse(tag) is None


@pytest.mark.parametrize("tag", ["v1.0.0", "1.0.0", "latest", "1.0+2", "1.0.0+", ""])
def test_what_is_no_release_is_passed_over(tag: str) -> None:
    assert parse(tag) is None
