-- 用途   申请量: applications received
-- 依据   domain.md K01; bucket = occurrence of case.submitted, at the place it was received
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table facts
-- unit   件
WITH hourly AS (
  SELECT
    'submitted' AS code, date_trunc('hour', occurred_local) AS hour,
    coalesce(centre, '') AS centre, coalesce("window", '') AS "window", count(*) AS total
  FROM facts
  WHERE type = 'case.submitted'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
