"""A sweep as SARIF, Markdown and a table."""

import json
import os
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from support.sarif_subset import SUBSET

from ccci.sweep.inventory import find
from ccci.sweep.markdown import markdown
from ccci.sweep.model import Sweep
from ccci.sweep.rules import RULES
from ccci.sweep.sarif import sarif
from ccci.sweep.static import Settings, sweep
from ccci.sweep.table import table

RISKY = """
services:
  app:
    image: nginx:1.25.3
    deploy:
      update_config: {failure_action: rollback, order: start-first}
  quiet:
    # ccci: ignore CCCI005 a cache that may be away
    image: nginx:1.25.3
    deploy: {update_config: {failure_action: continue}}
"""


@pytest.fixture
def swept(tmp_path: Path) -> Sweep:
    for name in ("shop", "a |<b>` @c"):
        folder = tmp_path / name
        folder.mkdir()
        (folder / "compose.yml").write_text(RISKY)
        (folder / "compose.more.yml").write_text("services: {more: {image: 'x:1.2'}}\n")
    broken = tmp_path / "broken"
    broken.mkdir()
    (broken / "compose.yml").write_text("services:\n  app: {image: x:1.2, tty: yes}\n")
    return sweep(find([str(tmp_path)]), Settings({}, {}))


def schemas() -> list[Any]:
    official = os.environ.get("CCCI_TEST_SARIF_SCHEMA")
    return [SUBSET, *([json.loads(Path(official).read_text())] if official else [])]


def test_sarif_is_valid(swept: Sweep) -> None:
    for schema in schemas():
        kind = jsonschema.validators.validator_for(schema)
        kind(schema).validate(sarif(swept))


def test_sarif_names_rule_line_and_what_a_comment_answers(swept: Sweep) -> None:
    run = sarif(swept)["runs"][0]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    places = {
        (result["ruleId"], result["locations"][0]["physicalLocation"]["region"]["startLine"])
        for result in run["results"]
    }
    assert ("CCCI001", 6) in places
    suppressed = {result["ruleId"] for result in run["results"] if "suppressions" in result}
    assert suppressed == {"CCCI005"}
    assert len(run["tool"]["driver"]["rules"]) == len(RULES)


def test_variants_repeat_nothing_in_sarif_and_markdown(swept: Sweep) -> None:
    rollbacks = [each for each in swept.findings if each.rule == "CCCI001"]
    assert len(rollbacks) == 4
    results = sarif(swept)["runs"][0]["results"]
    assert sum(each["ruleId"] == "CCCI001" for each in results) == 2
    assert markdown(swept).count("CCCI001") == 2


def test_markdown_is_a_table_that_a_file_cannot_break_out_of(swept: Sweep) -> None:
    rows = [line for line in markdown(swept).splitlines() if line.startswith("| ")]
    assert len(rows) > 3
    for row in rows:
        assert row.replace("\\|", "").count("|") == 6
        assert "<b>" not in row
        assert " @c" not in row


def test_the_table_has_the_risky_first_and_counts_at_the_end(swept: Sweep) -> None:
    lines = table(swept).splitlines()
    heads = [line for line in lines if not line.startswith(" ") and ": " in line]
    assert "broken" in heads[-1]
    assert "compose.yml:6  Next:" in table(swept)
    assert lines[-1].startswith("3 recipes, ")
    assert "CCCI001" in table(swept)


def test_the_table_names_each_finding_once(swept: Sweep) -> None:
    assert table(swept).count("CCCI001") == 2


def test_what_only_pauses_is_one_line_for_all(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "compose.yml").write_text("services: {web: {image: 'x:1.2.3'}}\n")
    told = table(sweep(find([str(tmp_path)]), Settings({}, {}, 0)))
    lines = [line for line in told.splitlines() if line]
    assert len(lines) == 3, told
    assert lines[1].startswith("paused until somebody deploys")
    assert lines[1].endswith("one, two")
