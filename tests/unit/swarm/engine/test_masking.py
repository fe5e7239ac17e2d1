from typing import Any

from ccci.swarm.engine.masking import secrets_in, without_secrets


def clean(raw: object, *secrets: str) -> Any:
    return without_secrets(raw, secrets, lambda value: f"<{len(value)}>")


def test_secrets_are_values_of_names_that_sound_so_and_passwords_in_urls() -> None:
    environment = [
        "DB_PASSWORD=hunter22",
        "URL=postgres://me:swordfish@db/x",
        "DB_PASSWORD_FILE=/run/secrets/db",
        "TOKEN=short",
        "DOMAIN=example.org",
        "EMPTY",
    ]
    assert secrets_in(environment) == {"hunter22", "swordfish"}


def test_every_value_of_an_environment_is_hidden() -> None:
    raw = {"ContainerSpec": {"Env": ["A=bc", "B=", "C"], "Image": "x:1"}}
    assert clean(raw) == {"ContainerSpec": {"Env": ["A=<2>", "B=", "C"], "Image": "x:1"}}


def test_a_secret_is_hidden_wherever_it_stands_the_longest_first() -> None:
    raw = {"Status": {"Err": "no hunter2234 and no hunter22"}, "n": [1, None, True, "hunter22"]}
    assert clean(raw, "hunter22", "hunter2234", "no") == {
        "Status": {"Err": "no <10> and no <8>"},
        "n": [1, None, True, "<8>"],
    }


def test_labels_that_sound_secret_are_hidden_and_others_kept() -> None:
    raw = {"Labels": {"api_token": "abc", "coop-cloud.x.version": "1", "secret": ""}}
    assert clean(raw) == {"Labels": {"api_token": "<3>", "coop-cloud.x.version": "1", "secret": ""}}


def test_flags_that_sound_secret_are_hidden_in_every_command() -> None:
    for key in ("Args", "Command", "Test", "argv"):
        words = ["run", "--password", "a1", "--token=b22", "--name=c", "--secret", "--x", "-v"]
        hidden = ["run", "--password", "<2>", "--token=<3>", "--name=c", "--secret", "--x", "-v"]
        assert clean({key: words}) == {key: hidden}


def test_a_secret_in_a_key_is_hidden_and_no_entry_is_lost() -> None:
    raw = {"Spec": {"Labels": {"a-hunter22": "x", "a-hunter23": "y", "swordfish": "z"}}}
    assert clean(raw, "hunter22", "hunter23", "swordfish") == {
        "Spec": {"Labels": {"a-<8>": "x", "a-<8> (2)": "y", "<9>": "z"}}
    }
    assert clean({"Odd": {"hunter22": 1}}, "hunter22") == {"Odd": {"<8>": 1}}
    assert clean({"Spec": {"Status": "Status"}}, "Status") == {"Spec": {"Status": "<6>"}}
