from pathlib import Path

import pytest
from typer.testing import CliRunner

from ccci.cli import app
from ccci.commands.identity import verdict_of
from ccci.exits import Verdict
from ccci.swarm.identity import Mismatch


@pytest.mark.parametrize(
    "arguments",
    [
        ["stack", "--expect", "abc"],
        ["stack", "--expect", "v1.2.3"],
        ["stack", "--expect", "7ae7b0f7+U"],
        ["stack", "--baseline", "/nonexistent/baseline.json"],
        ["--", "--odd"],
        [""],
    ],
)
def test_what_the_command_line_cannot_mean_is_refused_without_an_engine(
    arguments: list[str],
) -> None:
    result = CliRunner().invoke(app, ["identity", *arguments])
    assert result.exit_code == 2
    assert "Error: " in result.output
    assert "Traceback" not in result.output


def test_a_baseline_that_is_none_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "baseline.json"
    path.write_text('{"schema": "other"}')
    assert CliRunner().invoke(app, ["identity", "s", "--baseline", str(path)]).exit_code == 2


def test_every_mismatch_is_13_but_what_does_not_run_is_14() -> None:
    codes = {each: verdict_of(each).exit_code for each in Mismatch}
    assert codes.pop(Mismatch.NOT_RUNNING) == 14
    assert set(codes.values()) == {13}
    assert verdict_of(None) is Verdict.CONVERGED
