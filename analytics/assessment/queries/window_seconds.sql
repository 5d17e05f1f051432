-- 用途   窗口开放与办理时间: seconds a window was open, and of these the seconds it served
-- 依据   domain.md K38; an interval counts in the hour in which it ends, the day is exact
-- grain  code, bucket (local hour, and local day), centre, window
-- parameters  table window_changes
-- unit   秒
WITH hourly AS (
  SELECT
    unnest(['open_seconds', 'serving_seconds']) AS code,
    date_trunc('hour', occurred_local) AS hour, centre, "window",
    unnest([sum(seconds), coalesce(sum(seconds) FILTER (WHERE serving), 0)]) AS total
  FROM window_changes
  WHERE open
  GROUP BY hour, centre, "window"
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
