-- 用途   错窗受理: acceptances at a window that does not take the item there
-- 依据   domain.md R03, K40
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table routing
-- unit   件
WITH hourly AS (
  SELECT
    'wrong_window' AS code, date_trunc('hour', occurred_local) AS hour,
    centre, "window", count(*) AS total
  FROM routing
  WHERE wrong
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
