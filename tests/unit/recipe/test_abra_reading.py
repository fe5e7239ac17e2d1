"""The `.env` of an app, which abra reads again: what ccci makes of it, and abra does, is the same.

`godotenv` reads as abra's parser is taken to.
"""

import pytest
from abra.stand_in.godotenv import godotenv
from hypothesis import given
from hypothesis import strategies as st

from ccci.errors import DeployRefused
from ccci.recipe import abra_reading, dotenv

APART = [
    'A="x\\\\"\nCOMPOSE_FILE=compose.yml\n#"',
    "COMPOSE_FILE=compose.yml # x #",
    "COMPOSE_FILE=compose.yml---\n",
    "COMPOSE_FILE=# nothing\n",
    "COMPOSE_FILE= # nothing\n",
    "COMPOSE_FILE=compose.yml\u2003\n",
    "COMPOSE_FILE=a$$b",
    "B=1\nCOMPOSE_FILE=${B:-x}$b$HOME$1",
    "B=1\nCOMPOSE_FILE=$Bx",
    "B=1\nCOMPOSE_FILE=$B}",
    "COMPOSE_FILE='\\\\'\nB='\n'",
    'COMPOSE_FILE="a\\tb"',
    "COMPOSE_FILE: x",
    "COMPOSE_FILE = x",
    'A="one\ntwo" # c',
    "A='one\ntwo' # c",
    "export A=it's",
]


@pytest.mark.parametrize("text", APART)
def test_what_two_parsers_may_read_apart_is_written_so_that_they_do_not(text: str) -> None:
    assert_agreed(text)


def assert_agreed(text: str) -> None:
    """Hold the agreed form against both readings; what cannot be agreed on is refused."""
    try:
        ours = dotenv.values(dotenv.read(text))
        written = abra_reading.agreed(text)
    except DeployRefused:
        return
    assert dotenv.values(dotenv.read(written)) == ours
    assert godotenv(written) == ours
    assert abra_reading.agreed(written) == written


PIECES = st.sampled_from(
    [
        *"AB=:'\"\\\\#$ {}\n\r\tx-",
        "---",
        "\u2003",
        "\xa0",
        "${A}",
        "$B",
        "COMPOSE_FILE=",
        "export ",
        "\\n",
    ]
)


@given(st.lists(PIECES, max_size=14))
def test_both_parsers_read_the_same_of_whatever_is_agreed(pieces: list[str]) -> None:
    text = "A=1\nB=" + "".join(pieces)
    if any(dotenv.BARE_KEY.fullmatch(line) for line in text.split("\n")):
        return  # abra stops at such a line
    assert_agreed(text)


@given(st.text(st.sampled_from("aB'\"\\$# -\n\t"), max_size=8))
def test_a_value_that_is_set_is_read_alike_or_refused(value: str) -> None:
    assert_agreed(dotenv.assign("A=1\n", {"B": value, "C": "x' y"}, comments={"B": "c"}))


def test_what_is_plain_stays_as_it_is_with_every_comment() -> None:
    text = (
        "# a remark\n\nTYPE=shop\nexport DOMAIN=a.test # own\nA='x $y' # z # z\n"
        'B="$DOMAIN:${DOMAIN}, it\'s" # c\nSECRET_X_VERSION=v1 # length=3\nC=two words\nD=\n'
    )
    assert abra_reading.agreed(text) == text


def test_a_value_that_cannot_be_said_to_both_is_refused() -> None:
    with pytest.raises(DeployRefused, match="line 2: abra would read B otherwise"):
        abra_reading.agreed("A=1\nB='ends with a backslash\\\\'\n")


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("export A=v1", False),
        ("export A=v1.2-b  ", False),
        ("export PATH HOME", False),
        ("exported=1", False),
        ("  export A=1 B=2", False),
        ("export A=data export B=1", True),
        ("export A=1 B=2", True),
        ("export A='data'", False),
        ('export A="v1.2"', False),
        ("export A=", False),
        ('export A="', True),
        ("export A='/etc'", True),
        ('export A="a b"', True),
        ("export A=$B", True),
        ("export A=/etc", True),
        ("export A=1 # of B", True),
        ("export A=1; B=2", True),
    ],
)
def test_an_export_that_abra_may_read_otherwise_is_named(line: str, told: bool) -> None:
    found = abra_reading.exports_otherwise(f"#!/bin/bash\n{line}\n")
    assert found == (("abra.sh line 2",) if told else ())
