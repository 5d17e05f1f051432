-- 用途   受理到决定的工作时间: working time from acceptance to decision, summed
-- 依据   domain.md K10
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table decisions
-- unit   工作分钟
WITH hourly AS (
  SELECT
    'decision_minutes' AS code, date_trunc('hour', occurred_local) AS hour,
    coalesce(centre, '') AS centre, coalesce("window", '') AS "window",
    coalesce(sum(minutes), 0) AS total
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
