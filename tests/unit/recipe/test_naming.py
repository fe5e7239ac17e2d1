import pytest

from ccci.errors import UsageError
from ccci.recipe import naming


def test_a_domain_is_short_and_the_same_for_the_same_commit() -> None:
    domain = naming.domain_of("discourse", "7ae7b0f7" * 5)
    assert domain == naming.domain_of("discourse", "7ae7b0f7" * 5)
    assert domain != naming.domain_of("discourse", "eb96de94" * 5)
    assert len(domain) == 21
    assert naming.check_domain(domain).startswith("disc-")


@pytest.mark.parametrize("recipe", ["a", "a-b_c", "mail-in-a-box"])
def test_any_recipe_gives_a_domain(recipe: str) -> None:
    assert naming.check_domain(naming.domain_of(recipe, "0" * 40))


def test_a_stack_is_named_as_abra_names_it() -> None:
    assert naming.stack_of("disc-1a2b3c.ccci.test") == "disc-1a2b3c_ccci_test"
    assert len(naming.stack_of("a" * 60 + ".example.com")) == 45


@pytest.mark.parametrize(
    "domain", ["", "-a.test", "a..b", "A.test", "a_b.test", "a.test/", "a b", "--x", "a" * 64]
)
def test_what_is_no_domain_is_refused(domain: str) -> None:
    with pytest.raises(UsageError, match="is no domain"):
        naming.check_domain(domain)
