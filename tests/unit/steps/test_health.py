import pytest

from ccci.errors import UsageError
from ccci.steps import health
from ccci.steps.health import Health


def test_nothing_is_asked_unless_somebody_says_so() -> None:
    assert health.wanted(None, "", {}) is None
    assert health.wanted(None, "200", {}) is None


def test_the_option_goes_before_the_recipes_label() -> None:
    labels = {"ccci.health-path": "/label", "ccci.health-status": "204"}
    assert health.wanted(None, "", labels) == Health("/label", frozenset({204}))
    assert health.wanted("/option", "", labels) == Health("/option", frozenset({204}))
    assert health.wanted("/option", "200, 302", {}) == Health("/option", frozenset({200, 302}))
    assert health.wanted("/x", "", {}) == Health("/x", frozenset({200, 301, 302}))


@pytest.mark.parametrize(
    ("path", "statuses"),
    [("status", ""), ("http://x/", ""), ("/a b", ""), ("/x", "ok"), ("/x", "99"), ("/x", "200,")],
)
def test_what_is_no_path_or_status_is_refused(path: str, statuses: str) -> None:
    with pytest.raises(UsageError, match="--health-"):
        health.wanted(path, statuses, {})


def test_the_port_is_the_one_that_traefik_is_told() -> None:
    labels = {"traefik.http.services.demo.loadbalancer.server.port": "3000"}
    published = {"Ports": [{"TargetPort": 8080, "PublishedPort": 80}]}
    assert health._port({"Spec": {"Labels": labels}, "Endpoint": published}) == 3000
    assert health._port({"Spec": {"Labels": None}, "Endpoint": published}) == 8080
    assert health._port({"Spec": {}}) == 80
