import hashlib
import json
from pathlib import Path

import pytest

from ccci.errors import EngineUnavailable
from ccci.swarm.engine.endpoint import DEFAULT_HOST, choose


@pytest.fixture
def home(tmp_path: Path) -> Path:
    (tmp_path / ".docker").mkdir()
    return tmp_path


def context(home: Path, name: str, host: str, *, skip: bool = False) -> Path:
    digest = hashlib.sha256(name.encode()).hexdigest()
    meta = home / ".docker" / "contexts" / "meta" / digest
    meta.mkdir(parents=True)
    endpoint = {"Host": host, "SkipTLSVerify": skip}
    known = {"Name": name, "Metadata": {}, "Endpoints": {"docker": endpoint}}
    (meta / "meta.json").write_text(json.dumps(known))
    return home / ".docker" / "contexts" / "tls" / digest / "docker"


def current(home: Path, text: str) -> None:
    (home / ".docker" / "config.json").write_text(text)


def test_without_a_word_it_is_the_default_socket(home: Path) -> None:
    found = choose({"HOME": str(home)})
    assert found.host == DEFAULT_HOST
    assert found.environment == {"DOCKER_HOST": DEFAULT_HOST}


def test_docker_host_wins_over_everything(home: Path) -> None:
    context(home, "far", "tcp://far:2375")
    current(home, '{"currentContext": "far"}')
    environ = {"HOME": str(home), "DOCKER_HOST": "unix:///x.sock", "DOCKER_CONTEXT": "far"}
    found = choose(environ)
    assert found.host == "unix:///x.sock"
    assert found.environment == {"DOCKER_HOST": "unix:///x.sock"}


def test_docker_context_wins_over_the_current_one(home: Path) -> None:
    context(home, "far", "tcp://far:2375")
    context(home, "near", "ssh://me@near")
    current(home, '{"currentContext": "near"}')
    found = choose({"HOME": str(home), "DOCKER_CONTEXT": "far"})
    assert found.host == "tcp://far:2375"
    assert found.environment == {"DOCKER_CONTEXT": "far"}
    assert choose({"HOME": str(home)}).host == "ssh://me@near"
    assert choose({"HOME": str(home), "DOCKER_CONTEXT": "default"}).host == DEFAULT_HOST


def test_the_config_may_be_elsewhere(home: Path) -> None:
    context(home, "far", "tcp://far:2375")
    current(home, '{"currentContext": "far"}')
    assert choose({"DOCKER_CONFIG": str(home / ".docker")}).host == "tcp://far:2375"


@pytest.mark.parametrize("text", ["", "{", "[]", '{"currentContext": 3}'])
def test_a_config_that_makes_no_sense_names_no_context(home: Path, text: str) -> None:
    current(home, text)
    assert choose({"HOME": str(home)}).host == DEFAULT_HOST


def test_tls_is_asked_for_by_variables(home: Path) -> None:
    for name in ("ca", "cert", "key"):
        (home / f"{name}.pem").write_text("x")
    environ = {
        "DOCKER_HOST": "tcp://far:2376",
        "DOCKER_TLS_VERIFY": "1",
        "DOCKER_CERT_PATH": str(home),
    }
    found = choose(environ)
    assert found.tls
    assert found.verify
    assert (found.ca, found.certificate, found.key) == (
        home / "ca.pem",
        home / "cert.pem",
        home / "key.pem",
    )
    assert found.environment == environ
    unverified = choose({**environ, "DOCKER_TLS_VERIFY": "", "DOCKER_TLS": "1"})
    assert unverified.tls
    assert not unverified.verify
    assert not choose({"DOCKER_HOST": "tcp://far:2375"}).tls


def test_a_context_brings_its_certificates(home: Path) -> None:
    certificates = context(home, "far", "tcp://far:2376", skip=True)
    certificates.mkdir(parents=True)
    (certificates / "ca.pem").write_text("x")
    found = choose({"HOME": str(home), "DOCKER_CONTEXT": "far"})
    assert found.tls
    assert not found.verify
    assert found.ca == certificates / "ca.pem"
    assert found.key is None


def test_a_context_that_is_not_there_is_said(home: Path) -> None:
    with pytest.raises(EngineUnavailable, match="the docker context far does not exist") as refused:
        choose({"HOME": str(home), "DOCKER_CONTEXT": "far"})
    assert "docker context ls" in refused.value.hint


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"Endpoints": {"docker": 3}}'])
def test_a_context_that_cannot_be_read_is_said(home: Path, text: str) -> None:
    context(home, "far", "tcp://far:2375")
    (meta,) = home.rglob("meta.json")
    meta.write_text(text)
    with pytest.raises(EngineUnavailable, match="the docker context far cannot be read"):
        choose({"HOME": str(home), "DOCKER_CONTEXT": "far"})
