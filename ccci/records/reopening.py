"""A recorded run opened again: its report, or what its trace alone comes to.

Nothing but the files is asked: not the swarm, which may be gone, nor the machine that ran it.
"""

import json
from dataclasses import replace
from pathlib import Path

from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.host import file_lock, temporary
from ccci.host.files import PRIVATE_FOLDER
from ccci.plain_file import LARGEST_DOCUMENT, read_plain
from ccci.records import bundle, index, runs
from ccci.records.runs import Record
from ccci.report import chronicle, model, of_rollout, unfinished
from ccci.report.model import Report
from ccci.report.notes import notes
from ccci.report.parts import EngineOf, short_id
from ccci.report.timeline import Timeline
from ccci.swarm.judge.rollout import Rollout
from ccci.swarm.judge.stopping import cut_short, stop
from ccci.swarm.watching import recording
from ccci.swarm.watching.protocol import End

LAST = "last"
_SHOWN = 5


def open_report(root: Path, target: str, *, timeline: bool = False) -> Report:
    """Return the report of the run that `target` names, with its time line if that is wanted.

    It is `last`, the beginning or the end of an id, a run's folder, its report, a trace, or an
    archive of a run; ids are sought below `root`. Raise UsageError where it names none or several,
    CcciError where what it names cannot be read.
    """
    path = Path(target)
    if _is_path(target) and path.is_file() and _is_archive(path):
        with temporary.folder("explain") as folder:
            place = folder / "run"
            place.mkdir(mode=PRIVATE_FOLDER)
            return _opened(_in_folder(bundle.unpack(path, place)), timeline=timeline)
    if _is_path(target) and not path.is_dir():
        return _opened(path, timeline=timeline)
    return _opened(_in_folder(folder_of(root, target)), timeline=timeline)


def folder_of(root: Path, target: str) -> Path:
    """Return the folder of the run that `target` names. Raise UsageError where there is none."""
    if _is_path(target):
        if not Path(target).is_dir():
            raise UsageError(f"{target} is no run's folder", "`ccci runs` lists what was run")
        return Path(target)
    record = _named(root, target)
    folder = root / record.id
    if runs.is_alive(root, record):
        raise UsageError(
            f"run {record.id} is still being made", "wait for its end; its trace is in its folder"
        )
    if not folder.is_dir():
        raise UsageError(f"the files of run {record.id} are gone", f"they were in {folder}")
    return folder


def ended_folder_of(root: Path, target: str) -> Path:
    """Return the folder of a run that `target` names, which holds its record and is at its end.

    Raise UsageError for any other: a folder that is no run's may hold what is nobody's business.
    """
    folder = folder_of(root, target)
    try:
        record = index.in_folder(folder)
    except (OSError, ValueError, TypeError, RecursionError):
        raise UsageError(
            f"{target} is no run's folder: it holds no {index.RECORD} of ccci's",
            "`ccci runs` lists what was run",
        ) from None
    if record.finished_at is None and not file_lock.is_free(folder / temporary.ALIVE):
        raise UsageError(f"run {record.id} is still being made", "wait for its end")
    return folder


def _is_path(target: str) -> bool:
    return target != LAST and ("/" in target or Path(target).exists())


