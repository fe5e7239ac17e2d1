import pytest
from hypothesis import given
from hypothesis import strategies as st

from ccci.errors import DeployRefused
from ccci.recipe import abra_script, dotenv
from ccci.recipe.abra_reading import read_otherwise


def values(text: str) -> dict[str, str]:
    return dotenv.values(dotenv.read(text))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("A=plain", "plain"),
        ("A = spaced  ", "spaced"),
        ("export A=exported", "exported"),
        ("A=", ""),
        ("A=''", ""),
        ("A=a#b", "a#b"),
        ("A=a # comment", "a"),
        ("A=# only a comment", ""),
        ("A='single # $HOME \\n'", "single # $HOME \\n"),
        ('A="double # kept" # comment', "double # kept"),
        ('A="a\\nb\\t\\"c\\" \\\\ \\$X"', 'a\nb\t"c" \\ $X'),
        ('A="one\ntwo"', "one\ntwo"),
        ("A='one\ntwo'", "one\ntwo"),
        ("A=', `www.example.com`'", ", `www.example.com`"),
        ("A=x=y", "x=y"),
        ("A=1\nA=2", "2"),
        ("B=1\nA=$B-${B}-${B:-x}-${C:-y}-${C-z}-${B:+set}-${C:+set}$C", "1-1-1-y-z-set-"),
        ("B=\nA=${B:-empty}${B-unset}", "empty"),
        ("A=a$$b\\$c", "a$b$c"),
        ("A=$2y$05$abc", "$2y$05"),
        ('COMPOSE_FILE=c.yml\nA="$COMPOSE_FILE:d.yml"', "c.yml:d.yml"),
        ("\ufeffA=bom", "bom"),
        ("A=windows\r\n", "windows"),
        ('A="\\\\${B}"\n', "\\"),
        ("A: by a colon", "by a colon"),
        ("A:'quoted' # comment", "quoted"),
        ("A='it\\'s'", "it\\'s"),
        ('A="\\\none;\\\ntwo"', "\none;\ntwo"),
        ("A=http://x:80/y", "http://x:80/y"),
    ],
)
def test_values_are_read_as_docker_reads_them(text: str, value: str) -> None:
    assert values(text)["A"] == value


def test_a_key_alone_sets_nothing() -> None:
    assert values("A\n\n # B=1\nC=2") == {"C": "2"}


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("A=1\nnot an assignment", "line 2 is no assignment"),
        ('A=1\nB="open\n\n', "line 2: the quote"),
        ("A='x' y", "line 1: there is more behind"),
        ("1A=x", "line 1 is no assignment"),
    ],
)
def test_what_docker_would_refuse_is_refused_with_its_line(text: str, line: str) -> None:
    with pytest.raises(DeployRefused, match=line):
        dotenv.read(text)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("A=1\nexport B='x y' # c\nC.D=\"$A\"\nE: 1\n# F-G=1\n#H\n", ""),
        ("A=1\n\nB\n", "line 3: a key without = stops abra"),
        ("A-B=1\n", "line 1: abra knows no such key as A-B"),
        ("A= # length=3\n", "line 1: abra takes the comment for the value of A"),
        ("A=1\nB=${A:-x}\n", "line 2: abra knows no defaults"),
        ('A=1\nB="one\n${A-x}"\n', "line 2: abra knows no defaults"),
        ("a=1\nB=$a\n", "line 2: abra replaces no variable in small letters"),
        ("B='$a ${A:-x}'\nC=\\$a\n", ""),
        ("A=1 # b # c\n", "line 1: abra takes all up to the last # for the value of A"),
        ("A='1' # b # c\nB=1 # b#c\n", ""),
        ("A=1\nB=x---\n", "line 2: abra drops the --- at the end of B"),
        ("A=x--- # c\n", ""),
        ('A="x\\\\" # c\n', "line 1: abra takes the quote that ends A for an escaped one"),
        ("A='x\\\\'\nB=\"x\\\\y\"\n", "line 1: abra takes the quote that ends A"),
    ],
)
def test_what_abra_reads_otherwise_is_named(text: str, told: str) -> None:
    found = read_otherwise(text, ".env.sample")
    assert len(found) == bool(told)
    assert told in " ".join(found)


