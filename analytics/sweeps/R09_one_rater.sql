-- 用途   评价异常 (代评): one person rated five times on a day, for different applicants
-- 依据   domain.md 5.2 R09
-- grain  level, subject (the case of the fifth), about (the day), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts; one a rater and day
WITH rated AS (
  SELECT
    r.id, r.stream_key, r.occurred_local, strftime(r.occurred_local, '%Y-%m-%d') AS day,
    json_extract_string(r.data, '$.rater_ref') AS rater,
    json_extract_string(s.data, '$.applicant_ref') AS applicant,
    json_extract_string(r.stamp, '$.accept_centre') AS centre,
    json_extract_string(r.stamp, '$.accept_window') AS "window"
  FROM counting AS r
  JOIN counting AS s ON s.type = 'case.submitted' AND s.stream_key = r.stream_key
  WHERE r.type = 'rating.submitted' AND json_extract_string(r.data, '$.rater_ref') IS NOT NULL
), firsts AS (
  SELECT *
  FROM rated
  WHERE applicant IS NOT NULL
  QUALIFY row_number() OVER (PARTITION BY rater, day, applicant ORDER BY occurred_local, id) = 1
), fifth AS (
  SELECT
    *, row_number() OVER so_far AS n, list(id) OVER so_far AS facts,
    min(occurred_local) OVER so_far AS since
  FROM firsts
  WINDOW so_far AS (
    PARTITION BY rater, day ORDER BY occurred_local, id
    ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
  )
)
SELECT
  'yellow' AS level, 'case/' || stream_key AS subject, 'rater.' || day AS about, since, centre,
  "window", NULL AS dept, facts
FROM fifth
WHERE n = 5
ORDER BY subject, about
