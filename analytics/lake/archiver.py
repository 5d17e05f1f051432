"""The archiver (归档): log → lake; rows and offsets in one commit, so twice is once."""

import asyncio
import logging
from collections.abc import AsyncIterator, Callable
from typing import NamedTuple

from analytics.lake.catalog import Lake, LakeError
from analytics.lake.counts import count_up
from analytics.lake.schema import INSERT, OFFSETS, batch_of, progress_of
from ledger.log.seam import Cut, Log, Record

COMMIT_EVENTS_MAX = 100_000
"""Events in one commit while catching up; about 100 MB of memory."""

COMPACT_COMMITS = 64
"""Commits between two merges of small files."""

COUNT_EVENTS_MIN = 50_000
"""Events that wait to be counted while the archiver follows the log; a rebuild reads these."""

IDLE_SECONDS = 0.5
ATTEMPTS = 5
RETRY_SECONDS = 0.2

_log = logging.getLogger(__name__)


class Progress(NamedTuple):
    """How far an archiver has come."""

    events: int
    """Events written by this archiver."""
    cut: Cut
    """The lake holds everything before this."""
    end: Cut
    """The log's end when this pass began."""


async def archive(
    log: Log,
    lake: Lake,
    *,
    once: bool = True,
    on_progress: Callable[[Progress], None] | None = None,
) -> Progress:
    """Bring the lake and its counts up to the log's end; with `once=False` go on until cancelled.

    Resumes from the lake's own offsets. Killed at any step and started again it writes no event
    twice and misses none; two archivers at once take turns.

    Raises:
        LakeError: a commit failed five times; the lake is as it was before it.

    """
    written = commits = 0
    while True:
        # The lake first: a rival may archive further while this one looks.
        start = await asyncio.to_thread(lake.cut, log.partitions)
        end = await log.end()
        done = Progress(written, start, end)
        for partition, (held, there) in enumerate(zip(start, end, strict=True)):
            if held > there:
                raise LakeError(
                    f"lake {lake.path} holds partition {partition} up to {held}, the log ends at "
                    f"{there}: it is the lake of another log; name another with --lake"
                )
        if any(a < b for a, b in zip(start, end, strict=True)):
            async for done in _catch_up(log, lake, start, end, written):
                commits += 1
                if on_progress:
                    on_progress(done)
                if commits % COMPACT_COMMITS == 0:
                    await asyncio.to_thread(lake.compact)
            written = done.events
        elif not once:
            await asyncio.sleep(IDLE_SECONDS)
            continue
        await _count(lake, log.partitions, least=1 if once else COUNT_EVENTS_MIN)
        if once:
            return done


async def _count(lake: Lake, partitions: int, least: int) -> None:
    """Count what was archived; what cannot be counted stops nobody, a rebuild reads it."""
    try:
        await asyncio.to_thread(count_up, lake, partitions, least)
    except LakeError:
        _log.exception("facts are archived, but not counted")


async def _catch_up(
    log: Log, lake: Lake, start: Cut, end: Cut, written: int
) -> AsyncIterator[Progress]:
    """Commit [start, end) in large pieces, telling the progress after each."""
    held: list[Record] = []
    reached = list(start)
    async for records in log.scan(start, end):
        held.extend(records)
        reached[records[-1].partition] = records[-1].offset + 1
        if len(held) >= COMMIT_EVENTS_MAX:
            written += await _commit(lake, held, tuple(reached))
            yield Progress(written, tuple(reached), end)
            held = []
    # Behind the last event a log may have offsets without events (Kafka's markers).
    written += await _commit(lake, held, end)
    yield Progress(written, end, end)


async def _commit(lake: Lake, records: list[Record], reached: Cut) -> int:
    for attempt in range(1, ATTEMPTS + 1):
        try:
            return await asyncio.to_thread(commit, lake, records, reached)
        except LakeError:
            if attempt == ATTEMPTS:
                raise
            await asyncio.sleep(RETRY_SECONDS * attempt)
    raise AssertionError  # The loop returns or raises.


def commit(lake: Lake, records: list[Record], reached: Cut) -> int:
    """Write those of `records` that the lake lacks, and its new offsets; give how many.

    Raises:
        LakeError: nothing was written.

    """
    with lake.writing():
        has = lake.cut(len(reached) - 1)
        new = [r for r in records if r.offset >= has[r.partition]]
        until = {p: to for p, (to, held) in enumerate(zip(reached, has, strict=True)) if to > held}
        if not until:
            return 0
        lake.commit(
            [(INSERT, None), (OFFSETS, None)],
            {"batch": batch_of(new), "progress": progress_of(until)},
        )
    return len(new)