SAMPLE = """\
TYPE=discourse
DOMAIN=discourse.example.com # the app's own
# a remark
SECRET_DB_PASSWORD_VERSION=v1 # length=32 charset=hex
#SECRET_SMTP_VERSION=v1  # generate=false
LONG="one
two" # after
LAST=1"""


def test_an_edit_keeps_every_comment_and_every_other_line() -> None:
    edited = dotenv.assign(
        SAMPLE, {"DOMAIN": "a.test", "SECRET_SMTP_VERSION": "v2", "LONG": "short", "NEW": "x y"}
    )
    assert edited == (
        "TYPE=discourse\n"
        "DOMAIN=a.test # the app's own\n"
        "# a remark\n"
        "SECRET_DB_PASSWORD_VERSION=v1 # length=32 charset=hex\n"
        "SECRET_SMTP_VERSION=v2 # generate=false\n"
        "LONG=short # after\n"
        "LAST=1\n"
        "NEW='x y'\n"
    )


def test_a_file_without_a_last_newline_gets_no_glued_line() -> None:
    assert dotenv.assign("A=1 # x", {"B": "2"}) == "A=1 # x\nB=2\n"


def test_the_comment_behind_a_value_is_kept_for_its_modifiers() -> None:
    comments = [entry.comment.strip() for entry in dotenv.read(SAMPLE)]
    assert comments == ["", "the app's own", "length=32 charset=hex", "after", ""]


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n\t")))
def test_what_is_written_is_read_back(value: str) -> None:
    cleaned = "\n".join(value.splitlines())
    text = dotenv.assign("# first\nA=old # kept\nB=1\n", {"A": cleaned})
    assert values(text) == {"A": cleaned, "B": "1"}
    assert dotenv.read(text)[0].comment == " kept"


def test_exports_are_read_without_running_anything() -> None:
    found, notes = abra_script.exports(
        "#!/bin/bash\n"
        "export ENTRYPOINT_VERSION=v4\n"
        "export A=\"x y\" B='z' # comment\n"
        "export PLUS=${ENTRYPOINT_VERSION}b\n"
        "export NOW=$(touch /tmp/never)\n"
        "export OPEN='a\n"
        "b'\n"
        "PLAIN=1\n"
        "function f() {\n"
        "  export INSIDE=1\n"
        "}\n"
        "export ALREADY\n"
    )
    assert found == {"ENTRYPOINT_VERSION": "v4", "A": "x y", "B": "z", "PLUS": "v4b"}
    assert [note.split(":")[0] for note in notes] == ["abra.sh line 5", "abra.sh line 6"]


@pytest.mark.parametrize("sign", [*"\v\f\x1c\x85\u2028\u2029\r\x00\x1b"])
@pytest.mark.parametrize("line", ["A=x{}COMPOSE_FILE=b", "# x{}A=1", "A='{}'", "A=1 # {}A=2"])
def test_a_sign_that_only_some_readers_end_a_line_at_is_refused(line: str, sign: str) -> None:
    with pytest.raises(DeployRefused, match="line 2 has a control character"):
        dotenv.read("B=1\n" + line.format(sign) + "\n")


def test_a_comment_with_a_comment_in_it_or_behind_nothing_is_kept_off_the_value() -> None:
    text = "A=1 # a # b\nB= # c\n"
    edited = dotenv.assign(text, {"A": "2", "B": ""})
    assert edited == "A='2' # a # b\nB='' # c\n"


def test_an_export_ends_with_its_line_alone() -> None:
    assert abra_script.exports("export A=1\x85export B=2\nexport C=3\r\n")[0]["C"] == "3"
    assert abra_script.exports("true\x0cexport A=1\n")[0] == {}
