-- 用途   受理量: cases accepted
-- 依据   domain.md K02; bucket = occurrence of the acceptance, at its centre and window
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table acceptances
-- unit   件
WITH hourly AS (
  SELECT
    'accepted' AS code, date_trunc('hour', occurred_local) AS hour,
    coalesce(centre, '') AS centre, coalesce("window", '') AS "window", count(*) AS total
  FROM acceptances
  WHERE NOT deemed
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