def _is_archive(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            return file.read(len(bundle.MAGIC)) == bundle.MAGIC
    except OSError:
        return False


def _opened(found: Path, *, timeline: bool) -> Report:
    report = _in_file(found)
    if timeline and found.name == runs.REPORT:
        return replace(report, timeline=_beside(found.parent, report))
    return report


_OF_BASE = (runs.AGAIN_TRACE, runs.REST_TRACE, runs.BASE_TRACE)
"""The last look at a base is the one that judges it."""


def _beside(folder: Path, report: Report) -> Timeline:
    """Return the time line of the rollout that a report judges; empty where no trace tells it."""
    base = report.upgrade is not None and report.upgrade.base_verdict is not None
    judged = _OF_BASE if base else (runs.TRACE,)
    name = next((each for each in judged if (folder / each).is_file()), judged[-1])
    try:
        return of_trace(folder / name).timeline
    except CcciError:  # the story does not need it
        return Timeline()


def _named(root: Path, target: str) -> Record:
    known = runs.recent(root)
    found = known[:1] if target == LAST else [each for each in known if _is_meant(each, target)]
    exact = [each for each in found if each.id == target]
    found = exact or found
    if len(found) == 1:
        return found[0]
    if found:
        names = ", ".join(each.id for each in found[:_SHOWN])
        raise UsageError(f"{target} stands for {len(found)} runs: {names}", "write more of it")
    what = "no run is recorded" if target == LAST else f"no run's id begins or ends with {target}"
    raise UsageError(
        f"{what} in {root}", "`ccci runs` lists them; a folder or a trace will do, too"
    )


def _is_meant(record: Record, target: str) -> bool:
    """Say whether a text is the beginning of an id, or of the part of it that is made by chance."""
    return record.id.startswith(target) or short_id(record.id).startswith(target)


def _in_folder(folder: Path) -> Path:
    """Return the file that tells most of a run. Raise CcciError where there is none."""
    for name in (runs.REPORT, runs.TRACE):
        if (folder / name).is_file():
            return folder / name
    raise CcciError(
        f"{folder} holds neither a report nor a trace",
        "the run was killed before it could write one, or is still being made",
    )


def _in_file(path: Path) -> Report:
    try:
        if path.exists() and not path.is_file():
            raise CcciError(f"{path} is no file", "a run's folder, its report or a trace")
        if path.stat().st_size > LARGEST_DOCUMENT:
            raise CcciError(f"{path} has more than {LARGEST_DOCUMENT} bytes", "is it a run's?")
        with path.open(encoding="utf-8", errors="replace") as file:
            first = file.readline(LARGEST_DOCUMENT)
    except OSError as error:
        raise UsageError(f"{path}: {error.strerror}", "`ccci runs` lists what was run") from error
    if _is_trace(first):
        return of_trace(path)
    try:
        return model.read(json.loads(read_plain(path, most=LARGEST_DOCUMENT)))
    except (OSError, ValueError, RecursionError) as error:
        raise CcciError(
            f"{path} is neither a report nor a trace of ccci: {error}",
            "a run's folder holds report.json and trace.jsonl",
        ) from error


def _is_trace(line: str) -> bool:
    try:
        found = json.loads(line)
    except (ValueError, RecursionError):
        return False
    return isinstance(found, dict) and found.get("kind") == "trace"


def of_trace(path: Path) -> Report:
    """Return what a trace alone comes to, judged again. Raise CcciError for what is none."""
    rollout: Rollout | None = None
    timeline = Timeline()
    for seen, rollout in recording.replay(path):
        timeline = chronicle.advance(timeline, rollout, seen)
    if rollout is None:
        raise CcciError(f"{path} holds no look at a stack", "its run was ended before the first")
    end = recording.ending(path)
    rollout = cut_short(rollout) if _was_cut(rollout, end) else stop(rollout)
    evidence = recording.evidence(path)
    timeline = chronicle.finish(timeline, rollout, evidence, recording.memory(path))
    services = of_rollout.with_memory(of_rollout.services(rollout, evidence), timeline)
    how = recording.beginning(path)
    report = Report(
        "converge",
        rollout.verdict or Verdict.UNABLE,
        of_rollout.summary(rollout, services),
        stack=how.stack or None,
        engine=EngineOf(how.address, how.engine.version) if how.engine is not None else None,
        services=services,
        notes=notes(rollout, ""),
        timeline=timeline,
    )
    report = _undecided(report, rollout, end) if rollout.verdict is None else report
    if end is None:
        return replace(
            report, notes=(*report.notes, "the recording has no end: its run was killed")
        )
    if end.verdict is not report.verdict:
        note = f"by what its services came to alone; the run itself ended {end.verdict.value}"
        return report.noting(note)
    return report


def _was_cut(rollout: Rollout, end: End | None) -> bool:
    """Say whether a rollout was not followed to its end: what was not decided stays so."""
    by_signal = end is not None and (
        end.signal is not None or end.verdict is Verdict.INTERRUPTED  # of an older trace
    )
    return by_signal or rollout.lost is not None


def _undecided(report: Report, rollout: Rollout, end: End | None) -> Report:
    """Return the report of a rollout in which nothing was judged, with why."""
    command = rollout.last.command if rollout.last is not None else None
    if rollout.lost is not None:
        return replace(report, summary=unfinished.out_of_reach(rollout.lost))
    if end is None:
        return report
    if end.verdict is Verdict.INTERRUPTED:
        return replace(
            report,
            verdict=end.verdict,
            summary=unfinished.interrupted(rollout),
            hint=unfinished.in_flight(report.stack or ""),
        )
    if command is not None and command.code and not rollout.touched and not end.services:
        said = unfinished.untouched(command.code)
        return replace(report, verdict=Verdict.DEPLOY_FAILED, summary=said, services=())
    return report
