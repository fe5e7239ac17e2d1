"""A sweep of many sets: what happens to one of them is nothing to the others."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from ccci.compose import Loaded, Loader
from ccci.exits import Verdict
from ccci.sweep.inventory import find
from ccci.sweep.model import FileStatus, Sweep, fix_of, verdict
from ccci.sweep.rules import RULES, Choice, Hit, Rule, Severity, Subject
from ccci.sweep.static import Settings, sweep

SERVICE = "services:\n  a:\n    image: x:1.2\n"


def swept(folder: Path) -> Sweep:
    return sweep(find([str(folder)]), Settings({}, {}))


@pytest.mark.parametrize(
    "text",
    [
        "    deploy: {resources: {limits: {memory: '1e400'}}}\n",
        f"    deploy: {{resources: {{limits: {{memory: '{'9' * 400}'}}}}}}\n",
        "    deploy: {resources: {limits: {memory: '1e308p'}}}\n",
        "    deploy: {update_config: {max_failure_ratio: .inf}}\n",
        "    deploy: {update_config: {max_failure_ratio: .nan}}\n",
        "    deploy: {update_config: {max_failure_ratio: 1e39}}\n",
        "    deploy: {replicas: .nan}\n",
        "    healthcheck: {retries: .nan}\n",
        "    restart: 'on-failure:²'\n",
        f"    restart: 'on-failure:{'9' * 5000}'\n",
        f"    deploy: {{replicas: {'9' * 5000}}}\n",
        f"    ports: ['{'9' * 5000}:80']\n",
        "    ports: ['²:80']\n",
        f"    stop_grace_period: {'9' * 5000}s\n",
        "    healthcheck: {test: a, interval: 1²s}\n",
    ],
)
def test_no_number_loses_the_other_files(tmp_path: Path, text: str) -> None:
    (tmp_path / "a.yml").write_text(SERVICE + text)
    (tmp_path / "b.yml").write_text(SERVICE)
    found = swept(tmp_path)
    assert found.files[1].status is FileStatus.OK
    assert not found.files[0].bug
    assert found.files[0].status is FileStatus.OK or found.files[0].line


def no_version(subject: Subject) -> Iterator[Hit]:
    if ":" not in subject.policy.image:
        yield Hit("its image has no version", "name one", ("image",))


OWN = Rule("CCCIX1", "an image without a version", Severity.WARNING, "", check=no_version)
BARE = "services:\n  a:\n    # ccci: ignore CCCI014 one of them is enough here\n    image: x\n"


def swept_with(folder: Path, *rules: Rule, choice: Choice | None = None) -> Sweep:
    settings = Settings({}, {}, choice=choice or Choice(), rules=rules)
    return sweep(find([str(folder)]), settings)


def test_a_rule_of_ones_own_is_applied_beside_the_others_or_alone(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(BARE)
    (tmp_path / "b.yml").write_text("services: [\n")
    alone = swept_with(tmp_path, OWN)
    assert [(each.rule, each.line, each.message) for each in alone.findings] == [
        ("CCCIX1", 4, "its image has no version"),
        ("CCCI000", 1, alone.findings[-1].message),  # told always: docker refuses the file
    ]
    assert alone.findings[0].severity is Severity.WARNING
    assert fix_of(alone.findings[0]) is None
    both = {each.rule for each in swept_with(tmp_path, *RULES, OWN).findings}
    assert both == {"CCCIX1", *(each.rule for each in swept(tmp_path).findings)}
    assert swept_with(tmp_path, OWN, choice=Choice(ignore=("CCCIX",))).findings[0].rule == "CCCI000"


def test_a_comment_answers_a_rule_of_ones_own(tmp_path: Path) -> None:
    (tmp_path / "a.yml").write_text(BARE.replace("CCCI014", "CCCIX1"))
    found = swept_with(tmp_path, OWN)
    assert ([each.rule for each in found.ignored], found.notes) == (["CCCIX1"], ())
    assert "CCCIX1, which is no rule" in swept(tmp_path).notes[0]


@pytest.mark.parametrize("text", ["inf", "NaN", "1e400", "-Infinity"])
def test_no_variable_loses_the_other_files(tmp_path: Path, text: str) -> None:
    ratio = SERVICE + "    deploy: {update_config: {max_failure_ratio: '${R}'}}\n"
    (tmp_path / "a.yml").write_text(ratio)
    found = sweep(find([str(tmp_path)]), Settings({"R": text}, {}))
    assert (found.files[0].status, found.files[0].line) == (FileStatus.REFUSED, 4)


def test_a_bug_of_ours_costs_one_set_and_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "a.yml").write_text(SERVICE)
    (tmp_path / "b.yml").write_text(SERVICE)
    load = Loader.load

    def stumble(self: Loader, sources: list[object]) -> Loaded:
        if "a.yml" in str(sources):
            raise RecursionError("too deep")
        return load(self, sources)  # type: ignore[arg-type]

    monkeypatch.setattr(Loader, "load", stumble)
    found = swept(tmp_path)
    assert [row.status for row in found.files] == [FileStatus.UNREADABLE, FileStatus.OK]
    assert "RecursionError" in found.files[0].message
    assert verdict(found, "never") is Verdict.BUG
