"""JUnit XML: valid for those who check it, and read back by two readers of others."""

import io
import os
from functools import cache
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import junitparser
import pytest
import xmlschema
import xunitparser
from hypothesis import given
from support.forms import ALL, rendered
from support.hostile_reports import hostile, repeated
from support.hostile_texts import TEXTS

from ccci.exits import Verdict
from ccci.report.issues import failing
from ccci.report.model import Report, Status, Step

OURS = Path(__file__).parents[3] / "support" / "junit.xsd"


@cache
def schemas() -> tuple[Any, ...]:
    official = os.environ.get("CCCI_TEST_JUNIT_SCHEMA")
    return tuple(xmlschema.XMLSchema(str(path)) for path in (OURS, official) if path)


def checked(report: Report) -> str:
    told = rendered("junit", report)
    for schema in schemas():
        schema.validate(told)
    return told


@pytest.mark.parametrize("name", ALL)
def test_it_is_valid(name: str) -> None:
    checked(ALL[name]())


@given(TEXTS)
def test_it_is_valid_whatever_the_texts_are(text: str) -> None:
    checked(hostile(text))
    checked(repeated(hostile(text)))


@pytest.mark.parametrize("name", ALL)
def test_two_readers_find_in_it_what_the_report_says(name: str) -> None:
    report = ALL[name]()
    told = rendered("junit", report)
    first = [case for suite in junitparser.JUnitXml.fromstring(told.encode()) for case in suite]
    suite, result = xunitparser.parse(io.StringIO(told))
    second = list(suite)
    assert len(first) == len(second) == result.testsRun
    bad = [case for case in first if any(type(each) in BAD for each in case.result)]
    assert bool(bad) is (report.exit_code != 0)
    assert {(case.classname, case.name) for case in bad} == {
        (case.classname, case.methodname) for case in second if not case.good
    }
    for service in failing(report):
        (case,) = [case for case in bad if case.name == service.name][:1]
        assert case.result[0].type == (service.cause.code.value if service.cause else "removed")
        assert service.name in case.result[0].text


BAD = (junitparser.Failure, junitparser.Error)


def cases(report: Report) -> dict[str, ET.Element]:
    root = ET.fromstring(rendered("junit", report))  # noqa: S314 -- made by us
    return {str(case.get("name")): case for case in root.iter("testcase")}


def test_there_is_a_case_for_each_service_and_each_step() -> None:
    report = ALL["upgrade-rolled-back"]()
    names = [*(each.name for each in report.services), *(each.name for each in report.steps)]
    assert list(cases(report)) == names
    assert cases(report)["fetch"].get("time") == "4.000"
    failure = cases(report)["app"].find("failure")
    assert failure is not None
    assert failure.get("type") == "oom-killed"
    assert "eating" in (failure.text or "")
    assert "next" in (failure.text or "")


@pytest.mark.parametrize(
    ("name", "outcome", "kind"),
    [
        ("refused", "error", "usage"),
        ("unable", "error", "unable"),
        ("interrupted", "error", "interrupted"),
        ("done", None, None),
    ],
)
def test_a_run_of_which_no_case_tells_the_end_has_one_that_does(
    name: str, outcome: str | None, kind: str | None
) -> None:
    case = cases(ALL[name]())["verdict"]
    assert [each.tag for each in case] == ([outcome] if outcome else [])
    assert [each.get("type") for each in case] == ([kind] if kind else [])


def test_what_was_not_decided_or_not_done_is_skipped_and_no_failure() -> None:
    (service,) = ALL["interrupted"]().services
    assert [each.tag for each in cases(ALL["interrupted"]())[service.name]] == ["skipped"]
    assert [each.tag for each in cases(ALL["base-broken"]())["head deploy"]] == ["skipped"]


def test_attempts_are_suites_of_their_own() -> None:
    root = ET.fromstring(rendered("junit", ALL["repeated"]()))  # noqa: S314 -- made by us
    suites = root.findall("testsuite")
    assert [suite.get("name", "")[-10:] for suite in suites] == [
        "run 1 of 3", "run 2 of 3", "run 3 of 3",
    ]  # fmt: skip
    names = [(case.get("classname"), case.get("name")) for case in root.iter("testcase")]
    assert len(names) == len(set(names))
    assert root.get("tests") == str(len(names))


def test_services_of_one_name_are_told_apart() -> None:
    report = ALL["oom"]()
    twice = Report("converge", Verdict.ROLLED_BACK, "x", services=report.services * 2)
    assert list(cases(twice)) == ["app", "app (2)"]


def test_its_numbers_are_those_of_the_run() -> None:
    root = ET.fromstring(rendered("junit", ALL["finished"]()))  # noqa: S314 -- made by us
    suite = root[0]
    assert (suite.get("time"), suite.get("hostname")) == ("1234.568", "ci-1")
    assert suite.get("timestamp") == "2026-11-23T22:00:00"


@pytest.mark.parametrize(
    ("verdict", "outcome"),
    [
        *((each, "error") for each in (Verdict.UNABLE, Verdict.BUG, Verdict.DISTURBED)),
        *((each, "failure") for each in (Verdict.FAILED, Verdict.ROLLED_BACK)),
    ],
)
def test_a_step_that_stopped_a_run_which_judged_nothing_is_an_error(
    verdict: Verdict, outcome: str
) -> None:
    step = Step("fetch", Status.FAILED, 1.0, f"{verdict.value}: no way")
    (case,) = cases(Report("upgrade", verdict, "x", steps=(step,))).values()
    assert [(each.tag, each.get("type")) for each in case] == [(outcome, verdict.value)]


def test_a_pass_that_a_signal_cut_short_is_no_failure() -> None:
    (case,) = cases(Report("upgrade", Verdict.CONVERGED, "x", signal=15)).values()
    assert [(each.tag, each.get("type")) for each in case] == [("error", "interrupted")]
