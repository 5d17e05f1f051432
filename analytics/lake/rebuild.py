"""Rebuild (重算): the table of measures as DuckDB SQL, every cell at a cut; no Python per event.

From the same `MEASURES` as the live fold, over stamps, by `SUM`. A restated fact is taken out of
its old cells and put into its new ones (law 5 of design.md). What each fact counts is written
down once, when it is archived (`lake/counts.py`); what is not, or was counted by other measures,
is read from the facts.
"""

import hashlib
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any

import orjson

from analytics.lake.catalog import Connection, Lake
from ledger.log.seam import Cut
from ledger.rules.measure import fields
from ledger.rules.measures import MEASURES, Measure, Where

COLUMNS = {"recordedat": "recorded_at", "latereason": "late_reason"}
"""Attribute of the wire → its column of the lake, where the names differ."""

Cells = dict[str, int]
"""Cell `code|bucket|centre|window` → sum; zero is absent."""

RESTATED = """
WITH pairs AS (
  SELECT
    e."partition", e."offset", e.id, e.recorded_at AS known_at, unnest([-1, 1]) AS sign,
    unnest([json_extract(e.data, '$.before'), json_extract(e.data, '$.after')]) AS fact
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" >= cut.since AND e."offset" < cut.until
    AND e."offset" BETWEEN getvariable('least') AND getvariable('most')
    AND ends_with(e.type, '.event_restamped')
), spelled AS (
  SELECT "partition", "offset", id, known_at, sign,
    json_transform(fact, '{"type": "VARCHAR", "time": "VARCHAR",
    "centre": "VARCHAR", "window": "VARCHAR", "dept": "VARCHAR", "channel": "VARCHAR",
    "subject": "VARCHAR", "streamversion": "INTEGER", "recordedat": "VARCHAR",
    "latereason": "VARCHAR", "data": {"data": "JSON", "stamp": "JSON"}}') AS f
  FROM pairs
  WHERE json_type(fact) = 'OBJECT'
)
SELECT
  "partition", "offset", id, known_at, split_part(f.subject, '/', 1) AS stream,
  substr(f.subject, strpos(f.subject, '/') + 1) AS stream_key, f.streamversion AS version,
  sign, f.type, timezone('Asia/Shanghai', TRY_CAST(f.time AS TIMESTAMPTZ)) AS occurred_local,
  f.centre, f."window", f.dept, f.channel, TRY_CAST(f.recordedat AS TIMESTAMPTZ) AS recorded_at,
  f.latereason AS late_reason,
  CAST(f.data.data AS VARCHAR) AS data, CAST(f.data.stamp AS VARCHAR) AS stamp
FROM spelled
"""
"""Facts as they counted before a correction (sign −1) and after it (+1)."""

RECORDED = """
SELECT
  e."partition", e."offset", e.id, e.recorded_at AS known_at, e.stream, e.stream_key, e.version,
  1 AS sign, e.type, e.occurred_local, e.centre, e."window", e.dept, e.channel, e.recorded_at,
  e.late_reason, e.data, e.stamp
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" >= cut.since AND e."offset" < cut.until
  AND e."offset" BETWEEN getvariable('least') AND getvariable('most')
"""

COUNTS_COLUMNS = (
    '"partition" SMALLINT, "offset" BIGINT, code VARCHAR, hour TIMESTAMP, centre VARCHAR, '
    '"window" VARCHAR, amount BIGINT'
)
"""What a fact adds to a sum: its position, the sum, how much. Without an hour it is a level."""

COUNTED = """
  SELECT c.code, c.hour, c.centre, c."window", c.amount
  FROM counts AS c
  JOIN cut USING ("partition")
  WHERE c."offset" < cut.since
  UNION ALL"""
"""What is counted of the facts before those that are read."""
NONE = ""

