"""Reconcile (对账): the live sums, the rebuild and hand-written SQL, at exactly one cut.

Three ways to one number. Which one stands alone says where to look: the views, the stamps, or the
measures. Zero and absent are equal.
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from analytics.assessment.second_road import broken_checks, second_road
from analytics.lake.catalog import Lake, LakeError
from analytics.lake.counts import false_counts
from analytics.lake.rebuild import Cells, rebuild
from ledger.log.seam import Cut

HOURS_COMPARED_DAYS = 7
"""Hour cells older than this are left out: the live side may drop them after 8 days."""

DAYS_COMPARED_DAYS = 399
"""Day cells older than this are left out: the live side may drop them after 400 days."""

DIFFERENCES_MAX = 1000
HOUR_LENGTH = len("2020-06-01T09")


class BehindError(LakeError):
    """The lake does not reach the cut of the views: archive first, then reconcile again."""


class SplitCutError(LakeError):
    """The picture was taken in the middle of a correction: take the next one."""


class Difference(NamedTuple):
    """One cell on which the three do not agree, or one broken check."""

    code: str
    bucket: str
    centre: str
    window: str
    live: int
    rebuilt: int
    sql: int
    suspect: str


def reconcile(
    views_sums: Mapping[str, int], view_cut: Cut, lake: Lake, *, now: str = ""
) -> dict[str, Any]:
    """Compare the live sums with the lake at the cut they were folded to.

    `now` is the ledger's time of the picture (ISO 8601; "" = the newest hour): older buckets
    than the live side keeps are left out. Gives `{equal, cut, indicators, cells, differences}`;
    at most 1,000 differences are listed, `differing` counts them all.

    Raises:
        BehindError: archive first.
        SplitCutError: take the next picture.
        LakeError: the lake cannot be read.

    """
    check_cut(lake, view_cut)
    rebuilt, sql = rebuild(lake, view_cut), second_road(lake, view_cut)
    kept = _kept({*views_sums, *rebuilt, *sql}, now)
    found = [each for cell in sorted(kept) if (each := _difference(cell, views_sums, rebuilt, sql))]
    found += [
        Difference(f"check:{check}", "", what, "", 0, 0, 0, finding)
        for check, what, finding in (
            *broken_checks(lake, view_cut, DIFFERENCES_MAX),
            *false_counts(lake, view_cut, DIFFERENCES_MAX),
        )
    ]
    return {
        "equal": not found,
        "cut": list(view_cut),
        "indicators": len({cell.partition("|")[0] for cell in kept}),
        "cells": len(kept),
        "differing": len(found),
        "differences": [each._asdict() for each in found[:DIFFERENCES_MAX]],
    }


def check_cut(lake: Lake, cut: Cut) -> None:
    """Refuse a cut that the lake cannot answer exactly.

    Raises:
        BehindError: the lake lacks events before the cut, or reference facts they adopted.
        SplitCutError: the event behind the cut restates one before it, or is a breach found out
            in the batch of one before it.

    """
    partitions = len(cut) - 1
    has = lake.cut(partitions)
    for partition, (wanted, held) in enumerate(zip(cut, has, strict=True)):
        if held < wanted:
            raise BehindError(
                f"the lake holds partition {partition} up to {held}, the views are at {wanted}; "
                "run `taizhang archive --once`"
            )
    adopted = lake.sql(
        "SELECT max(CAST(json_extract_string(data, '$.offset') AS BIGINT)) FROM events "
        "WHERE type = 'reference.adopted'"
    )[0][0]
    if (adopted or 0) > has[partitions]:
        raise BehindError(
            f"the lake holds reference data up to {has[partitions]}, {adopted} is in use; "
            "run `taizhang archive --once`"
        )
    split = lake.sql(
        'SELECT next."partition", next."offset" FROM ('
        '  SELECT e."partition", e."offset", e.type, e.source_class, e.source_system'
        "  FROM events AS e"
        '  JOIN (SELECT unnest(range(len($cut))) AS "partition", unnest($cut) AS until) AS cut'
        '  USING ("partition") WHERE e."offset" >= cut.until'
        '  QUALIFY row_number() OVER (PARTITION BY e."partition" ORDER BY e."offset") = 1'
        ") AS next WHERE ends_with(next.type, '.event_restamped') "
        "OR (next.source_class = 'system'"
        " AND next.type IN ('case.clock_breached', 'case.event_voided', 'case.event_amended',"
        " 'rating.clock_breached', 'rating.event_voided',"
        " 'agent.clock_breached', 'agent.event_voided',"
        " 'inspection.clock_breached', 'inspection.event_voided'))"
        # A tick's batch begins with clock.ticked.
        " OR (next.source_system = 'clock' AND next.type <> 'clock.ticked')",
        {"cut": list(cut)},
    )
    if split:
        raise SplitCutError(
            f"the cut lies in the middle of a correction at {split[0][0]}:{split[0][1]}; "
            "take the next picture"
        )


def _kept(names: set[str], now: str) -> set[str]:
    """Give the cells that both sides still keep."""
    buckets = {name: name.split("|", 2)[1] for name in names}
    # Not the days: registers (登记簿) are kept under days to come, on which something is due.
    hours = (bucket for bucket in buckets.values() if len(bucket) == HOUR_LENGTH)
    newest = max([now[:HOUR_LENGTH], *hours])
    if not newest:
        return names
    instant = datetime.fromisoformat(newest + ":00")
    hour = (instant - timedelta(HOURS_COMPARED_DAYS)).strftime("%Y-%m-%dT%H")
    day = (instant - timedelta(DAYS_COMPARED_DAYS)).strftime("%Y-%m-%d")
    return {
        name
        for name, bucket in buckets.items()
        if not bucket or bucket >= (hour if len(bucket) == HOUR_LENGTH else day)
    }


def _difference(
    cell: str, live: Mapping[str, int], rebuilt: Cells, sql: Cells
) -> Difference | None:
    a, b, c = live.get(cell, 0), rebuilt.get(cell, 0), sql.get(cell, 0)
    if a == b == c:
        return None
    if b == c:
        suspect = "views: the live sum stands alone (an event lost or counted twice)"
    elif a == b:
        suspect = "stamps: both sums of stamps differ from what the sources said"
    elif a == c:
        suspect = "rebuild: the compiled measures stand alone"
    else:
        suspect = "more than one: all three differ"
    code, bucket, centre, window = cell.split("|", 3)
    return Difference(code, bucket, centre, window, a, b, c, suspect)
