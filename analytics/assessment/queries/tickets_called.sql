-- 用途   叫号量: tickets called for the first time, at the window that called
-- 依据   domain.md K05: first calls
-- grain  code, bucket (local hour, and local day), centre, window
-- parameters  table tickets
-- unit   张
WITH hourly AS (
  SELECT
    'tickets_called' AS code, date_trunc('hour', occurred_local) AS hour,
    centre, "window", count(*) AS total
  FROM tickets
  WHERE type = 'ticket.called'
    AND (hall, ticket, version) IN (
      SELECT (hall, ticket, min(version))
      FROM tickets
      WHERE type = 'ticket.called'
      GROUP BY hall, ticket
    )
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
