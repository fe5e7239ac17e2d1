import resource
import sys
import threading

import pytest

from ccci.errors import CommandFailed
from ccci.host.clock import monotonic
from ccci.host.gathering import LONGEST_LINE
from ccci.host.process import Running, run

pytestmark = pytest.mark.slow

ENDLESS = "import sys\nwhile True: sys.{}.write('x' * 65536)"


@pytest.mark.parametrize("stream", ["stdout", "stderr"])
def test_a_tool_that_prints_without_end_is_ended_and_takes_no_memory(stream: str) -> None:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(CommandFailed, match="printed more than 100000 bytes"):
        run((sys.executable, "-c", ENDLESS.format(stream)), most=100_000)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 20_000


def test_a_tool_that_drips_or_leaves_its_streams_to_a_child_is_ended_in_time() -> None:
    drips = "import time\nwhile True: print('x', flush=True); time.sleep(0.1)"
    for script in (drips, "import os, time\nif os.fork(): os._exit(0)\ntime.sleep(60)"):
        began = monotonic()
        with pytest.raises(CommandFailed, match=r"did not end within 0\.5 s"):
            run((sys.executable, "-c", script), timeout=0.5)
        assert monotonic() - began < 15


def test_a_tool_that_closes_its_streams_and_stays_is_ended_in_time() -> None:
    with pytest.raises(CommandFailed, match=r"did not end within 0\.5 s"):
        run(("sh", "-c", "exec >&- 2>&-; sleep 60"), timeout=0.5)


def test_bytes_that_are_no_text_and_ends_of_lines_come_through() -> None:
    said = run((sys.executable, "-c", "import os; os.write(1, b'a\\r\\n\\xff\\n')"))
    assert said.stdout == "a\n\ufffd\n"


def test_a_line_of_command_that_never_ends_is_handed_on_in_pieces() -> None:
    lines: list[str] = []
    many = threading.Event()

    def take(line: str) -> None:
        lines.append(line)
        if len(lines) > 20:
            many.set()

    running = Running((sys.executable, "-c", ENDLESS.format("stdout")), lines=take)
    assert many.wait(20)
    running.end(1.0)
    assert {len(line) for line in lines[:20]} == {LONGEST_LINE}
    long = "x" * (3 * LONGEST_LINE + 5)
    lines.clear()
    script = f"print('{long}')\nprint('short')"
    running = Running((sys.executable, "-c", script), lines=lines.append)
    assert running.wait(20) == 0
    assert "".join(lines) == f"{long}short"
    assert lines[-1] == "short"


@pytest.mark.parametrize("before", [LONGEST_LINE - 20, LONGEST_LINE - 5, 3 * LONGEST_LINE - 9])
@pytest.mark.parametrize("end", ["\\n", ""])
def test_a_long_line_is_cut_within_no_secret(before: int, end: str) -> None:
    lines: list[str] = []
    script = (
        f"import sys, time\nsys.stdout.write('x' * {before} + 'sword')\nsys.stdout.flush()\n"
        f"sys.stdout.write('fish-4711' + 'y' * 40000 + '{end}')"
    )
    running = Running(
        (sys.executable, "-c", script), lines=lines.append, masks=lambda: ["swordfish-4711"]
    )
    assert running.wait(20) == 0
    assert "".join(lines) == f"{'x' * before}swordfish-4711{'y' * 40000}"
    assert any("swordfish-4711" in line for line in lines)
    assert max(map(len, lines)) <= LONGEST_LINE
