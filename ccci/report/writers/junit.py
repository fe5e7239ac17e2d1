"""A report as JUnit XML: a case per step and per service, those of each attempt apart. Pure.

Written to the schema that Jenkins' xUnit plugin checks with (junit-10.xsd), which GitLab's and
Azure's readers take as well. A `failure` is the recipe's, an `error` says that it was not judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from xml.etree import ElementTree as ET

from ccci.exits import Verdict
from ccci.host import sanitizer
from ccci.report.issues import scope
from ccci.report.layout import laid_out
from ccci.report.model import RepeatedRun, Report, ServiceReport, Status, Step
from ccci.report.moments import seconds_between
from ccci.report.parts import Check, Health
from ccci.report.services_text import failed, with_words, words
from ccci.report.text import tell


@dataclass(frozen=True, slots=True)
class Case:
    """One test case; `outcome` is `failure`, `error`, `skipped`, or empty for one that passed."""

    group: str
    name: str
    outcome: str = ""
    kind: str = ""
    message: str = ""
    text: str = ""
    seconds: float | None = None


@dataclass(frozen=True, slots=True)
class Suite:
    """Cases that belong together, and what is printed beside them."""

    name: str
    cases: tuple[Case, ...]
    output: str = ""
    seconds: float | None = None
    began_at: str | None = None
    host: str | None = None


def write(report: Report) -> str:
    """Return the report as JUnit XML."""
    return document(f"ccci {report.command}", suites(report))


def suites(report: Report) -> list[Suite]:
    """Return the suites of a report: one, or one for each attempt."""
    group = ".".join(each for each in ("ccci", report.command, scope(report)) if each)
    if report.repeat is None:
        return [
            Suite(
                group,
                tuple(_cases(report, group)),
                tell(report),
                report.duration_seconds,
                report.started_at,
                report.host,
            )
        ]
    runs = report.repeat.runs
    return [
        Suite(
            f"{group}, run {number} of {len(runs)}",
            tuple(_cases(_alone(report, each), f"{group}.run {number}")),
            tell(report) if number == len(runs) else each.summary,
            host=report.host,
        )
        for number, each in enumerate(runs, start=1)
    ]


def _alone(report: Report, run: RepeatedRun) -> Report:
    """Return one attempt of several as a report of its own."""
    return Report(
        report.command,
        run.verdict,
        run.summary,
        target=report.target,
        stack=report.stack,
        services=run.services,
        steps=run.steps,
    )


def _cases(report: Report, group: str) -> Iterator[Case]:
    found = [_of_service(each, f"{group}.services") for each in report.services]
    found += [_of_step(each, f"{group}.steps", _wrong(report.outcome)) for each in report.steps]
    found += [_of_check(each, f"{group}.checks") for each in report.checks or ()]
    wrong = any(each.outcome in {"failure", "error"} for each in found)
    if not found or (report.exit_code and not wrong):
        yield _of_run(report, group)
    yield from found


def _of_run(report: Report, group: str) -> Case:
    """Return the verdict as a case: where nothing else would say it."""
    if report.exit_code == 0:
        return Case(group, "verdict", seconds=report.duration_seconds)
    outcome = _wrong(report.outcome)
    return Case(
        group,
        "verdict",
        outcome,
        report.outcome.value,
        report.summary,
        tell(report),
        report.duration_seconds,
    )


def _wrong(verdict: Verdict) -> str:
    return "failure" if verdict.says_something else "error"


def _of_step(step: Step, group: str, wrong: str) -> Case:
    outcome = {Status.FAILED: wrong, Status.SKIPPED: "skipped"}.get(step.status, "")
    reason = step.reason if outcome else ""
    kind, joint, _ = step.reason.partition(": ")
    known = joint and kind in set(Verdict)
    return Case(
        group,
        step.name,
        outcome,
        (kind if known else "failed") if outcome == wrong else "",
        reason,
        reason if outcome == wrong else "",
        step.seconds,
    )


def _of_check(check: Check, group: str) -> Case:
    """Return a check of the machine: what is missing keeps a run from judging, and fails none."""
    if check.health is not Health.MISSING:
        return Case(group, check.name)
    told = f"{check.found}\nnext: {check.hint}" if check.hint else check.found
    return Case(group, check.name, "error", check.health.value, check.found, told)


def _of_service(service: ServiceReport, group: str) -> Case:
    took = None
    if len(service.transitions) > 1:
        took = seconds_between(service.transitions[0].at, service.transitions[-1].at)
    if service.verdict.passed:
        return Case(group, service.name, seconds=took)
    if service.verdict is Verdict.INTERRUPTED:
        return Case(group, service.name, "skipped", "", service.detail or "not decided")
    kind = service.cause.code.value if service.cause else service.verdict.value
    detail = service.cause.detail if service.cause else service.detail
    rows = with_words(service, failed(service, but=""), 0, verbose=True)
    return Case(
        group,
        service.name,
        _wrong(service.verdict),
        kind,
        ": ".join(each for each in (words(service.verdict), detail) if each),
        "\n".join(map(str, laid_out(rows, None))),
        took,
    )


def document(name: str, found: Sequence[Suite]) -> str:
    """Return suites as one document."""
    root = ET.Element("testsuites", {"name": _clean(name), **_sums(found)})
    for suite in found:
        root.append(_suite(suite))
    ET.indent(root, " ")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def _suite(suite: Suite) -> ET.Element:
    skipped = sum(case.outcome == "skipped" for case in suite.cases)
    about = {"name": _clean(suite.name), **_sums([suite]), "skipped": str(skipped)}
    for key, value in (("timestamp", _without_zone(suite.began_at)), ("hostname", suite.host)):
        if value:
            about[key] = _clean(value)
    element = ET.Element("testsuite", about)
    for case in _unique(suite.cases):
        element.append(_case(case))
    if suite.output:
        ET.SubElement(element, "system-out").text = _clean(suite.output)
    return element


def _case(case: Case) -> ET.Element:
    about = {"classname": _clean(case.group), "name": _clean(case.name)}
    if case.seconds is not None:
        about["time"] = _number(case.seconds)
    element = ET.Element("testcase", about)
    if case.outcome:
        says = {"type": case.kind, "message": case.message or case.kind}
        told = ET.SubElement(
            element, case.outcome, {key: _clean(text) for key, text in says.items() if text}
        )
        told.text = _clean(case.text) or None
    return element


def _sums(found: Iterable[Suite]) -> dict[str, str]:
    found = list(found)
    cases = [case for suite in found for case in suite.cases]
    sums = {
        "tests": str(len(cases)),
        "failures": str(sum(case.outcome == "failure" for case in cases)),
        "errors": str(sum(case.outcome == "error" for case in cases)),
    }
    known = [suite.seconds for suite in found if suite.seconds is not None]
    return {**sums, "time": _number(sum(known))} if known else sums


def _unique(cases: Iterable[Case]) -> Iterator[Case]:
    """Give cases no two of which have class and name in common, as readers show them once."""
    seen: set[tuple[str, str]] = set()
    for case in cases:
        name, number = case.name or "unnamed", 1
        while (_clean(case.group), _clean(name)) in seen:
            number += 1
            name = f"{case.name or 'unnamed'} ({number})"
        seen.add((_clean(case.group), _clean(name)))
        yield replace(case, name=name)


def _number(seconds: float) -> str:
    return f"{max(seconds, 0.0):.3f}"


def _without_zone(at: str | None) -> str:
    """Return a time in UTC as ISO 8601 without its zone, which is what readers of JUnit parse."""
    return (at or "")[:19]


def _clean(text: str) -> str:
    """Return a text that XML can hold and no CI obeys when the file is printed."""
    return "\n".join(map(sanitizer.log, sanitizer.lines(text).split("\n")))
