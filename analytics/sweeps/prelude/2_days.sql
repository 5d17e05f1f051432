-- 用途   working days (工作日) around the certificates that somebody handed in, counted on
-- 依据   domain.md 2.8: Monday to Friday but the holidays, and the weekend days made up; newest calendar
-- grain  one row a day
-- parameters  tables counting, certificates
-- unit   nth: working days up to `day`, included
WITH published AS (
  SELECT
    CAST(json_extract_string(data, '$.year') AS INTEGER) AS year,
    CAST(json_extract_string(data, '$.holidays[*]') AS DATE[]) AS holidays,
    CAST(json_extract_string(data, '$.workdays[*]') AS DATE[]) AS workdays
  FROM counting
  WHERE type = 'calendar.published'
  QUALIFY row_number() OVER (
    PARTITION BY json_extract_string(data, '$.year') ORDER BY recorded_at DESC, id DESC) = 1
), range_of AS (
  SELECT
    CAST(unnest(generate_series(
      CAST(min(issued) AS TIMESTAMP) - INTERVAL 3 YEAR,
      CAST(max(issued) AS TIMESTAMP) + INTERVAL 60 DAY, INTERVAL 1 DAY
    )) AS DATE) AS day
  FROM certificates
), known AS (
  SELECT
    r.day, coalesce(list_contains(p.workdays, r.day), false)
    OR (isodow(r.day) <= 5 AND NOT coalesce(list_contains(p.holidays, r.day), false)) AS working
  FROM range_of AS r
  LEFT JOIN published AS p ON p.year = year(r.day)
)
SELECT
  day, working,
  CAST(sum(CAST(working AS INTEGER)) OVER (ORDER BY day ROWS UNBOUNDED PRECEDING) AS INTEGER) AS nth
FROM known
