from pathlib import Path

import pytest

from ccci.deployers import App
from ccci.errors import UsageError
from ccci.steps.app import assignments, take_over
from ccci.steps.given_secrets import read_given


def app(tmp_path: Path, sample: str, env: str) -> App:
    made = App("shop", "shop.test", "shop_test", tmp_path)
    made.checkout.mkdir(parents=True)
    (made.checkout / ".env.sample").write_text(sample)
    made.env_file.parent.mkdir(parents=True)
    made.env_file.write_text(env)
    return made


SAMPLE = "A=1\nSECRET_X_VERSION=v1 # length=10\n#SECRET_Y_VERSION=v1 # charset=hex\nNEW='a b'\n"


def test_a_key_that_is_set_for_the_head_keeps_what_the_sample_says_behind_it(
    tmp_path: Path,
) -> None:
    made = app(tmp_path, SAMPLE, "A=1\n")
    notes = take_over(made, {"SECRET_X_VERSION": "v2", "SECRET_Y_VERSION": "v1"})
    assert made.env_file.read_text() == (
        "A=1\nSECRET_X_VERSION=v2 # length=10\nSECRET_Y_VERSION=v1 # charset=hex\n"
    )
    assert any("sets NEW, which" in note for note in notes)


def test_the_whole_sample_is_taken_over_as_an_operator_would(tmp_path: Path) -> None:
    made = app(tmp_path, SAMPLE, "A=mine\n")
    notes = take_over(made, {}, from_sample=True)
    assert made.env_file.read_text() == ("A=mine\nSECRET_X_VERSION=v1 # length=10\nNEW='a b'\n")
    assert "set for the head, as its .env.sample has them: SECRET_X_VERSION, NEW" in notes
    assert any("other values for A" in note for note in notes)


def test_what_the_user_set_or_every_app_has_of_its_own_is_no_news(tmp_path: Path) -> None:
    sample = "DOMAIN=shop.example.com\nTYPE=shop\nA=1\nURL=https://shop.example.com\nV_VERSION=v2\n"
    env = "DOMAIN=shop.test\nTYPE=shop:1\nA=2\nURL=https://shop.test\nV_VERSION=v1\nB=3\n"
    made = app(tmp_path, sample, env)
    (note,) = take_over(made, {}, given={"A"})
    assert "other values for V_VERSION:" in note
    assert take_over(made, {"V_VERSION": "v2"}, given={"A"}) == ()


@pytest.mark.parametrize(
    "word", ["SECRET_X_VERSION=v1 # length=10", "SECRET_X_VERSION=v1#x", "K=v # generate=false"]
)
def test_a_comment_in_a_value_is_refused_by_its_key(word: str) -> None:
    key = word.partition("=")[0]
    with pytest.raises(UsageError, match=f"--upgrade-env {key}: "):
        assignments([word], "--upgrade-env")
    assert assignments(["TITLE=my #1 shop"], "--env") == {"TITLE": "my #1 shop"}


@pytest.mark.parametrize("word", ["x", "=y", "x=", "x=/nowhere", "x=/", "x=" + "n" * 5000])
def test_a_secret_that_cannot_be_read_is_refused(word: str) -> None:
    with pytest.raises(UsageError, match="--secret"):
        read_given([word])


def test_a_secret_is_read_as_it_is(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"\x00\xffvalue=with\n")
    assert read_given([f"client_secret={file}"]) == {"client_secret": b"\x00\xffvalue=with\n"}
    file.write_bytes(b"")
    with pytest.raises(UsageError, match="no bytes are no secret"):
        read_given([f"client_secret={file}"])


def test_a_secret_has_fewer_bytes_than_swarm_takes(tmp_path: Path) -> None:
    file = tmp_path / "token"
    file.write_bytes(b"x" * (500 * 1024 - 1))
    assert len(read_given([f"token={file}"])["token"]) == 500 * 1024 - 1
    file.write_bytes(b"x" * 500 * 1024)
    with pytest.raises(UsageError, match="too many bytes are no secret"):
        read_given([f"token={file}"])
