-- 用途   working days (工作日) by every state of the calendar that a partition adopted, counted on
-- 依据   行政许可法 §82; Monday to Friday but the holidays, and the weekend days made up (调休)
-- grain  one row a calendar and day, from the first year of a fact to six years after the last
-- parameters  tables facts, adoptions; ratings and inspections, which have no facts there
-- unit   nth: working days up to `day`, included; unknown: days of unpublished years up to `day`
WITH published AS (
  SELECT
    "offset" AS version, CAST(json_extract_string(data, '$.year') AS INTEGER) AS year,
    CAST(json_extract_string(data, '$.holidays[*]') AS DATE[]) AS holidays,
    CAST(json_extract_string(data, '$.workdays[*]') AS DATE[]) AS workdays
  FROM events
  WHERE type IN ('calendar.published', 'calendar.overridden')
), span AS (
  SELECT min(year(occurred_local)) AS first, max(year(occurred_local)) + 7 AS last
  FROM (
    SELECT occurred_local FROM facts
    UNION ALL
    SELECT occurred_local FROM events WHERE stream IN ('rating', 'inspection')
  )
), years AS (
  SELECT c.calendar, unnest(range(s.first, s.last)) AS year
  FROM (SELECT -1 AS calendar UNION SELECT calendar FROM adoptions) AS c, span AS s
), in_force AS (
  SELECT y.calendar, y.year, p.version, p.holidays, p.workdays
  FROM years AS y
  ASOF LEFT JOIN published AS p ON p.year = y.year AND p.version <= y.calendar
), days AS (
  SELECT
    calendar, version, holidays, workdays,
    CAST(unnest(generate_series(
      make_date(year, 1, 1), make_date(year, 12, 31), INTERVAL 1 DAY
    )) AS DATE) AS day
  FROM in_force
), working AS (
  SELECT
    calendar, day, version IS NULL AS unknown,
    coalesce(list_contains(workdays, day), false)
    OR (isodow(day) <= 5 AND NOT coalesce(list_contains(holidays, day), false)) AS working
  FROM days
)
SELECT
  calendar, day, working, unknown AS is_unknown,
  CAST(sum(CAST(working AS INTEGER)) OVER so_far AS INTEGER) AS nth,
  CAST(sum(CAST(unknown AS INTEGER)) OVER so_far AS INTEGER) AS unknown
FROM working
WINDOW so_far AS (PARTITION BY calendar ORDER BY day)
