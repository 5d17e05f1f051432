"""`taizhang bench rebuild`: every sum from the lake by SQL, beside the same fold in Python.

The fold begins with the stored events: read from the lake, decoded, folded. The rebuild adds up
what the archiver counted of each event, and is run once more from the events alone. All three end
with all cells, which have to be equal. A simulated day of a small city is multiplied until there
are as many events as asked for: eight copies make a day of a large one, and lie at later offsets
of the same partitions.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple, TypeVar

from analytics.lake.catalog import Lake
from analytics.lake.counts import count_up
from analytics.lake.rebuild import Cells, rebuild
from analytics.lake.schema import INSERT, OFFSETS, progress_of
from ledger.contracts.wire import decode
from ledger.log.seam import Cut

T = TypeVar("T")
Fold = Callable[[dict[str, int], Mapping[str, Any]], None]

COPIES_A_DAY = 8
COPIES_A_COMMIT = 10

COPIES = """
CREATE OR REPLACE TEMP TABLE batch AS
SELECT
  e."partition", e."offset" + n * span AS "offset",
  replace(decode(e.raw), strftime($day, '%Y-%m-%d'),
    strftime($day + CAST(n // $a_day AS INTEGER), '%Y-%m-%d')) AS body,
  encode(body) AS raw, e.chain
FROM lake.events AS e
JOIN (SELECT unnest(range(len($cut))) AS "partition", unnest($cut) AS span) USING ("partition")
JOIN range($first, $until) AS more(n) ON true
WHERE e."offset" < span
"""
PAGE = 50_000


def bench_rebuild(lake: Lake, partitions: int, n: int, fold: Fold) -> dict[str, Any]:
    """Measure both over at least `n` events and check that they come to the same cells.

    Raises:
        RuntimeError: they do not.

    """
    cut = _grow(lake, partitions, n)
    events = lake.sql("SELECT count(*) FROM events")[0][0]
    counting, _ = _timed(lambda: count_up(lake, partitions))
    ours, sql = _timed(lambda: rebuild(lake, cut))
    facts, read = _timed(lambda: rebuild(lake, cut, from_facts=True))
    peer, python = _timed(lambda: _folded(lake, fold))
    if not sql == read == python:
        message = f"{len(sql)} cells by SQL, {len(read)} from the facts, {len(python)} by the fold"
        raise RuntimeError(message + ", and they differ")
    return {
        "bench": "rebuild", "unit": "events/s", "ours": round(events / ours.wall),
        "peers": {"fold in Python": round(events / peer.wall)},
        "ratio": {"fold in Python": round(peer.wall / ours.wall, 1)},
        "n": events, "cells": len(sql), "seconds": round(ours.wall, 2),
        "cpu_seconds": {"ours": round(ours.cpu, 2), "fold in Python": round(peer.cpu, 2),
                        "from facts": round(facts.cpu, 2), "counting": round(counting.cpu, 2)},
        "from_facts": round(events / facts.wall), "counting": round(events / counting.wall),
    }  # fmt: skip


class _Took(NamedTuple):
    wall: float
    cpu: float
    """Seconds of this process, all threads."""


def _timed(work: Callable[[], T]) -> tuple[_Took, T]:
    wall, cpu = time.perf_counter(), time.process_time()
    done = work()
    return _Took(time.perf_counter() - wall, time.process_time() - cpu), done


def _grow(lake: Lake, partitions: int, n: int) -> Cut:
    """Multiply the events of the lake to at least `n`; give the cut behind all of them."""
    has, day = lake.sql("SELECT count(*), mode(CAST(occurred_local AS DATE)) FROM events")[0]
    cut, copies = lake.cut(partitions), -(-n // has)
    for first in range(1, copies, COPIES_A_COMMIT):
        until = min(copies, first + COPIES_A_COMMIT)
        asked = {"cut": list(cut), "day": day, "a_day": COPIES_A_DAY, "first": first,
                 "until": until}  # fmt: skip
        reached = progress_of({p: end * until for p, end in enumerate(cut)})
        with lake.writing():
            lake.commit([(COPIES, asked), (INSERT, None), (OFFSETS, None)], {"progress": reached})
    return tuple(end * copies for end in cut)


def _folded(lake: Lake, fold: Fold) -> Cells:
    """Give what the live fold comes to, one decoded event after another."""
    sums: Cells = {}
    con = lake.connection()
    try:
        rows = con.execute("SELECT raw FROM events")
        while page := rows.fetchmany(PAGE):
            for (raw,) in page:
                fold(sums, decode(raw))
    finally:
        con.close()
    return {cell: amount for cell, amount in sums.items() if amount}
