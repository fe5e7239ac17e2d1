import pytest

from ccci.recipe.base import Base
from ccci.steps.deployed import deployed_base


def service(**labels: str) -> dict[str, object]:
    ours = {f"coop-cloud.demo.{key.replace('_', '-')}": text for key, text in labels.items()}
    return {"ID": "a", "Spec": {"Labels": {"com.docker.stack.namespace": "demo", **ours}}}


@pytest.mark.parametrize(
    ("services", "base"),
    [
        ([], None),
        ([service()], Base("", None)),
        ([service(version="1.0.0+2")], Base("", "1.0.0+2")),
        ([service(), service(chaos_version="deadbeef+U", chaos="true")], Base("deadbeef", None)),
        (
            [service(chaos_version="deadbeef", chaos="false", version="1.0.0+2")],
            Base("", "1.0.0+2"),
        ),
        ([{"ID": "a", "Spec": {"Labels": None}}], Base("", None)),
    ],
)
def test_what_is_deployed_is_read_as_every_label_of_a_service(
    services: list[dict[str, object]], base: Base | None
) -> None:
    assert deployed_base(services) == base
