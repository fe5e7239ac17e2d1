"""How much memory old and new tasks held, in numbers and in one line."""

from support.recordings import recorded, reopened

from ccci.report.memory import in_words, together
from ccci.report.model import document, read
from ccci.report.parts import Memory
from ccci.report.text import tell
from ccci.report.timeline import Bar, Side
from ccci.swarm.model import Sample

RECORDING = recorded("killed-beside-the-old-task")
MIB = 2**20


def bar(task: str, side: Side, *samples: tuple[int, int], until: str | None = None) -> Bar:
    made = tuple(Sample(f"t{at:03}", size) for at, size in samples)
    return Bar(task, "1", "node1", side, "t000", until=until, samples=made)


def test_what_lives_side_by_side_is_added_up_and_what_ended_is_not() -> None:
    old = bar("old", Side.OLD, (1, 10), (5, 20))
    first = bar("first", Side.NEW, (2, 100), until="t003")
    second = bar("second", Side.NEW, (4, 50))
    assert together([old, first, second]) == [
        ("t001", 10),
        ("t002", 110),
        ("t003", 10),
        ("t004", 60),
        ("t005", 70),
    ]


def test_a_kill_beside_the_old_task_is_told_with_its_numbers() -> None:
    report = reopened(RECORDING)
    app, db = report.services
    assert app.memory is not None
    assert (app.memory.node, app.memory.new_limit_bytes) == ("node1", 32 * MIB)
    assert app.memory.old_limit_bytes == 64 * MIB
    assert app.memory.new_peak_bytes is not None
    assert 20 * MIB < app.memory.new_peak_bytes < 32 * MIB
    assert app.memory.together_peak_bytes is not None
    assert app.memory.together_peak_bytes > app.memory.new_peak_bytes
    assert db.memory is not None
    (line,) = (each for each in tell(report).splitlines() if each.startswith("  memory"))
    assert line == f"  memory   {in_words(app.memory)}"
    assert read(document(report)).services == report.services


def test_words_say_what_is_known_alone() -> None:
    whole = Memory("node1", 2**31, 30 * MIB, 32 * MIB, 20 * MIB, None, 50 * MIB)
    assert in_words(whole) == (
        "new up to 30 MiB (limit 32 MiB), old up to 20 MiB, side by side 50 MiB, "
        "node1 has 2 GiB (as sampled)"
    )
    alone = Memory("node1", new_peak_bytes=5, together_peak_bytes=5)
    assert in_words(alone) == "new up to 5 B (as sampled)"


def test_where_nothing_was_sampled_nothing_is_told() -> None:
    report = reopened(recorded("oom"))
    assert [each.memory for each in report.services] == [None]
    assert "memory  " not in tell(report)


def test_what_ended_at_the_time_of_its_last_sample_holds_nothing() -> None:
    dead = bar("dead", Side.OLD, (1, 10), (3, 10), until="t003")
    assert together([dead, bar("new", Side.NEW, (4, 50))])[-1] == ("t004", 50)
