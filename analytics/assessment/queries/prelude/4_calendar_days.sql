-- 用途   working days (工作日) of every calendar ever published, with the count of those before each day
-- 依据   行政许可法 §82; Monday to Friday but the holidays, and the weekend days made up (调休)
-- grain  one row a calendar version and day, the first of January after it included
-- parameters  none: which version counts is decided by the reader
-- unit   working days of the year before `day`
WITH calendars AS (
  SELECT
    "offset" AS version, CAST(json_extract_string(data, '$.year') AS INTEGER) AS year,
    CAST(json_extract_string(data, '$.holidays[*]') AS DATE[]) AS holidays,
    CAST(json_extract_string(data, '$.workdays[*]') AS DATE[]) AS workdays
  FROM events
  WHERE type = 'calendar.published'
), days AS (
  SELECT
    version, year, day,
    year(day) = year AND (
      list_contains(workdays, day)
      OR (isodow(day) <= 5 AND NOT list_contains(holidays, day))
    ) AS working
  FROM calendars, LATERAL (
    SELECT CAST(unnest(generate_series(
      make_date(year, 1, 1), make_date(year + 1, 1, 1), INTERVAL 1 DAY
    )) AS DATE) AS day
  )
)
SELECT
  version, year, day, working,
  coalesce(sum(CAST(working AS INTEGER)) OVER (
    PARTITION BY version ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  ), 0) AS before
FROM days
ORDER BY version, day
