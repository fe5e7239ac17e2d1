"""One archive of a run: masked, the same bytes each time, and read with care."""

import gzip
import io
import json
import os
import tarfile
import tempfile
from pathlib import Path

import pytest
from support.command_line import invoke

from ccci.actions.bundle import bundle
from ccci.errors import CcciError, UsageError
from ccci.exits import Verdict
from ccci.records import bundle as archives
from ccci.records import fingerprints, reopening, runs
from ccci.records.runs import Run
from ccci.report.model import Report, document

SECRET = "swordfish-4711"  # noqa: S105


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(tmp_path / "runs"))
    monkeypatch.chdir(tmp_path)
    made = runs.begin(tmp_path / "runs", "upgrade", "shop", env_file=str(Path.home() / "x.env"))
    fingerprints.remember(made, [SECRET])
    made.path(runs.COMMAND_LOG).write_text(f"logging in with {SECRET}\nfrom {made.folder}/x\n")
    trace = [{"kind": "trace"}, {"kind": "look", "text": f"{SECRET} {'x' * 30000}", SECRET: 1}]
    made.path(runs.TRACE).write_text("".join(f"{json.dumps(each)}\n" for each in trace))
    (made.folder / "linked").symlink_to("/etc/passwd")
    (made.folder / "abra").mkdir()
    os.mkfifo(made.folder / "pipe")
    made.finish(Report("upgrade", Verdict.ROLLED_BACK, "app was rolled back"))
    return made


def members(path: Path) -> dict[str, bytes]:
    with tarfile.open(path) as archive:
        return {
            each.name: (archive.extractfile(each) or io.BytesIO()).read()
            for each in archive.getmembers()
        }


def test_an_archive_holds_no_secret_and_no_path_of_this_machine(run: Run, tmp_path: Path) -> None:
    report = bundle(tmp_path / "runs", run.id, tmp_path / "x.tar.gz")
    assert report.verdict is Verdict.DONE
    found = members(tmp_path / "x.tar.gz")
    assert sorted(name.rpartition("/")[2] for name in found) == sorted(
        [runs.COMMAND_LOG, runs.REPORT, runs.RECORD, runs.TRACE]
    )
    assert {name.partition("/")[0] for name in found} == {f"ccci-{run.id}"}
    whole = b"".join(found.values())
    for told in (SECRET, str(tmp_path), f'"{Path.home()}'):
        assert told.encode() not in whole
    trace = found[f"ccci-{run.id}/{runs.TRACE}"].decode().splitlines()
    assert [json.loads(line)["kind"] for line in trace] == ["trace", "look"]
    assert (tmp_path / "x.tar.gz").stat().st_mode & 0o777 == 0o600