HOURS = """
CREATE OR REPLACE TEMP TABLE hours AS
SELECT code, hour, centre, "window", CAST(sum(amount) AS BIGINT) AS total
FROM ({counts}
  SELECT code, hour, centre, "window", amount FROM found)
GROUP BY ALL
"""
"""A table, not a common table expression: over four million counts in twelve files DuckDB 1.5.5
parks all its threads for ever and hears no interrupt (duckdb issue 24961: a union over one
expression, one arm of it with NOT IN). Smaller lakes do not show it; `taizhang bench rebuild` does.
"""

SUMS = """
WITH days AS (
  SELECT code, CAST(hour AS DATE) AS day, centre, "window", CAST(sum(total) AS BIGINT) AS total
  FROM hours
  WHERE hour IS NOT NULL
  GROUP BY ALL
)
SELECT
  concat_ws('|', code, coalesce(strftime(hour, '%Y-%m-%dT%H'), ''), centre, "window"), total
FROM hours
WHERE total <> 0 AND code NOT IN ({daily})
UNION ALL
SELECT concat_ws('|', code, strftime(day, '%Y-%m-%d'), centre, "window"), total
FROM days
WHERE total <> 0
"""
"""Rows (cell, sum); `daily` = the codes without hours."""

BEHIND_COUNTS = """
UPDATE cut SET since = least(cut.until, counted.until)
FROM (
  SELECT "partition", max(until) AS until FROM counted WHERE version = $version GROUP BY ALL
) AS counted
WHERE cut."partition" = counted."partition"
"""

BOUNDS = (
    "SET VARIABLE least = coalesce((SELECT min(since) FROM cut WHERE since < until), 0)",
    "SET VARIABLE most = coalesce((SELECT max(until) FROM cut WHERE since < until), 0)",
)
"""Constants by which DuckLake leaves out files, and Parquet row groups, of other offsets."""


def contributions_sql(measures: Sequence[Measure], more: str = "id", since: str = "true") -> str:
    """Give the statement for `contributions`: what counts, each JSON parsed once for all fields.

    `more`: further expressions with their names over partition, offset, id, known_at, stream,
    stream_key, version and data, for `day_sql` to keep; `since`: a condition on the same. A
    correction's `before` and `after` are known since the correction, and are of the stream and
    version that they restate.
    """
    kinds = ", ".join(sorted({_text(m.event) for m in measures}))
    spelled = ", ".join(
        f"json_transform({room}, {_text(_struct(_fields(measures, room)))}) AS {room}"
        for room in ("data", "stamp")
    )
    return f"""
CREATE OR REPLACE TEMP TABLE contributions AS
SELECT
  {more}, sign, CAST(type AS ENUM({kinds})) AS type, occurred_local, centre, "window", dept,
  channel, recorded_at, late_reason, {spelled}
FROM (({RECORDED}) UNION ALL ({RESTATED}))
WHERE type IN ({kinds}) AND {since}
"""  # noqa: S608 (compiled from our own table of measures)


def rebuild(
    lake: Lake, cut: Cut, measures: Iterable[Measure] = MEASURES, *, from_facts: bool = False
) -> Cells:
    """Give every cell that is not zero at `cut`.

    What was counted by just these measures is added up, the rest is read from the facts; with
    `from_facts` everything is.

    Raises:
        LakeError: the lake cannot be read.

    """
    con = at_cut(lake, cut)
    try:
        table = list(measures)
        counted = not from_facts and use_counts(con, table)
        read_facts(con, table)
        daily = ", ".join([_text(m.code) for m in table if m.daily] or ["''"])
        con.execute(HOURS.format(counts=COUNTED if counted else NONE))
        return dict(con.execute(SUMS.format(daily=daily)).fetchall())
    finally:
        con.close()


def read_facts(con: Connection, measures: Sequence[Measure]) -> None:
    """Make the table `found` of what the facts of [since, until) count, as in `lake.counts`."""
    table, *rest = found_sql(measures)
    con.execute(table)
    if con.execute("SELECT 1 FROM cut WHERE since < until").fetchall():
        for statement in rest:
            con.execute(statement)


