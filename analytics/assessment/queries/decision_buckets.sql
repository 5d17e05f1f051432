-- 用途   决定用时分布: decisions by working days used
-- 依据   domain.md K10 (H); a working day is 480 minutes; lower bounds 0, 1, 2, 3, 5, 10, 20
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table decisions
-- unit   件
WITH hourly AS (
  SELECT
    CASE
      WHEN minutes >= 20 * 480 THEN 'decision_from_20d'
      WHEN minutes >= 10 * 480 THEN 'decision_from_10d'
      WHEN minutes >= 5 * 480 THEN 'decision_from_5d'
      WHEN minutes >= 3 * 480 THEN 'decision_from_3d'
      WHEN minutes >= 2 * 480 THEN 'decision_from_2d'
      WHEN minutes >= 1 * 480 THEN 'decision_from_1d'
      ELSE 'decision_from_0d'
    END AS code,
    date_trunc('hour', occurred_local) AS hour,
    coalesce(centre, '') AS centre, coalesce("window", '') AS "window", count(*) AS total
  FROM decisions
  WHERE minutes IS NOT NULL
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
