"""`taizhang bench rebuild`: every sum from the lake by SQL, beside the same fold in Python.

Both begin with the stored events and end with all cells, which have to be equal. The lake of a
simulated day is multiplied until it holds as many events as asked for: the copies lie at later
offsets of the same partitions.
"""

import time
from collections.abc import Callable, Mapping
from typing import Any

from analytics.lake.catalog import Lake
from analytics.lake.rebuild import Cells, rebuild
from ledger.contracts.wire import decode
from ledger.log.seam import Cut

Fold = Callable[[dict[str, int], Mapping[str, Any]], None]

COPIES = """
INSERT INTO lake.events
SELECT e.* REPLACE (e."offset" + n * {span} AS "offset")
FROM lake.events AS e, range(1, {copies}) AS more(n)
"""
PAGE = 50_000


def bench_rebuild(lake: Lake, partitions: int, n: int, fold: Fold) -> dict[str, Any]:
    """Measure both over at least `n` events and check that they come to the same cells.

    Raises:
        RuntimeError: they do not.

    """
    cut = _grow(lake, partitions, n)
    events = lake.sql("SELECT count(*) FROM events")[0][0]
    began = time.perf_counter()
    sql = rebuild(lake, cut)
    rebuilt = time.perf_counter()
    python = _folded(lake, fold)
    folded = time.perf_counter()
    if sql != python:
        message = f"{len(sql)} cells by SQL, {len(python)} by the fold, and they differ"
        raise RuntimeError(message)
    ours, peer = events / (rebuilt - began), events / (folded - rebuilt)
    return {
        "bench": "rebuild", "unit": "events/s", "ours": round(ours),
        "peers": {"fold in Python": round(peer)},
        "ratio": {"fold in Python": round(ours / peer, 1)},
        "n": events, "cells": len(sql), "seconds": round(rebuilt - began, 2),
    }  # fmt: skip


def _grow(lake: Lake, partitions: int, n: int) -> Cut:
    """Multiply the events of the lake to at least `n`; give the cut behind all of them."""
    has, cut = lake.sql("SELECT count(*) FROM events")[0][0], lake.cut(partitions)
    span, copies = max(cut), -(-n // has)
    with lake.writing():
        lake.commit([(COPIES.format(span=span, copies=copies), None)], {})
    return tuple(end + (copies - 1) * span for end in cut)


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
