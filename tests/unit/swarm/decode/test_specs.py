"""What a spec says of the containers of its tasks, whatever it says."""

from typing import Any

import pytest

from ccci.swarm.decode.specs import spec
from ccci.swarm.model import Container


def container(**said: Any) -> Container:
    return spec({"TaskTemplate": {"ContainerSpec": said}}).container


def test_what_tasks_start_is_read_without_a_value_of_a_variable() -> None:
    assert container(
        Image="r.example/shop:2",
        Command=["/run.sh"],
        Args=["serve"],
        User="app",
        Dir="/srv",
        Env=["HOST=secret", "FLAG"],
        Secrets=[{"SecretName": "s", "File": {"Name": "/run/secrets/s"}}],
        Configs=[{"ConfigName": "c", "File": {"Name": "/etc/c"}}, {"ConfigName": "none"}],
        Healthcheck={"Test": ["CMD", "true"]},
    ) == Container(
        "r.example/shop:2",
        ("/run.sh",),
        ("serve",),
        "app",
        "/srv",
        ("HOST", "FLAG"),
        ("/run/secrets/s", "/etc/c"),
        ("CMD", "true"),
    )


@pytest.mark.parametrize("key", ["Command", "Args", "User", "Dir", "Secrets", "Configs"])
@pytest.mark.parametrize("odd", [None, 7, "", {}, [None], [[]], {"a": None}])
def test_an_odd_word_of_what_tasks_start_spoils_no_look(key: str, odd: Any) -> None:
    found = container(**{"Image": "x", key: odd})
    assert found.image == "x"
    assert (found.user, found.folder, found.files) == ("", "", ())
