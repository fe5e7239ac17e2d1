"""What an Engine stores of a spec depends on its age, and on that of the request."""

from typing import Any

import pytest

from ccci.planning.recording_engine.dropped_fields import kept

Json = dict[str, Any]


def spec(**container: Any) -> Json:
    return {"Name": "s_web", "TaskTemplate": {"ContainerSpec": {"Image": "box:1", **container}}}


def mounted(*mounts: Json) -> Json:
    return spec(Mounts=list(mounts))


@pytest.mark.parametrize(
    ("request_version", "engine", "told"),
    [
        ("1.41", "1.41", ("Healthcheck.StartInterval",)),
        ("1.43", "1.51", ("Healthcheck.StartInterval",)),
        ("1.44", "1.51", ()),
        ("", "1.43", ("Healthcheck.StartInterval",)),
        ("", "1.51", ()),
    ],
)
def test_a_field_counts_from_the_version_on_that_brought_it(
    request_version: str, engine: str, told: tuple[str, ...]
) -> None:
    sent = spec(Healthcheck={"Test": ["CMD", "true"], "StartInterval": 5})
    stored, said = kept(sent, request_version, engine)
    assert said == told
    assert stored == (spec(Healthcheck={"Test": ["CMD", "true"]}) if told else sent)


def test_what_the_engine_is_too_old_for_is_gone_in_every_mount_whatever_the_request() -> None:
    sub, plain = {"VolumeOptions": {"Subpath": "a", "NoCopy": True}}, {"Target": "/b"}
    old, said = kept(mounted(sub, plain, sub), "1.41", "1.41")
    assert said == ("Mounts.VolumeOptions.Subpath",)
    assert old == mounted(
        {"VolumeOptions": {"NoCopy": True}}, plain, {"VolumeOptions": {"NoCopy": True}}
    )
    assert kept(mounted(sub), "1.41", "1.45") == (mounted(sub), ())


def test_what_no_engine_keeps_is_gone_with_each() -> None:
    sent = mounted({"Type": "bind", "Consistency": "cached"})
    assert kept(sent, "1.51", "1.51") == (mounted({"Type": "bind"}), ("Mounts.Consistency",))


def test_a_field_that_says_nothing_is_not_told() -> None:
    sent = spec(Privileges={"NoNewPrivileges": False, "Seccomp": None}, OomScoreAdj=0)
    assert kept(sent, "1.41", "1.41") == (spec(Privileges={}), ())


@pytest.mark.parametrize("odd", [None, [], "text", 5, [["text"]], [{"VolumeOptions": [1]}]])
def test_a_spec_of_any_form_stays_what_it_is(odd: Any) -> None:
    assert kept(spec(Mounts=odd, Healthcheck=odd), "1.41", "1.41") == (
        spec(Mounts=odd, Healthcheck=odd),
        (),
    )
