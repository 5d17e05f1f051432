"""The second road (第二条路): every indicator by hand-written SQL over what the sources said.

Each file of `queries/` gives what counts, one row (code, moment, centre, window, amount) each;
`CELLS` adds it up. Those of `queries/prelude/` become tables of their name, in order, for the
others to read. None of them may read a stamp (tests/agreement looks).
"""

from pathlib import Path

from analytics.lake.catalog import Connection, Lake
from analytics.lake.rebuild import Cells, at_cut, cells
from ledger.log.seam import Cut

QUERIES = Path(__file__).parent / "queries"
CHECKS = Path(__file__).parent / "checks"


CELLS = """
SELECT
  code, unnest(CASE WHEN hour IS NULL THEN [''] WHEN daily THEN [strftime(hour, '%Y-%m-%d')] ELSE
    [strftime(hour, '%Y-%m-%dT%H'), strftime(hour, '%Y-%m-%d')] END) AS bucket,
  centre, "window", total
FROM (
  SELECT
    code, typeof(moment) = 'DATE' AS daily, date_trunc('hour', moment) AS hour,
    coalesce(centre, '') AS centre, coalesce("window", '') AS "window",
    CAST(sum(amount) AS BIGINT) AS total
  FROM ({query})
  GROUP BY ALL
)
"""
"""What counts, by local hour and by local day of its moment: by day only where the moment is a
DATE; without a moment it is a level."""


def prelude() -> list[tuple[str, Path]]:
    """Give (table, file) in the order in which they build on each other."""
    return [(path.stem.partition("_")[2], path) for path in sorted(QUERIES.glob("prelude/*.sql"))]


def indicators() -> list[Path]:
    """Give the files of the indicators."""
    return sorted(QUERIES.glob("*.sql"))


def second_road(lake: Lake, cut: Cut) -> Cells:
    """Give every cell that is not zero at `cut`, by hand-written SQL.

    Raises:
        LakeError: the lake cannot be read.

    """
    con = at_cut(lake, cut)
    try:
        prepare(con)
        sums: Cells = {}
        for path in indicators():
            query = path.read_text(encoding="utf-8")
            for cell, amount in cells(con.execute(CELLS.format(query=query)).fetchall()).items():
                sums[cell] = sums.get(cell, 0) + amount
        return sums
    finally:
        con.close()


def prepare(con: Connection) -> None:
    """Make the tables of the prelude, at the cut of `con`."""
    for table, path in prelude():
        query = path.read_text(encoding="utf-8")
        con.execute(f"CREATE OR REPLACE TEMP TABLE {table} AS {query}")


def broken_checks(lake: Lake, cut: Cut, limit: int) -> list[tuple[str, str, str]]:
    """Give (check, what, finding) of the queries that must return no rows; at most `limit` each.

    Raises:
        LakeError: the lake cannot be read.

    """
    con = at_cut(lake, cut)
    try:
        return [
            (path.stem, str(what), str(finding))
            for path in sorted(CHECKS.glob("*.sql"))
            for what, finding in con.execute(path.read_text(encoding="utf-8")).fetchmany(limit)
        ]
    finally:
        con.close()
