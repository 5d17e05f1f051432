-- 用途   评价异常 (代评): one person rated five times on a day, for different applicants
-- 依据   domain.md 5.2 R09
-- grain  level, subject (the case of the fifth), about (the day), since, centre, window, dept, facts
-- parameters  tables counting, ratings; who came with a ticket is nobody
-- unit   alerts; one a rater and day
WITH rated AS (
  SELECT
    r.id, r.subject, r.occurred_local, strftime(r.occurred_local, '%Y-%m-%d') AS day, r.rater,
    json_extract_string(s.data, '$.applicant_ref') AS applicant, r.centre, r."window"
  FROM ratings AS r
  JOIN counting AS s
    ON s.type = 'case.submitted' AND s.stream || '/' || s.stream_key = r.subject
  WHERE r.rater IS NOT NULL
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
  'yellow' AS level, subject, 'rater.' || day AS about, since, centre,
  "window", NULL AS dept, facts
FROM fifth
WHERE n = 5
ORDER BY subject, about
