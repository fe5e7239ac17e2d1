"""The HTML page: what stands on it, that it is whole, and that nobody's text breaks out of it.

The golden pages are written anew with `CCCI_TEST_WRITE_GOLDEN=1`; look at them in a browser.
"""

import os
import re
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from support import recordings
from support.examples import examples
from support.hostile_texts import TEXTS
from support.page_reader import PageReader

from ccci.exits import Verdict
from ccci.report.model import Report, ServiceReport, Status, Step
from ccci.report.page.axis import Axis, scale, ticks
from ccci.report.page.lane import in_words
from ccci.report.page.style import DARK, LIGHT
from ccci.report.page.whole import page
from ccci.report.parts import Check, Difference, EngineOf, Health, RunFolder
from ccci.report.timeline import Bar, Lane, Mark, Side, Timeline
from ccci.swarm.model import Cause, CauseCode, Sample, Transition

NAMES = [path.stem for path in recordings.EVERY]
GOLDEN = Path(__file__).parent / "golden" / "pages"
MEMORY = "killed-beside-the-old-task"


def recorded(name: str) -> Report:
    return recordings.reopened(recordings.recorded(name))


def made(report: Report) -> str:
    return page(report)


def of_thirty(failing: int) -> Report:
    """Return a report of thirty services, so many of which were killed."""
    bad = recorded(MEMORY)
    app, db = bad.services
    services, lanes = [], []
    for number in range(30):
        source = app if number < failing else replace(db, verdict=Verdict.CONVERGED)
        lane = bad.timeline.of(source.name)
        assert lane is not None
        name = f"worker-{number:02}"
        services.append(replace(source, name=name))
        lanes.append(replace(lane, service=name))
    summary = "30 services: all run what was asked, and stayed so"
    return replace(
        bad,
        verdict=bad.verdict if failing else Verdict.CONVERGED,
        summary=bad.summary.replace("rolled app", "rolled worker-00") if failing else summary,
        services=tuple(services),
        timeline=replace(bad.timeline, lanes=tuple(lanes)),
    )


def of_an_upgrade() -> Report:
    """Return the report of an upgrade, with all that it has beside its services."""
    return replace(
        recorded("unhealthy"),
        command="upgrade",
        target="shop.example",
        deployer="stack",
        started_at="2026-11-23T22:25:00.123Z",
        finished_at="2026-11-23T22:25:31.456Z",
        duration_seconds=31.3,
        steps=(
            Step("base deploy", Status.PASSED, 12.0),
            Step("head deploy", Status.FAILED, 9.0, "rolled-back"),
        ),
        notes=("an old task still stops beside the new one",),
        ccci="0.1.0",
        host="runner",
        engine=EngineOf("unix:///var/run/docker.sock", "28.2.2"),
        run=RunFolder("20261123-220000-c63760", "/var/lib/ccci/runs/20261123-220000-c63760"),
    )


MADE: dict[str, Callable[[], Report]] = {
    MEMORY: lambda: recorded(MEMORY),
    "image-missing": lambda: recorded("image-missing"),
    "stop-first": lambda: recorded("stop-first"),
    "upgrade-unhealthy": of_an_upgrade,
    "thirty-of-which-two-failed": partial(of_thirty, 2),
    "nothing-followed": lambda: Report("upgrade", Verdict.UNABLE, "no Engine", hint="start one"),
}


