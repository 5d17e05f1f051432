"""Counts (计数): what each fact adds to each sum, written down once, beside the facts.

A rebuild is then one `GROUP BY` over narrow columns. Counts are no truth of their own: they are
made from the facts of the lake, by the SQL that a rebuild without them runs; `false_counts` makes
them again and compares. Counts by other measures are never used, and are replaced by the next
`taizhang archive` (decision 0011).
"""

from analytics.lake.catalog import Lake
from analytics.lake.rebuild import (
    BOUNDS,
    at_cut,
    counts_version,
    cut_sql,
    found_sql,
    read_facts,
    use_counts,
)
from ledger.log.seam import Cut
from ledger.rules.measures import MEASURES

COUNT_EVENTS_MAX = 260_000
"""Events counted in one commit; about 300 MB of memory."""

FORGET = ("DELETE FROM lake.counts", "DELETE FROM lake.counted")
KEEP = "INSERT INTO lake.counts SELECT * FROM found"
REACHED = """
INSERT INTO lake.counted SELECT "partition", until, $version FROM cut WHERE since < until
"""

COUNTED_FACTS = "UPDATE cut SET until = since, since = 0"
"""After `use_counts`: read the facts that are counted, instead of the others."""

FALSE = """
SELECT
  "partition" || ':' || "offset" AS what,
  concat_ws('|', code, hour, centre, "window") || ': ' || sum(counted)
    || ' is counted, the fact says ' || sum(said) AS finding
FROM (
  SELECT c.* EXCLUDE (amount), c.amount AS counted, 0 AS said
  FROM counts AS c
  JOIN cut USING ("partition")
  WHERE c."offset" < cut.until
  UNION ALL
  SELECT * EXCLUDE (amount), 0, amount FROM found
)
GROUP BY "partition", "offset", code, hour, centre, "window"
HAVING sum(counted) <> sum(said)
ORDER BY "partition", "offset", finding
"""


def count_up(lake: Lake, partitions: int, least: int = 1) -> int:
    """Count what the lake holds and has not counted by today's measures; give how many events.

    Nothing is done for fewer than `least` events. Killed at any step, the next call goes on from
    the last commit. What was counted by other measures is forgotten first.

    Raises:
        LakeError: a commit failed; those before it stay.

    """
    version, total = counts_version(MEASURES), 0
    while True:
        with lake.writing():
            if lake.sql("SELECT 1 FROM counted WHERE version <> $1 LIMIT 1", [version]):
                lake.commit([(statement, None) for statement in FORGET], {})
            since, until = _next(lake, partitions)
            events = sum(until) - sum(since)
            if events < (1 if total else least):
                return total
            lake.commit([
                *cut_sql(until, since),
                *((statement, None) for statement in (*found_sql(MEASURES), KEEP)),
                (REACHED, {"version": version}),
            ], {})  # fmt: skip
        total += events


def _next(lake: Lake, partitions: int) -> tuple[Cut, Cut]:
    """Give the stretch [since, until) to be counted next; as much of it as fits a commit."""
    con = at_cut(lake, lake.cut(partitions))
    try:
        use_counts(con, MEASURES)
        rows = con.execute('SELECT since, until FROM cut ORDER BY "partition"').fetchall()
    finally:
        con.close()
    step = COUNT_EVENTS_MAX // (partitions + 1)
    return tuple(row[0] for row in rows), tuple(min(row[1], row[0] + step) for row in rows)


def false_counts(lake: Lake, cut: Cut, limit: int) -> list[tuple[str, str, str]]:
    """Give ("counts", position, finding) where a count is not what its fact says; at most `limit`.

    Every fact before `cut` that is counted is read and counted again.

    Raises:
        LakeError: the lake cannot be read.

    """
    con = at_cut(lake, cut)
    try:
        if not use_counts(con, MEASURES):
            return []
        con.execute(COUNTED_FACTS)
        con.execute(";".join(BOUNDS))
        read_facts(con, MEASURES)
        found = con.execute(FALSE).fetchmany(limit)
        return [("counts", str(what), str(finding)) for what, finding in found]
    finally:
        con.close()
