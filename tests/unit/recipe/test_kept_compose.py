"""Compose files for people: names of variables, and none of their values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.compose.events import parse
from ccci.compose.tree import tree_of
from ccci.compose.writing import written
from ccci.host.masking import HIDDEN
from ccci.recipe.kept_compose import without_values

DOCKER = """\
services:
  app:
    image: nginx:1.27
    command:
      - echo new
    environment:
      DATABASE_URL: postgres://user:pw@db
      EMPTY: ""
      KEY: |-
        -----BEGIN KEY-----
        MIIEpAIBAAKCAQEA

        q83vEjRWeJq83v
      "QUOTED: KEY": t0k3n
      PLAIN: long text that
        goes on t0k3n
    deploy:
      labels:
        coop-cloud.shop.version: 1.0.0
        traefik.http.middlewares.a.basicauth.users: me:t0k3n
networks:
  default: {}
"""


def test_what_docker_wrote_keeps_its_looks_without_its_values() -> None:
    assert (
        without_values(DOCKER)
        == """\
services:
  app:
    image: nginx:1.27
    command:
      - echo new
    environment:
      DATABASE_URL: '***'
      EMPTY: ""
      KEY: '***'
      "QUOTED: KEY": '***'
      PLAIN: '***'
    deploy:
      labels:
        coop-cloud.shop.version: 1.0.0
        traefik.http.middlewares.a.basicauth.users: '***'
networks:
  default: {}
"""
    )


@pytest.mark.parametrize(
    "text",
    [
        "services:\n  app:\n    environment: [A=t0k3n, B, C=]\n",
        "services:\n  app:\n    environment:\n      - A=t0k3n\n",
        'services: {"app": {"environment": {"A": "t0k3n"}}}\n',
        "services:\n  app:\n    environment: {A: t0k3n,\n      B: t0k3n}\n",
        "x: &env\n  A: t0k3n\nservices:\n  app:\n    environment: *env\n",
        "services:\n  app:\n    build: {args: {A_TOKEN: t0k3n}}\n",
        "services: [\n",
        "# a.yml\nservices: {a: {environment: {A: t0k3n}}}\n---\n# b.yml\nservices: {}\n",
    ],
)
def test_a_file_of_another_style_shows_none_either(text: str) -> None:
    assert "t0k3n" not in without_values(text)


NAMES = st.from_regex(r"[A-Za-z_][A-Za-z0-9_]{0,8}", fullmatch=True)
VALUES = st.text(min_size=8, alphabet=st.characters(codec="utf-8", exclude_characters="$"))


@given(st.dictionaries(NAMES, VALUES, min_size=1), st.booleans())
def test_no_value_of_any_environment_is_shown(values: dict[str, str], listed: bool) -> None:
    environment = [f"{name}={value}" for name, value in values.items()] if listed else values
    tree = tree_of({"services": {"app": {"image": "x", "environment": environment}}})
    shown = parse(without_values(written(tree)).encode())["services"]["app"]["environment"]
    told = shown.values() if not listed else (entry.partition("=")[2] for entry in shown)
    assert set(told) == {HIDDEN}
    assert "image" in without_values(written(tree))
