"""The line by which somebody tries by hand what died: true, whole, and without a secret."""

import re
import shlex
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.sandbox.rollouts import spec

from ccci.report.layout import Row, laid_out
from ccci.swarm.decode.specs import spec as decoded
from ccci.swarm.judge.next_steps.by_hand import asked_by_hand, started_by_hand
from ccci.swarm.judge.next_steps.situation import Situation
from ccci.swarm.model import CauseCode, Evidence, Spec

SHELL = ["docker", "run", "--rm", "-it", "--entrypoint", "sh", "r.example/shop:2"]


def made(**container: Any) -> Spec:
    container = {"Image": "r.example/shop:2", **container}
    return decoded({"TaskTemplate": {"ContainerSpec": container}})


def now(asked: Spec | None, evidence: Evidence | None = None) -> Situation:
    return Situation(CauseCode.EXIT_NONZERO, spec=asked, evidence=evidence, node="node2")


def started(**container: Any) -> str:
    return started_by_hand(now(made(**container)))


def lines_in(hint: str) -> list[list[str]]:
    return [shlex.split(line) for line in re.findall(r"`(docker [^`]*)`", hint)]


def test_an_image_s_own_command_is_started_as_it_is() -> None:
    assert started() == "start it by hand: `docker run --rm -it r.example/shop:2`"


def test_the_spec_s_entrypoint_command_user_and_folder_are_in_the_line() -> None:
    hint = started(Command=["/run.sh", "-v"], Args=["a b", "it's"], User="app", Dir="/srv")
    assert lines_in(hint) == [
        [
            *("docker", "run", "--rm", "-it", "--user", "app", "--workdir", "/srv"),
            *("--entrypoint", "/run.sh", "r.example/shop:2", "-v", "a b", "it's"),
        ]
    ]


def test_a_variable_is_named_and_its_value_never_told() -> None:
    hint = started(Env=["DB_HOST=database.example", "FLAG"])
    assert "-e DB_HOST -e FLAG" in hint
    assert hint.endswith("; set DB_HOST, FLAG in your shell first")
    assert "example:" not in hint.replace("r.example", "")
    assert "database" not in hint


def test_many_variables_are_counted() -> None:
    hint = started(Env=[f"NAME_{number}=x" for number in range(23)])
    assert hint.endswith("; give it its 23 variables (`-e NAME`)")


def test_what_a_container_by_hand_lacks_is_named() -> None:
    hint = started(
        Secrets=[{"SecretName": "shop_key_v1", "File": {"Name": "key"}}],
        Mounts=[{"Type": "volume", "Source": "data", "Target": "/data"}],
    )
    assert hint.endswith("; there it lacks key, /data")


def test_of_many_things_that_it_lacks_two_are_named() -> None:
    configs = [{"ConfigName": "c", "File": {"Name": f"/c{number}"}} for number in range(9)]
    assert started(Configs=configs).endswith("; there it lacks /c0, /c1, 7 more")


def test_a_program_that_a_config_brings_is_not_looked_for_in_the_image() -> None:
    hint = started(Command=["/entry.sh"], Configs=[{"File": {"Name": "/entry.sh"}}])
    assert lines_in(hint) == [SHELL]
    assert "`entrypoint`" in hint


@pytest.mark.parametrize(
    "words",
    [
        ["redis-server", "--requirepass", "sesame"],
        ["mysql", "-psesame"],
        ["redis-cli", "-a", "sesame"],
        ["sh", "-c", "PGPASSWORD=sesame psql"],
        ["app", "http://me:sesame@host"],
        ["app", "hunter22"],
        ["app", "masked:0123456789ab"],
        ["app", "***"],
        ["app", "x" * 121],
        ["app", "a`b"],
        ["app", "two\nlines"],
        ["app", "\x1b[31mred"],
        ["app", "\u202eleft"],
        ["app", "##[command]x"],
    ],
)
def test_words_that_may_be_secret_or_harmful_are_not_told(words: list[str]) -> None:
    hint = started(Args=words)
    assert lines_in(hint) == [SHELL]
    assert not any(word in hint for word in words[1:])
    assert "sesame" not in hint


@pytest.mark.parametrize("image", ["", "-v", "shop:2; reboot", "a`b", "$(reboot)", "x" * 300])
def test_of_an_image_that_is_no_image_s_name_there_is_no_line(image: str) -> None:
    assert not started(Image=image)


def test_of_a_spec_that_was_not_kept_there_is_no_line() -> None:
    assert not started_by_hand(now(spec("head")))
    assert not started_by_hand(now(None))
    assert not asked_by_hand(now(None))


def test_a_task_of_another_node_is_tried_there() -> None:
    hint = started_by_hand(now(made(), Evidence("t", local=False)))
    assert hint.startswith("start it by hand on node2: ")


@pytest.mark.parametrize(
    ("test", "question"),
    [
        (["CMD-SHELL", "curl -f localhost"], ["sh", "-c", "curl -f localhost"]),
        (["CMD", "curl", "-f", "localhost"], ["curl", "-f", "localhost"]),
    ],
)
def test_a_check_is_asked_in_the_container(test: list[str], question: list[str]) -> None:
    hint = asked_by_hand(now(made(Args=["serve"], Healthcheck={"Test": test})))
    assert lines_in(hint) == [
        ["docker", "run", "--rm", "-d", "--name", "by-hand", "r.example/shop:2", "serve"],
        ["docker", "exec", "by-hand", *question],
    ]


def test_an_image_s_own_check_is_read() -> None:
    _, asked = lines_in(asked_by_hand(now(made())))
    assert asked == ["docker", "inspect", "--format", "{{json .State.Health}}", "by-hand"]


def test_a_check_that_may_hold_a_password_is_named_alone() -> None:
    test = ["CMD-SHELL", "mysqladmin ping -psesame"]
    hint = asked_by_hand(now(made(Healthcheck={"Test": test})))
    assert lines_in(hint) == [SHELL]
    assert "`test`" in hint
    assert "sesame" not in hint


WORDS = st.lists(st.text(max_size=30), max_size=4)


@given(command=WORDS, args=WORDS, user=st.text(max_size=30), variables=WORDS)
def test_whatever_a_stranger_wrote_stays_a_word_of_one_line(
    command: list[str], args: list[str], user: str, variables: list[str]
) -> None:
    hint = started(Command=command, Args=args, User=user, Env=variables)
    assert hint.isprintable()
    assert len(hint) < 700
    (line,) = lines_in(hint)
    assert line[:4] == SHELL[:4]
    told = line[line.index("r.example/shop:2") + 1 :]
    assert told in ([*command[1:], *args] if command else args, [])


@given(args=st.lists(st.text(" abc'\"\\$;", max_size=30), max_size=4), width=st.integers(20, 120))
def test_a_line_is_pasted_as_it_was_meant_whatever_the_terminal_s_width(
    args: list[str], width: int
) -> None:
    hint = started(Args=args)
    (line,) = re.findall(r"`(docker [^`]*)`", hint)
    shown = "\n".join(map(str, laid_out([Row("  next     ", hint, hang=11)], width)))
    (pasted,) = re.findall(r"`(docker [^`]*)`", shown)
    assert shlex.split(pasted.replace("\\\n", "")) == shlex.split(line)