def at_cut(lake: Lake, cut: Cut, since: Cut = ()) -> Connection:
    """Give a connection with the table cut(partition, since, until); close it after use.

    All its queries see the lake at one instant: they are one transaction, never committed.
    `since`: where the facts to be read begin; without it at the beginning.
    """
    con = lake.connection()
    con.execute("BEGIN")
    for statement, parameters in cut_sql(cut, since):
        con.execute(statement, parameters)
    return con


def cut_sql(cut: Cut, since: Cut = ()) -> list[tuple[str, Any]]:
    """Give the statements (with parameters) that make the table `cut`."""
    since = since or tuple(0 for _ in cut)
    table = """
CREATE OR REPLACE TEMP TABLE cut AS
SELECT
  CAST(unnest(range(len($cut))) AS SMALLINT) AS "partition",
  unnest(CAST($since AS BIGINT[])) AS since, unnest(CAST($cut AS BIGINT[])) AS until"""
    return [(table, {"cut": list(cut), "since": list(since)}), *((each, None) for each in BOUNDS)]


def use_counts(con: Connection, measures: Sequence[Measure]) -> bool:
    """Let the facts to be read begin behind what is counted by these measures.

    False: the lake was written before there were counts, and everything is to be read.
    """
    there = "SELECT 1 FROM duckdb_tables() WHERE database_name = 'lake' AND table_name = 'counted'"
    if not con.execute(there).fetchall():
        return False
    con.execute(BEHIND_COUNTS, {"version": counts_version(measures)})
    con.execute(";".join(BOUNDS))
    return True


def counts_version(measures: Iterable[Measure]) -> str:
    """Give 16 hex digits of the SQL by which facts are counted: other SQL, other counts."""
    return hashlib.sha256("".join(found_sql(list(measures))).encode()).hexdigest()[:16]


def cells(rows: Iterable[tuple[str, str, str, str, int]]) -> Cells:
    """Give cells from rows (code, bucket, centre, window, sum); zeros are left out."""
    sums: Cells = {}
    for code, bucket, centre, window, amount in rows:
        key = f"{code}|{bucket}|{centre}|{window}"
        sums[key] = sums.get(key, 0) + int(amount)
    return {key: amount for key, amount in sums.items() if amount}


def found_sql(measures: Sequence[Measure]) -> list[str]:
    """Give the statements that make `found`: one row for what a fact adds to one sum.

    One for all measures that share events and places: in one UNION they take DuckDB minutes.
    """
    return [
        f"CREATE OR REPLACE TEMP TABLE found ({COUNTS_COLUMNS})",
        contributions_sql(measures, '"partition", "offset"'),
        *(f"INSERT INTO found {_fact_sql(kinds, group)}" for kinds, group in _scans(measures)),
    ]


def _scans(measures: Iterable[Measure]) -> list[tuple[list[str], list[Measure]]]:
    """Give (events, measures without theirs) that share events and places."""
    events: dict[Measure, list[str]] = {}
    for measure in measures:
        events.setdefault(measure._replace(event=""), []).append(measure.event)

    def scan(m: Measure) -> tuple[list[str], str, str, bool, str]:
        return events[m], m.centre, m.window, m.gauge, m.when

    scans = groupby(sorted(events, key=scan), key=scan)
    return [(kinds, list(group)) for (kinds, *_), group in scans]


def _fact_sql(events: list[str], group: list[Measure]) -> str:
    """Give the query of measures that share events and places: one scan, many sums."""
    first = group[0]
    kinds = ", ".join(map(_text, events))
    hour = "NULL::TIMESTAMP" if first.gauge else f"date_trunc('hour', {_when_sql(first.when)})"
    pairs = ", ".join(f"{{'code': {_text(m.code)}, 'sum': {_amount_sql(m)}}}" for m in group)
    return f"""
SELECT "partition", "offset", each.code, hour, centre, "window", CAST(each.sum AS BIGINT)
FROM (
  SELECT "partition", "offset", {hour} AS hour,
    {_place_sql(first.centre)} AS centre, {_place_sql(first.window)} AS "window",
    unnest([{pairs}]) AS each
  FROM contributions
  WHERE type IN ({kinds})
)
WHERE each.sum <> 0"""  # noqa: S608 (compiled from our own table of measures)


