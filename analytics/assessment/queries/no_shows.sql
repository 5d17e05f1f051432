-- 用途   过号量: called, and nobody came; at the window that called last
-- 依据   domain.md K05
-- grain  code, bucket (local hour, and local day), centre, window
-- parameters  table tickets
-- unit   次
WITH hourly AS (
  SELECT
    'no_shows' AS code, date_trunc('hour', n.occurred_local) AS hour,
    n.centre, c."window", count(*) AS total
  FROM tickets AS n
  ASOF JOIN (SELECT hall, ticket, version, "window" FROM tickets WHERE type = 'ticket.called') AS c
    ON c.hall = n.hall AND c.ticket = n.ticket AND c.version < n.version
  WHERE n.type = 'ticket.no_show'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
