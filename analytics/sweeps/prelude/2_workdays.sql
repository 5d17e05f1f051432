-- 用途   working days by the newest calendars, from the first fact to the newest
-- 依据   行政许可法 §82; Monday to Friday but the holidays, and the weekend days made up (调休)
-- grain  one row a day
-- parameters  table counting
-- unit   nth: working days up to the day, included
WITH years AS (
  SELECT
    CAST(json_extract_string(data, '$.holidays[*]') AS DATE[]) AS holidays,
    CAST(json_extract_string(data, '$.workdays[*]') AS DATE[]) AS workdays
  FROM counting
  WHERE type IN ('calendar.published', 'calendar.overridden')
  QUALIFY row_number() OVER (PARTITION BY stream_key ORDER BY version DESC) = 1
), days AS (
  SELECT CAST(unnest(generate_series(
    CAST(min(occurred_local) AS DATE), CAST(max(occurred_local) AS DATE), INTERVAL 1 DAY
  )) AS DATE) AS day
  FROM counting
), working AS (
  SELECT
    day, day IN (SELECT unnest(workdays) FROM years)
      OR (isodow(day) <= 5 AND day NOT IN (SELECT unnest(holidays) FROM years)) AS working
  FROM days
)
SELECT day, CAST(sum(CAST(working AS INTEGER)) OVER (ORDER BY day) AS INTEGER) AS nth
FROM working