@pytest.mark.parametrize("name", MADE)
def test_a_page_is_as_it_was_looked_at(name: str) -> None:
    told = made(MADE[name]())
    path = GOLDEN / f"{name}.html"
    if os.environ.get("CCCI_TEST_WRITE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(told, encoding="utf-8")
    assert told == path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_every_recording_makes_a_page_that_is_whole_and_asks_for_nothing(name: str) -> None:
    whole = made(recorded(name))
    read = PageReader(whole)
    assert {each.name for each in read.elements} <= ELEMENTS
    assert not {"src", "href", "onload", "action"} & set().union(
        *(each.attributes for each in read.elements)
    )
    (policy,) = [
        each.attributes["content"]
        for each in read.named("meta")
        if each.attributes.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy is not None
    assert policy.startswith("default-src 'none'; style-src 'unsafe-inline'")
    assert "url(" not in whole
    assert len(whole) < 60_000
    for each in recorded(name).services:
        assert each.name in whole


ELEMENTS = {
    *("html", "head", "meta", "title", "style", "body", "header", "main", "footer", "article"),
    *("h1", "h2", "h3", "p", "b", "span", "div", "code", "pre", "dl", "dt", "dd", "ul", "ol", "li"),
    *("details", "summary", "table", "thead", "tbody", "tr", "th", "td", "figure"),
    *("svg", "rect", "line", "circle", "path", "text"),
}


@pytest.mark.parametrize("name", NAMES)
def test_each_picture_has_its_text(name: str) -> None:
    read = PageReader(made(recorded(name)))
    for each in read.elements:
        if each.attributes.get("role") in {"img", "region"}:
            assert each.attributes.get("aria-label")
    hidden = [each for each in read.named("svg") if each.attributes.get("aria-hidden") == "true"]
    labelled = [each for each in read.elements if each.attributes.get("role") == "img"]
    assert len(hidden) + len(labelled) <= len(read.elements)
    for lane in recorded(name).timeline.lanes:
        assert any(each.attributes.get("aria-label") == in_words(lane) for each in labelled)


def test_what_failed_stands_first_and_each_fact_once() -> None:
    read = PageReader(made(of_thirty(2)))
    words = read.named("body")[0].text
    assert words.index("worker-01") < words.index("worker-02")
    (first, _second) = read.named("article")
    assert "✕ rolled-back" in first.text
    assert "2 of 30 failed" in words
    assert [each.text for each in read.named("h2")] == ["What failed", "28 services passed"]
    head = words[: words.index("The story as plain text")]
    assert head.count("precompiling assets") == 2
    told = [each.text for each in read.named("dd") if "was killed, out of memory" in each.text]
    assert len(told) == 2
    assert read.named("h1")[0].text == "Swarm rolled worker-00 back: oom-killed"
    (step,) = [each for each in read.named("p") if each.attributes.get("class") == "next"]
    codes = [each.text for each in read.named("code") if each.text in step.text]
    assert codes == ["deploy.resources.limits.memory", "update_config: order: stop-first"]


def test_memory_stands_against_its_limits_with_its_numbers() -> None:
    report = recorded(MEMORY)
    read = PageReader(made(report))
    (told,) = [
        each.attributes["aria-label"]
        for each in read.named("svg")
        if (each.attributes.get("aria-label") or "").startswith("Memory on node1: ")
    ]
    assert told is not None
    assert "side by side" in told
    texts = [each.text for each in read.named("text")]
    assert "limit of new: 32 MiB" in texts
    assert "limit of old: 64 MiB" in texts
    kinds = [each.attributes.get("class") for each in read.named("path")]
    assert sorted(filter(None, kinds)) == ["held-both", "held-new", "held-old", "held-old"]


def test_a_node_that_was_nearly_full_is_a_line_as_well() -> None:
    report = recorded(MEMORY)
    app, db = report.services
    assert app.memory is not None
    small = replace(app, memory=replace(app.memory, node_bytes=50 * 2**20))
    told = made(replace(report, services=(small, db)))
    assert "all of node1: 50 MiB" in told


def test_memory_of_what_came_through_unfolds_where_old_and_new_met() -> None:
    report = recorded(MEMORY)
    app, db = (replace(each, verdict=Verdict.CONVERGED, cause=None) for each in report.services)
    read = PageReader(made(replace(report, verdict=Verdict.CONVERGED, services=(app, db))))
    (summary,) = [each for each in read.named("summary") if each.text.startswith("memory")]
    assert "side by side" in summary.text


def test_what_was_dropped_has_its_name() -> None:
    words = PageReader(made(recorded("dropped-added-empty"))).named("main")[0].text
    assert "dropped is not there any more" in words


def test_steps_notes_files_and_the_machine_are_told() -> None:
    words = PageReader(made(of_an_upgrade())).named("body")[0].text
    for each in (
        *("head deploy", "an old task still stops", "/var/lib/ccci/runs/20261123-220000-c63760"),
        *("28.2.2 at unix:///var/run/docker.sock", "2026-11-23 22:25:00 to 22:25:31 UTC, 31 s"),
        *("exit code10", "deployerstack"),
    ):
        assert each in words


def test_checks_of_a_machine_have_a_page_as_well() -> None:
    checks = (Check("swarm", Health.MISSING, "this node is no manager", "docker swarm init"),)
    words = PageReader(made(Report("doctor", Verdict.UNABLE, "no", checks=checks)))
    assert "docker swarm init" in words.named("table")[0].text


def hostile(text: str) -> Report:
    """Return a report in which every text is this one."""
    at = "2026-11-26T10:00:00.000Z"
    states = (Transition(at, "running"), Transition(at, text))
    samples = (Sample(at, 5), Sample(text, 7))
    bars = tuple(
        Bar(text, text, text, side, at, states, at, died, CauseCode.OOM_KILLED, text, 1, 9, samples)
        for side in Side
        for died in (True, False)
    )
    lane = Lane(text, bars, (Mark(at, text, exact=True),), Verdict.ROLLED_BACK, at)
    cause = Cause(CauseCode.EXIT_NONZERO, text, f"{text}`{text}`", text, 1, (text,), (text,), text)
    app = recorded(MEMORY).services[0]
    service = replace(
        app,
        name=text,
        detail=text,
        runs=text,
        cause=replace(cause, incomplete=text),
        changed=(Difference(text, text, text),),
        memory=replace(app.memory, node=text) if app.memory else None,
        tasks=tuple(replace(each, id=text, node=text, error=text) for each in app.tasks),
    )
    fine = ServiceReport(text, text, Verdict.CONVERGED, text)
    return Report(
        text,
        Verdict.ROLLED_BACK,
        text,
        target=text,
        stack=text,
        deployer=text,
        started_at=text,
        finished_at=text,
        services=(service, fine),
        steps=(Step(text, Status.FAILED, 1.0, text),),
        hint="",
        notes=(text,),
        ccci=text,
        host=text,
        engine=EngineOf(text, text),
        run=RunFolder(text, text),
        checks=(Check(text, Health.OK, text, text),),
        timeline=Timeline(at, "2026-11-26T10:00:09.000Z", (lane,), ((text, 5),)),
    )


SKELETON = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069]")


@given(TEXTS)
@settings(max_examples=examples(200))
def test_nobodys_text_becomes_part_of_the_page(text: str) -> None:
    told = made(hostile(text))
    read = PageReader(told)
    assert {each.name for each in read.elements} <= ELEMENTS
    assert set().union(*(each.attributes for each in read.elements)) <= ATTRIBUTES
    assert not SKELETON.search(told)
    told.encode()


ATTRIBUTES = {
    *("lang", "charset", "http-equiv", "content", "name", "class", "role", "aria-label", "scope"),
    *("aria-hidden", "tabindex", "width", "height", "viewbox", "preserveaspectratio", "x", "y"),
    *("x1", "x2", "y1", "y2", "cx", "cy", "r", "rx", "d", "dx", "text-anchor"),
}


@pytest.mark.slow
@pytest.mark.parametrize("text", ["", "x" * 100_000, "`", "`" * 999, "a`b"])
def test_odd_texts_are_bounded(text: str) -> None:
    assert len(made(hostile(text))) < 120_000


@pytest.mark.slow
def test_very_many_services_make_a_page_that_a_browser_can_show() -> None:
    report = of_thirty(0)
    many = tuple(replace(report.services[0], name=f"s-{number}") for number in range(1500))
    bad = recorded(MEMORY).services[0]
    failed = tuple(replace(bad, name=f"bad-{number}") for number in range(1500))
    told = made(replace(report, services=(*many, *failed)))
    assert len(told) < 1_000_000
    assert "1460 more failed: bad-40" in told


def luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (
        each / 12.92 if each <= 0.04045 else ((each + 0.055) / 1.055) ** 2.4 for each in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.parametrize("palette", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize("ground", ["paper", "panel"])
@pytest.mark.parametrize("ink", ["ink", "quiet", "bad", "good", "odd", "new", "old"])
def test_words_can_be_read_on_their_ground(palette: Any, ground: str, ink: str) -> None:
    bright, dark = sorted((luminance(palette[ink]), luminance(palette[ground])), reverse=True)
    assert (bright + 0.05) / (dark + 0.05) >= 4.5


@given(st.floats(0, 4e9), st.floats(1, 1e6))
def test_times_below_a_picture_are_few_round_and_inside(begin: float, span: float) -> None:
    axis = Axis(begin, begin + span)
    found = list(ticks(axis))
    assert len(found) <= 10
    assert all(axis.begin <= each <= axis.end for each in found)
    assert scale(axis).startswith("<svg")


def test_what_lies_outside_of_the_picture_is_drawn_at_its_edge() -> None:
    axis = Axis(100.0, 200.0)
    assert axis.place("1970-01-01T00:00:10Z") == 0.0
    assert axis.place("1970-01-01T01:00:00Z") == 100.0
    assert axis.place("1970-01-01T00:02:30Z") == 50.0
    assert axis.place("nonsense") == axis.place(None) == 0.0


def test_a_lane_without_a_judgement_is_not_told_as_a_service_that_is_gone() -> None:
    whole = recorded("oom")
    told = made(replace(whole, services=(), verdict=Verdict.INTERRUPTED))
    assert "is not there any more" not in told
    assert "was not judged" in told
    assert "is not there any more" in made(recorded("dropped-added-empty"))


def test_an_interrupted_service_did_not_fail_and_a_pass_cut_short_has_no_tick() -> None:
    waiting = ServiceReport("app", "a", Verdict.INTERRUPTED, "updating")
    told = made(Report("upgrade", Verdict.INTERRUPTED, "x", services=(waiting,)))
    assert "1 of 1 failed" not in told
    assert "What is undecided" in told
    assert "✓ converged" not in made(Report("upgrade", Verdict.CONVERGED, "x", signal=15))
