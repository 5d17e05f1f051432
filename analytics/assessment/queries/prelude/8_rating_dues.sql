-- 用途   the days by which a negative has to be rectified, and a rectified one called back
-- 依据   domain.md 4.2 C11: 15 working days from the rating, 2 from the rectification; start day = 0
-- grain  one row a negative rating, and one a rectification
-- parameters  tables rating_facts, adoptions, calendar_days
-- unit   local days; a year without a calendar counts Monday to Friday
WITH starts AS (
  SELECT
    "partition", "offset", CAST(occurred_local AS DATE) AS start,
    CASE type WHEN 'neg.rectified' THEN 2 ELSE 15 END AS days
  FROM rating_facts
  WHERE type = 'neg.rectified'
    OR (type = 'rating.submitted' AND source_class <> 'historical'
      AND CAST(json_extract_string(data, '$.stars') AS INTEGER) <= 2)
), adopted AS (
  SELECT s.*, coalesce(r.adopted, 0) AS adopted
  FROM starts AS s
  ASOF LEFT JOIN adoptions AS r
    ON r."partition" = s."partition" AND r."offset" < s."offset"
), ahead AS (
  SELECT
    *, CAST(unnest(generate_series(start + 1, start + 60, INTERVAL 1 DAY)) AS DATE) AS day
  FROM adopted
), versions AS (
  SELECT DISTINCT version, year FROM calendar_days
), in_force AS (
  SELECT a.*, v.version
  FROM (SELECT *, year(day) AS year FROM ahead) AS a
  ASOF LEFT JOIN versions AS v ON v.year = a.year AND v.version < a.adopted
), counted AS (
  SELECT
    i."partition", i."offset", i.days, i.day,
    row_number() OVER (PARTITION BY i."partition", i."offset" ORDER BY i.day) AS nth
  FROM in_force AS i
  LEFT JOIN calendar_days AS c ON c.version = i.version AND c.day = i.day
  WHERE coalesce(c.working, isodow(i.day) <= 5)
)
SELECT "partition", "offset", day AS due
FROM counted
WHERE nth = days
ORDER BY "partition", "offset"
