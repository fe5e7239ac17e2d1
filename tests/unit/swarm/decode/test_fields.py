"""In which fields two specs differ is told of any JSON, a secret's value never."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st
from support.any_json import JSON

from ccci.swarm.decode.fields import Field, differing

KEYS = st.sampled_from(
    ["ConfigName", "SecretName", "File", "Name", "Mode", "UID", "Type", "Source", "Target", "Env"]
)
ITEMS = st.lists(JSON | st.dictionaries(KEYS, JSON, max_size=4), max_size=3)
CONTAINERS = st.dictionaries(
    st.sampled_from(["Env", "Configs", "Secrets", "Mounts", "Image"]), ITEMS | JSON, max_size=4
)
SPECS = st.builds(
    lambda container, rest: {**rest, "TaskTemplate": {"ContainerSpec": container}},
    CONTAINERS,
    st.dictionaries(KEYS, JSON, max_size=3),
)


@given(SPECS, SPECS)
def test_any_two_objects_differ_in_fields_of_text(before: Any, after: Any) -> None:
    assert differing(before, before) == ()
    for field in differing(before, after):
        assert isinstance(field.path, str)
        assert isinstance(field.before, str)
        assert isinstance(field.after, str)


def container(**keys: Any) -> Any:
    return {"TaskTemplate": {"ContainerSpec": keys}}


def test_what_stands_elsewhere_under_the_name_of_a_list_is_told_as_it_stands() -> None:
    found = differing({"Configs": []}, {"Configs": [None]})
    assert found == (Field("Configs", "[]", "[null]"),)


def test_the_file_of_a_config_is_told_by_where_it_stands() -> None:
    def told(mode: Any) -> Any:
        at = {"Name": "/etc/app", "UID": "0", "GID": "0", "Mode": mode}
        return container(Configs=[{"ConfigName": "app_v1", "File": at}])

    assert differing(told(0o444), told("444")) == (
        Field("Configs./etc/app", "app_v1 (0:0 444)", "app_v1 (0:0 0)"),
    )
