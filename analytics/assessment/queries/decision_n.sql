-- 用途   决定量: decisions whose working time is known
-- 依据   domain.md K10; an unknown is not a zero
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table decisions
-- unit   件
WITH hourly AS (
  SELECT
    'decision_n' AS code, date_trunc('hour', occurred_local) AS hour,
    coalesce(centre, '') AS centre, coalesce("window", '') AS "window", count(minutes) AS total
  FROM decisions
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