def day_sql(measures: Iterable[Measure], keep: str) -> list[str]:
    """Give queries over `contributions`: rows (code, day DATE, centre, window, …, sum BIGINT).

    `keep` = further expressions with their names (`id, version`), which split the sums; they may
    name `day`. Levels (存量) have no day and are left out.
    """
    dated = (m for m in measures if not m.gauge)
    return [_day_sql(kinds, group, keep) for kinds, group in _scans(dated)]


def _day_sql(events: list[str], group: list[Measure], keep: str) -> str:
    first = group[0]
    kinds = ", ".join(map(_text, events))
    pairs = ", ".join(f"{{'code': {_text(m.code)}, 'sum': sum({_amount_sql(m)})}}" for m in group)
    return f"""
SELECT each.code AS code, * EXCLUDE (each), CAST(each.sum AS BIGINT) AS sum
FROM (SELECT * EXCLUDE (sums), unnest(sums) AS each
FROM (
  SELECT CAST({_when_sql(first.when)} AS DATE) AS day,
    {_place_sql(first.centre)} AS centre, {_place_sql(first.window)} AS "window", {keep},
    [{pairs}] AS sums
  FROM contributions
  WHERE type IN ({kinds})
  GROUP BY ALL
))
WHERE each.sum <> 0"""  # noqa: S608 (compiled from our own table of measures)


def _amount_sql(measure: Measure) -> str:
    """Give what one row of `contributions` adds; NULL when it does not count."""
    amount = measure.amount
    value = str(amount) if isinstance(amount, int) else f"CAST({field_sql(amount)} AS BIGINT)"
    wheres = " AND ".join(_where_sql(where) for where in measure.where)
    return f"CASE WHEN {wheres} THEN sign * {value} END" if wheres else f"sign * {value}"


def _when_sql(field: str) -> str:
    """Give the local instant at which a measure counts."""
    if not field:
        return "occurred_local"
    told = f"timezone('Asia/Shanghai', TRY_CAST({field_sql(field)} AS TIMESTAMPTZ))"
    return f"coalesce({told}, occurred_local)"


def _where_sql(where: Where) -> str:
    field = field_sql(where.field)
    if where.op == "present":
        return f"{field} IS NOT NULL"
    if where.op == "absent":
        return f"{field} IS NULL"
    if isinstance(where.value, tuple):
        numbers = all(isinstance(value, int) for value in where.value)
        listed = ", ".join(str(v) if isinstance(v, int) else _text(v) for v in where.value)
        return f"{f'CAST({field} AS BIGINT)' if numbers else field} {where.op.upper()} ({listed})"
    if isinstance(where.value, bool):
        return f"{field} {where.op} '{str(where.value).lower()}'"
    if isinstance(where.value, int):
        return f"CAST({field} AS BIGINT) {where.op} {where.value}"
    return f"{field} {where.op} {_text(where.value)}"


def _place_sql(place: str) -> str:
    told = "".join(f"{field_sql(field)}, " for field in fields(place))
    return f"coalesce({told}'')" if told else "''"


def field_sql(field: str) -> str:
    """Give the column or JSON path of a measure's field; a JSON null is NULL, that is, absent."""
    room, _, name = field.partition(".")
    if not name:
        return f'"{COLUMNS.get(field, field)}"'
    return f'{room}."{name}"'


def _struct(names: Iterable[str]) -> str:
    """Give the structure of `json_transform` for texts of these names; at least one."""
    return orjson.dumps(dict.fromkeys(sorted(names) or ["none"], "VARCHAR")).decode()


def _fields(measures: Iterable[Measure], room: str) -> set[str]:
    """Give the names of the fields that measures read of `data` or of `stamp`."""
    read = {
        field
        for m in measures
        for place in (m.centre, m.window)
        for field in (*fields(place), m.when, *(w.field for w in m.where), str(m.amount))
    }
    return {name for each in read for of, _, name in [each.partition(".")] if of == room}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
