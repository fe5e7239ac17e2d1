"""Variables, with the corners that docker's template package has."""

from typing import Any

import pytest

from ccci.compose.events import parse
from ccci.compose.interpolation import Interpolation, Variables

VALUES = {"SET": "set", "EMPTY": "", "NUMBER": "3"}


def image(text: str) -> tuple[str, list[str], set[str]]:
    variables = Variables(VALUES)
    replacing = Interpolation(variables)
    content = f"services:\n  app:\n    image: '{text}'\n".encode()
    tree = replacing.tree(parse(content))
    failures = [each.message for each in replacing.failures]
    return tree["services"]["app"]["image"], failures, variables.unset


@pytest.mark.parametrize(
    ("text", "result"),
    [
        ("$SET", "set"),
        ("${SET}", "set"),
        ("a$SET.b", "aset.b"),
        ("$$SET", "$SET"),
        ("$UNSET", ""),
        ("${UNSET:-x}", "x"),
        ("${EMPTY:-x}", "x"),
        ("${EMPTY-x}", ""),
        ("${UNSET-x}", "x"),
        ("${SET?no}", "set"),
        ("${EMPTY?no}", ""),
        ("${UNSET:-${SET}}", "${SET}"),
        ("$UNSET-a b", "a b"),
        ("$UNSET:-a b} c", "a b} c"),
        ("${UNSET-a:-b}", "b"),
        ("$ ${SET}", " set"),
    ],
)
def test_a_variable_is_replaced_as_docker_does(text: str, result: str) -> None:
    found, failures, _ = image(text)
    assert (found, failures) == (result, [])


@pytest.mark.parametrize("text", ["$", "${}", "${1}", "$1", "a ${SET} $", "${SET", "${SET+x}"])
def test_a_dollar_that_names_nothing_is_refused(text: str) -> None:
    _, failures, _ = image(text)
    assert len(failures) == 1
    assert failures[0].startswith("invalid interpolation format for services.app.image: ")


@pytest.mark.parametrize("text", ["${UNSET?say}", "${UNSET:?say}", "${EMPTY:?say}"])
def test_a_required_variable_refuses_with_its_message(text: str) -> None:
    _, failures, _ = image(text)
    assert "is missing a value: say" in failures[0]


def test_what_stays_unset_is_remembered_but_not_what_has_a_default() -> None:
    assert image("$UNSET ${OTHER:-x} $SET")[2] == {"UNSET"}


def tree(content: str) -> tuple[Any, list[str]]:
    replacing = Interpolation(Variables(VALUES))
    return replacing.tree(parse(content.encode())), [each.message for each in replacing.failures]


def test_a_variable_becomes_a_number_where_docker_casts_it() -> None:
    found, failures = tree("services:\n  app:\n    deploy: {replicas: $NUMBER}\n")
    assert found["services"]["app"]["deploy"]["replicas"] == 3
    assert failures == []


def test_a_service_with_a_dot_in_its_name_gets_no_casts() -> None:
    found, _ = tree("services:\n  my.app:\n    deploy: {replicas: $NUMBER}\n")
    assert found["services"]["my.app"]["deploy"]["replicas"] == "3"


def test_a_cast_that_fails_is_refused() -> None:
    _, failures = tree("services:\n  app:\n    tty: $SET\n")
    said = "error while interpolating services.app.tty: failed to cast to expected type"
    assert failures == [f"{said}: invalid boolean: set"]


def test_variables_are_replaced_everywhere_but_in_keys() -> None:
    found, _ = tree("x-any: [{$SET: $SET}]\nservices: {}\n")
    assert found["x-any"][0] == {"$SET": "set"}
