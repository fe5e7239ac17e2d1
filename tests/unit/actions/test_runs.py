"""What was run: which runs are meant, how often they failed, and the report of a week."""

from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from support.command_line import invoke

from ccci.actions import runs_text
from ccci.actions.runs import Request, Runs, listed
from ccci.errors import UsageError
from ccci.host import clock, durations
from ccci.records import index, rates, runs
from ccci.records.record import Record

NOW = "2026-11-26T12:00:00.000Z"
HEAD = "0c865a4a" * 5


@pytest.fixture(autouse=True)
def noon(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock, "now", lambda: NOW)


def ran(number: int, verdict: str | None = "converged", **known: object) -> Record:
    record = Record(
        f"20261126-1200{number:02}-{number:06x}",
        "upgrade",
        "shop",
        f"2026-11-{26 - number:02}T11:00:00Z",
        recipe="shop",
        verdict=verdict,
        finished_at=NOW if verdict else None,
    )
    return replace(record, **known)  # type: ignore[arg-type]


def put(root: Path, *records: Record) -> Path:
    root.mkdir(exist_ok=True)
    for record in records:
        index.write(root, record)
    return root


def ids(found: Runs) -> list[int]:
    return [int(each.record.id[-6:], 16) for each in found.runs]


def test_runs_are_chosen_by_time_verdict_recipe_and_stack(tmp_path: Path) -> None:
    put(
        tmp_path,
        ran(1),
        ran(2, "rolled-back"),
        ran(3, "unstable", recipe="wiki"),
        ran(4, command="converge", recipe=None, target="web"),
        ran(5, None, started_at="nonsense"),
    )
    assert ids(listed(tmp_path, Request(since="3d"))) == [1, 2]
    assert ids(listed(tmp_path, Request(since="2026-11-23"))) == [1, 2, 3]
    assert ids(listed(tmp_path, Request(verdicts=("rolled-back", "unstable")))) == [2, 3]
    assert ids(listed(tmp_path, Request(recipe="wiki"))) == [3]
    assert ids(listed(tmp_path, Request(stack="web"))) == [4]
    assert ids(listed(tmp_path, Request(target="shop", limit=2))) == [5, 1]


@pytest.mark.parametrize(
    "request_",
    [
        Request(since="yesterday"),
        Request(since="7"),
        Request(since="0001-01-01T00:00:00+23:00"),
        Request(since="²d"),
        Request(verdicts=("rolled back",)),
        Request(verdicts=("",)),
    ],
)
def test_a_time_or_verdict_that_is_none_is_refused(request_: Request, tmp_path: Path) -> None:
    with pytest.raises(UsageError):
        listed(tmp_path, request_)


@given(st.text(max_size=20))
def test_any_text_for_a_time_is_one_or_refused(text: str) -> None:
    now = datetime(2026, 11, 26, tzinfo=UTC)
    found = None
    with suppress(UsageError):
        found = durations.since(text, now, "--since")
    assert found is None or found.tzinfo is UTC


def test_rates_count_what_says_something_of_the_recipe() -> None:
    records = [
        ran(1, "rolled-back", head=HEAD, cause="oom-killed"),
        ran(2, "converged", head=HEAD),
        ran(3, "unchanged"),
        ran(4, "unable"),
        ran(5, "base-broken"),
        ran(6, None),
        ran(7, "deploy-failed"),
        ran(8, "wrong-identity", command="identity"),
        ran(9, "converged", recipe="wiki"),
    ]
    shop, wiki = rates.rates(records, [ran(10, "rolled-back")])
    assert (shop.subject, shop.runs, wiki.subject, wiki.runs) == ("shop", 4, "wiki", 1)
    assert shop.failed is not None
    assert (shop.failed.count, shop.failed.share) == (2, 0.5)
    # Wilson's interval of 2 in 4, as published tables have it.
    assert shop.failed.confidence_95 == (0.15, 0.85)
    assert shop.rolled_back is not None
    assert shop.rolled_back.count == 1
    assert shop.causes == {"oom-killed": 1, "deploy-failed": 1}
    assert shop.flaky == (HEAD,)
    assert shop.not_judged == {"unable": 1, "base-broken": 1, "unfinished": 1}
    assert shop.before == rates.Before(1, 1, 1)
    assert wiki.before == rates.Before(0, 0, 0)


def test_a_recipe_of_which_nothing_was_judged_has_no_rate() -> None:
    (only,) = rates.rates([ran(1, "unable"), ran(2, "interrupted")])
    assert (only.runs, only.failed, only.rolled_back) == (0, None, None)
    assert rates.rates([ran(1, command="identity")]) == ()


def test_the_rates_are_of_all_that_is_meant_not_of_what_is_listed(tmp_path: Path) -> None:
    put(tmp_path, *(ran(number) for number in range(1, 9)), ran(9, "rolled-back"))
    found = listed(tmp_path, Request(verdicts=("rolled-back",), limit=1))
    assert ids(found) == [9]
    assert found.rates[0].runs == 9


