-- 用途   应评服务: services that could be rated, and those that were (参评), each once
-- 依据   domain.md K22; bucket = the end of the service, until the hall exists: the conclusion
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  tables facts, acceptances
-- unit   件
WITH ended AS (
  SELECT
    f.occurred_local, coalesce(a.centre, '') AS centre, coalesce(a."window", '') AS "window",
    f.case_id IN (SELECT case_id FROM facts WHERE type = 'rating.submitted') AS rated
  FROM facts AS f
  LEFT JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'case.concluded'
), hourly AS (
  SELECT
    'rateable' AS code, date_trunc('hour', occurred_local) AS hour, centre, "window",
    count(*) AS total
  FROM ended
  GROUP BY ALL
  UNION ALL
  SELECT
    'rated_services' AS code, date_trunc('hour', occurred_local) AS hour, centre, "window",
    count(*) AS total
  FROM ended
  WHERE rated
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
