"""How much memory old and new tasks held, alone and side by side, where it was sampled. Pure."""

from collections.abc import Iterable

from ccci.host import sizes
from ccci.report.parts import Memory
from ccci.report.timeline import Bar, Lane, Side, Timeline


def of_lane(lane: Lane, timeline: Timeline) -> Memory | None:
    """Return what the tasks of a lane held, None where none was sampled."""
    sampled = [bar for bar in lane.bars if bar.samples]
    if not sampled:
        return None
    node = sampled[-1].node
    here = [bar for bar in sampled if bar.node == node]
    new, old = ([bar for bar in here if bar.side is side] for side in (Side.NEW, Side.OLD))
    return Memory(
        node,
        dict(timeline.memory).get(node),
        _peak(new),
        _limit(new),
        _peak(old),
        _limit(old),
        max((size for _, size in together(here)), default=None),
    )


def together(bars: Iterable[Bar]) -> list[tuple[str, int]]:
    """Return the sum of what tasks held, at each moment of a sample or of an end."""
    changes: list[tuple[str, str, int]] = []
    for bar in bars:
        changes += [(each.at, bar.task, each.bytes) for each in bar.samples]
        if bar.until is not None and bar.samples:
            changes.append((max(bar.until, bar.samples[-1].at), bar.task, 0))
    held: dict[str, int] = {}
    sums = []
    # An end comes behind a sample of the same time: a dead task holds nothing.
    for at, task, size in sorted(changes, key=lambda each: (each[0], each[1], each[2] == 0)):
        held[task] = size
        sums.append((at, sum(held.values())))
    return sums


def _peak(bars: list[Bar]) -> int | None:
    return max((each.bytes for bar in bars for each in bar.samples), default=None)


def _limit(bars: list[Bar]) -> int | None:
    return max((bar.limit for bar in bars if bar.limit), default=None)


def in_words(memory: Memory) -> str:
    """Return it in one line."""
    parts = [
        f"{side.value} up to {sizes.told(peak)}{f' (limit {sizes.told(limit)})' if limit else ''}"
        for side, peak, limit in (
            (Side.NEW, memory.new_peak_bytes, memory.new_limit_bytes),
            (Side.OLD, memory.old_peak_bytes, memory.old_limit_bytes),
        )
        if peak is not None
    ]
    if len(parts) > 1 and memory.together_peak_bytes is not None:
        parts.append(f"side by side {sizes.told(memory.together_peak_bytes)}")
    if memory.node_bytes:
        parts.append(f"{memory.node} has {sizes.told(memory.node_bytes)}")
    return f"{', '.join(parts)} (as sampled)"
