"""A sweep without a command line: a request in, what was found and how that ends out."""

from pathlib import Path

import pytest

from ccci.actions.rollback_policy import Remedy, mended, swept
from ccci.errors import UsageError
from ccci.exits import Verdict
from ccci.sweep.survey import Request
from ccci.terminal.output import Output

RISKY = """\
services:
  app:
    image: a:1
    healthcheck: {test: [CMD, "true"]}
    deploy:
      update_config: {order: start-first, failure_action: rollback}
"""


@pytest.fixture
def recipe(tmp_path: Path) -> Path:
    (tmp_path / "compose.yml").write_text(f"version: '3.8'\n{RISKY}")
    return tmp_path


@pytest.mark.parametrize(
    ("fail_on", "verdict"), [("warning", Verdict.FINDINGS), ("never", Verdict.DONE)]
)
def test_what_was_found_comes_with_how_that_ends(
    recipe: Path, fail_on: str, verdict: Verdict
) -> None:
    told = swept(Request((str(recipe),), (), {}), Output(), fail_on)
    assert told.sweep.findings
    assert told.ended is verdict


def test_a_sweep_of_nothing_judges_nothing(tmp_path: Path) -> None:
    (tmp_path / "compose.yml").write_text("version: '3.8'\nservices: {}\n")
    assert swept(Request((str(tmp_path),), (), {}), Output()).ended is Verdict.UNABLE


@pytest.mark.parametrize("writes", [True, False])
def test_a_remedy_is_written_only_where_that_is_asked_for(recipe: Path, *, writes: bool) -> None:
    before = (recipe / "compose.yml").read_text()
    found = mended(
        Request((str(recipe),), (), {}), Remedy(inside=True, writes=writes), Output(verbosity=-1)
    )
    (change,) = found.changes
    assert (found.written, found.ended) == (writes, Verdict.DONE)
    assert "+" in change.diff
    assert ((recipe / "compose.yml").read_text() != before) is writes


@pytest.mark.parametrize(
    "request_",
    [
        Request(("a",), ("compose.yml",), {}),
        Request(("a",), (), {}, live=True),
        Request((), (), {}, stacks=("shop",)),
        Request((), ("-",), {}, since="main"),
    ],
)
def test_what_contradicts_itself_is_refused_before_anything_is_read(request_: Request) -> None:
    for sweeps in (swept, lambda asked, output: mended(asked, Remedy(), output)):
        with pytest.raises(UsageError):
            sweeps(request_, Output())


def test_what_runs_has_no_file_to_mend() -> None:
    with pytest.raises(UsageError, match="--live"):
        mended(Request((), (), {}, live=True), Remedy(), Output())
