-- 用途   取号量: tickets issued
-- 依据   domain.md K05
-- grain  code, bucket (local hour, and local day), centre, window ''
-- parameters  table tickets
-- unit   张
WITH hourly AS (
  SELECT
    'tickets_issued' AS code, date_trunc('hour', occurred_local) AS hour,
    centre, '' AS "window", count(*) AS total
  FROM tickets
  WHERE type = 'ticket.issued'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