def test_the_table_gives_up_columns_before_it_is_too_wide(tmp_path: Path) -> None:
    put(
        tmp_path,
        ran(1, "rolled-back", base="0.7.0+3.3.1", head=HEAD, cause="oom-killed", seconds=31.2),
        ran(2, None),
        ran(3, stack="shop", keep=False),
    )
    wide = runs_text.table(listed(tmp_path, Request()))
    assert wide[1].split("  ") == [
        *("000001", "2026-11-25 11:00", "upgrade", "shop", "0.7.0+3.3.1 → 0c865a4a"),
        *("rolled-back", "oom-killed", "31 s", "-"),
    ]
    assert "killed" in wide[2]
    assert wide[3].endswith("unverified")
    for width in (100, 80, 60):
        lines = runs_text.table(listed(tmp_path, Request()), width)[:-1]
        assert max(map(len, lines)) <= width
        assert all(
            line.startswith(word) for line, word in zip(lines, ("RUN", "000001"), strict=False)
        )
        assert "rolled-back" in lines[1]
    assert runs_text.table(listed(tmp_path / "none", Request()))[0].startswith("no such run")


def test_the_report_of_a_week(tmp_path: Path) -> None:
    failing = {"cause": "oom-killed", "service": "app", "hint": "raise the limit", "head": HEAD}
    put(
        tmp_path,
        ran(1, "rolled-back", summary="Swarm rolled app back", **failing),
        ran(2, "rolled-back", summary="the same", **failing),
        ran(3, head=HEAD),
        ran(4, "unable", recipe="wiki"),
        ran(9, "rolled-back"),
        ran(10),
    )
    text = runs_text.markdown(listed(tmp_path, Request(since="7d")))
    assert text.splitlines()[0] == "### 2 of 3 runs failed, 2026-11-19 to 2026-11-26"
    assert "| 🔴 | <code>shop</code> | 3 | 2 " in text
    assert "| 1 of 2 | rolled\\-back" in text or "| 1 of 2 | rolled-back" in text
    assert text.count("Swarm rolled app back") == 1
    assert "2 times" in text
    assert "**Next:** raise the limit." in text
    assert "<code>ccci explain 000001</code>" in text
    assert "<code>0c865a4a</code>: failed 2 of 3 times" in text
    assert "<code>wiki</code>: 1 x unable" in text


def test_names_of_others_are_no_markup_in_the_report(tmp_path: Path) -> None:
    odd = "<img src=x>|\x1b[31m@everyone](http://x)"
    put(tmp_path, ran(1, "rolled-back", recipe=odd, summary=odd, hint=odd, service=odd, cause=odd))
    text = runs_text.markdown(listed(tmp_path, Request()))
    assert "<img" not in text
    assert "\x1b" not in text
    assert "](http" not in text
    row = next(line for line in text.splitlines() if line.startswith("| 🔴"))
    assert row.count(" | ") == 6


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        (["runs"], 0),
        (["runs", "--since", "7d", "shop", "--limit", "1"], 0),
        (["runs", "shop"], 0),
        (["runs", "shop", "--rates"], 0),
        (["runs", "--markdown", "--since", "1w"], 0),
        (["--json", "runs", "shop"], 0),
        (["runs", "--rates", "--markdown"], 2),
        (["--json", "runs", "--markdown"], 2),
        (["runs", "--verdict", "odd"], 2),
        (["runs", "--limit", "0"], 2),
        (["runs", "shop", "wiki"], 2),
    ],
)
def test_the_command_line(
    arguments: list[str], code: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CCCI_RUNS_DIR", str(put(tmp_path / "runs", ran(1, "rolled-back"), ran(2))))
    result = invoke(*arguments)
    assert result.exit_code == code
    assert "Traceback" not in result.output
    if code == 0 and "--rates" not in arguments and "--json" not in arguments:
        assert "000001" in result.output


def test_a_run_that_lives_is_told_from_one_that_was_killed(tmp_path: Path) -> None:
    living = runs.begin(tmp_path, "upgrade", "shop")
    put(tmp_path, replace(living.record, id="20261126-120000-dead00"))
    states = {each.record.id: each.state for each in listed(tmp_path, Request()).runs}
    assert states == {living.id: "being made", "20261126-120000-dead00": "killed"}


def test_a_time_of_long_ago_has_no_time_of_equal_length_before(tmp_path: Path) -> None:
    put(tmp_path, ran(1))
    for since in ("1000-01-01", "0001-01-03"):
        assert ids(listed(tmp_path, Request(since=since))) == [1]


def test_the_report_counts_what_is_not_listed_too(tmp_path: Path) -> None:
    put(tmp_path, *(ran(number, "unstable", head=HEAD) for number in (1, 2)), ran(3, head=HEAD))
    text = runs_text.markdown(listed(tmp_path, Request(limit=1)))
    assert "2 times" in text
    assert "failed 2 of 3 times" in text


def test_a_look_at_a_rollout_is_no_run_of_it() -> None:
    look = ran(1, "rolled-back", command="converge", deployed=False)
    assert rates.rates([look]) == ()
    for deployed in (True, None):
        assert rates.rates([replace(look, deployed=deployed)])[0].runs == 1
