-- 用途   the days by which a negative has to be rectified, and a rectified one called back
-- 依据   domain.md 4.2 C11: 15 working days from the rating, 2 from the rectification; start day = 0
-- grain  one row a negative rating, and one a rectification
-- parameters  tables rating_facts, workdays
-- unit   local days; a year without a calendar counts Monday to Friday
WITH starts AS (
  SELECT
    f."partition", f."offset", CAST(f.occurred_local AS DATE) AS start,
    CASE f.type WHEN 'neg.rectified' THEN 2 ELSE 15 END AS days, f.calendar
  FROM rating_facts AS f
  WHERE f.type = 'neg.rectified'
    OR (f.type = 'rating.submitted' AND f.source_class <> 'historical'
      AND CAST(json_extract_string(f.data, '$.stars') AS INTEGER) <= 2)
), aimed AS MATERIALIZED (
  SELECT s."partition", s."offset", s.calendar, w.nth + s.days AS nth
  FROM starts AS s
  JOIN workdays AS w ON w.calendar = s.calendar AND w.day = s.start
)
SELECT s."partition", s."offset", due.day AS due
FROM aimed AS s
JOIN workdays AS due ON due.calendar = s.calendar AND due.working AND due.nth = s.nth
