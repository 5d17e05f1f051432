"""Rebuild (重算): the table of measures as DuckDB SQL, every cell at a cut; no Python per event.

From the same `MEASURES` as the live fold, over stamps, by `SUM`. A restated fact is taken out of
its old cells and put into its new ones (law 5 of design.md).
"""

from collections.abc import Iterable, Sequence
from itertools import groupby

import orjson

from analytics.lake.catalog import Connection, Lake
from ledger.log.seam import Cut
from ledger.rules.measures import MEASURES, Measure, Where

COLUMNS = {"recordedat": "recorded_at", "latereason": "late_reason"}
"""Attribute of the wire → its column of the lake, where the names differ."""

Cells = dict[str, int]
"""Cell `code|bucket|centre|window` → sum; zero is absent."""

RESTATED = """
WITH pairs AS (
  SELECT
    e.id, e.recorded_at AS known_at, unnest([-1, 1]) AS sign,
    unnest([json_extract(e.data, '$.before'), json_extract(e.data, '$.after')]) AS fact
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until
    AND ends_with(e.type, '.event_restamped')
), spelled AS (
  SELECT id, known_at, sign, json_transform(fact, '{"type": "VARCHAR", "time": "VARCHAR",
    "centre": "VARCHAR", "window": "VARCHAR", "dept": "VARCHAR", "channel": "VARCHAR",
    "subject": "VARCHAR", "streamversion": "INTEGER", "recordedat": "VARCHAR",
    "latereason": "VARCHAR", "data": {"data": "JSON", "stamp": "JSON"}}') AS f
  FROM pairs
  WHERE json_type(fact) = 'OBJECT'
)
SELECT
  id, known_at, split_part(f.subject, '/', 1) AS stream,
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
  e.id, e.recorded_at AS known_at, e.stream, e.stream_key, e.version,
  1 AS sign, e.type, e.occurred_local, e.centre, e."window", e.dept, e.channel, e.recorded_at,
  e.late_reason, e.data, e.stamp
FROM events AS e
JOIN cut USING ("partition")
WHERE e."offset" < cut.until
"""


def contributions_sql(measures: Sequence[Measure], more: str = "id", since: str = "true") -> str:
    """Give the statement for `contributions`: what counts, each JSON parsed once for all fields.

    `more`: further expressions with their names over id, known_at, stream, stream_key, version
    and data, for `day_sql` to keep; `since`: a condition on the same. A correction's `before` and
    `after` are known since the correction, and are of the stream and version that they restate.
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


def rebuild(lake: Lake, cut: Cut, measures: Iterable[Measure] = MEASURES) -> Cells:
    """Give every cell that is not zero at `cut`.

    Raises:
        LakeError: the lake cannot be read.

    """
    con = at_cut(lake, cut)
    try:
        table = list(measures)
        con.execute(contributions_sql(table))
        return cells(row for query in compile_sql(table) for row in con.execute(query).fetchall())
    finally:
        con.close()


def at_cut(lake: Lake, cut: Cut) -> Connection:
    """Give a connection with the table cut(partition, until); close it after use.

    All its queries see the lake at one instant: they are one transaction, never committed.
    """
    con = lake.connection()
    con.execute("BEGIN")
    con.execute('CREATE OR REPLACE TEMP TABLE cut ("partition" SMALLINT, until BIGINT)')
    con.executemany("INSERT INTO cut VALUES (?, ?)", [list(pair) for pair in enumerate(cut)])
    return con


def cells(rows: Iterable[tuple[str, str, str, str, int]]) -> Cells:
    """Give cells from rows (code, bucket, centre, window, sum); zeros are left out."""
    sums: Cells = {}
    for code, bucket, centre, window, amount in rows:
        key = f"{code}|{bucket}|{centre}|{window}"
        sums[key] = sums.get(key, 0) + int(amount)
    return {key: amount for key, amount in sums.items() if amount}


def compile_sql(measures: Iterable[Measure]) -> list[str]:
    """Give queries over `contributions` with rows (code, bucket, centre, window, sum).

    One for all measures that share events and places: in one UNION they take DuckDB minutes.
    """
    return [_scan_sql(kinds, group) for kinds, group in _scans(measures)]


def _scans(measures: Iterable[Measure]) -> list[tuple[list[str], list[Measure]]]:
    """Give (events, measures without theirs) that share events and places."""
    events: dict[Measure, list[str]] = {}
    for measure in measures:
        events.setdefault(measure._replace(event=""), []).append(measure.event)

    def scan(m: Measure) -> tuple[list[str], str, str, bool, str, bool]:
        return events[m], m.centre, m.window, m.gauge, m.when, m.daily

    scans = groupby(sorted(events, key=scan), key=scan)
    return [(kinds, list(group)) for (kinds, *_), group in scans]


def _scan_sql(events: list[str], group: list[Measure]) -> str:
    """Give the query of measures that share events and places: one scan, many sums."""
    first = group[0]
    kinds = ", ".join(map(_text, events))
    hour = "NULL::TIMESTAMP" if first.gauge else f"date_trunc('hour', {_when_sql(first.when)})"
    day, both = (
        "[strftime(hour, '%Y-%m-%d')]",
        "[strftime(hour, '%Y-%m-%dT%H'), strftime(hour, '%Y-%m-%d')]",
    )
    buckets = "['']" if first.gauge else day if first.daily else both
    sums = ",\n    ".join(f"{_sum_sql(m)} AS m{n}" for n, m in enumerate(group))
    pairs = ", ".join(f"{{'code': {_text(m.code)}, 'sum': m{n}}}" for n, m in enumerate(group))
    return f"""
SELECT each.code, bucket, centre, "window", CAST(sum(each.sum) AS BIGINT) AS sum
FROM (SELECT centre, "window", bucket, unnest([{pairs}]) AS each
FROM (SELECT *, unnest({buckets}) AS bucket
FROM (
  SELECT {hour} AS hour,
    {_place_sql(first.centre)} AS centre, {_place_sql(first.window)} AS "window",
    {sums}
  FROM contributions
  WHERE type IN ({kinds})
  GROUP BY ALL
)))
WHERE each.sum <> 0
GROUP BY ALL"""  # noqa: S608 (compiled from our own table of measures)


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
    pairs = ", ".join(f"{{'code': {_text(m.code)}, 'sum': {_sum_sql(m)}}}" for m in group)
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


def _sum_sql(measure: Measure) -> str:
    amount = measure.amount
    value = str(amount) if isinstance(amount, int) else f"CAST({field_sql(amount)} AS BIGINT)"
    wheres = " AND ".join(_where_sql(where) for where in measure.where)
    return f"sum(sign * {value})" + (f" FILTER (WHERE {wheres})" if wheres else "")


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


def _place_sql(field: str) -> str:
    return f"coalesce({field_sql(field)}, '')" if field else "''"


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
        for field in (m.centre, m.window, m.when, *(w.field for w in m.where), str(m.amount))
    }
    return {name for each in read for of, _, name in [each.partition(".")] if of == room}


def _text(value: str) -> str:
    return "'" + value.replace("'", "''") + "'"