def test_the_same_run_gives_the_same_bytes_and_nothing_is_written_over(
    run: Run, tmp_path: Path
) -> None:
    for name in ("one", "two"):
        bundle(tmp_path / "runs", "last", tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()
    with pytest.raises(UsageError, match="is there already"):
        bundle(tmp_path / "runs", run.id, tmp_path / "one")
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(UsageError, match="is there already"):
        bundle(tmp_path / "runs", run.id, tmp_path / "link")
    assert not (tmp_path / "elsewhere").exists()
    with pytest.raises(CcciError, match="No such file"):
        bundle(tmp_path / "runs", run.id, tmp_path / "none" / "x")


def test_an_archive_is_explained_anywhere(run: Run, tmp_path: Path) -> None:
    bundle(tmp_path / "runs", run.id[-6:], None)
    path = tmp_path / f"ccci-{run.id}.tar.gz"
    there = reopening.open_report(tmp_path / "nowhere", str(path))
    here = reopening.open_report(tmp_path / "runs", run.id)
    assert document(there) == document(here)
    assert invoke("explain", str(path)).exit_code == 0


def test_of_what_is_long_the_beginning_is_packed(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "LARGEST", 100)
    report = bundle(tmp_path / "runs", run.id, tmp_path / "x")
    assert any(runs.TRACE in note for note in report.notes)
    trace = members(tmp_path / "x")[f"ccci-{run.id}/{runs.TRACE}"]
    assert trace == b'{"kind":"trace"}\n'


def test_a_text_with_other_line_breaks_stays_one_line(run: Run, tmp_path: Path) -> None:
    odd = {"kind": "look", "text": f"a\u2028b\x85c\x1c{SECRET}"}
    run.path(runs.TRACE).write_text(f"{json.dumps(odd, ensure_ascii=False)}\n", encoding="utf-8")
    bundle(tmp_path / "runs", run.id, tmp_path / "x")
    trace = members(tmp_path / "x")[f"ccci-{run.id}/{runs.TRACE}"].decode()
    assert json.loads(trace)["text"] == "a\u2028b\x85c\x1c***"


def archive(path: Path, *entries: tuple[tarfile.TarInfo, bytes]) -> Path:
    with tarfile.open(path, "w:gz") as made:
        for about, data in entries:
            about.size = len(data)
            made.addfile(about, io.BytesIO(data))
    return path


def test_an_archive_of_somebody_else_writes_and_reads_nothing_of_ours(tmp_path: Path) -> None:
    good = json.dumps(document(Report("upgrade", Verdict.FAILED, "theirs"))).encode()
    link = tarfile.TarInfo("a/report.json")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    climbing = tarfile.TarInfo("../../../report.json")
    path = archive(tmp_path / "odd", (link, b""), (climbing, good))
    assert reopening.open_report(tmp_path, str(path)).summary == "theirs"
    assert not (tmp_path.parent / "report.json").exists()
    with pytest.raises(CcciError, match="neither a report nor a trace"):
        reopening.open_report(tmp_path, str(archive(tmp_path / "only", (link, b""))))


@pytest.mark.parametrize(
    "data",
    [
        b"\x1f\x8b",
        b"\x1f\x8b\x08" + b"\x00" * 50,
        gzip.compress(b"no archive at all", mtime=0),
        gzip.compress(b"x" * 5000, mtime=0),
        gzip.compress(bytes(range(256)) * 9, mtime=0)[:-20],
        gzip.compress(b"x", mtime=0)[:10] + b"\xff" * 50,
    ],
    ids=["magic", "header", "text", "zeros", "cut", "spoilt"],
)
def test_what_only_looks_like_an_archive_is_said_so(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "odd").write_bytes(data)
    with pytest.raises(CcciError, match=r"no archive of a run|neither a report nor a trace"):
        reopening.open_report(tmp_path, str(tmp_path / "odd"))


def test_a_bomb_is_not_unpacked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "_WHOLE", 1000)
    monkeypatch.setattr(archives, "LARGEST", 1000)
    path = archive(tmp_path / "bomb", (tarfile.TarInfo("large"), bytes(10_000_000)))
    with pytest.raises(CcciError, match="larger than any run"):
        reopening.open_report(tmp_path, str(path))


def test_only_a_run_that_ended_is_packed(run: Run, tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "id_rsa").write_text("private")
    (tmp_path / "keys" / runs.TRACE).write_text("{}")
    with pytest.raises(UsageError, match="is no run's folder"):
        bundle(tmp_path / "runs", str(tmp_path / "keys"), tmp_path / "x")
    (tmp_path / "keys" / runs.RECORD).symlink_to(run.path(runs.RECORD))
    with pytest.raises(UsageError, match="is no run's folder"):
        bundle(tmp_path / "runs", str(tmp_path / "keys"), tmp_path / "x")
    alive = runs.begin(tmp_path / "runs", "upgrade", "shop")
    with pytest.raises(UsageError, match="is still being made"):
        bundle(tmp_path / "runs", str(alive.folder), tmp_path / "x")
    alive.finish(Report("upgrade", Verdict.DONE, ""))
    assert not (tmp_path / "x").exists()
    assert bundle(tmp_path / "runs", f"{run.folder}/", tmp_path / "x").verdict is Verdict.DONE


def test_known_folders_are_told_by_a_name_and_others_stay(
    run: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, path in (("HOME", "/root"), ("ABRA_DIR", "/srv/abra/"), ("CCCI_RUNS_DIR", "/srv/r")):
        monkeypatch.setenv(name, path)
    monkeypatch.setattr(tempfile, "tempdir", "/scratch")
    said = "/root /root/x. /rootless /x/root /root. -I/srv/abra/y /srv/abra2 /srv/r/old /scratch/z"
    run.path(runs.COMMAND_LOG).write_text(said)
    bundle(tmp_path / "runs", run.id, tmp_path / "x")
    log = members(tmp_path / "x")[f"ccci-{run.id}/{runs.COMMAND_LOG}"].decode()
    assert log == "~ ~/x. /rootless /x/root ~. -IABRA/y /srv/abra2 RUNS/old TMP/z\n"
