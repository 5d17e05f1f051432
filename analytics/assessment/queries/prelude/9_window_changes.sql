-- 用途   what changed at a window (窗口): opened, paused, began or ceased to serve; and since when it had been so
-- 依据   domain.md K38; a window is open from opening or resumption to pause or closing; it serves a ticket that is not parked
-- grain  one row a change; open and serving say how the window was before it
-- parameters  tables hall, tickets
-- unit   seconds since the change before
WITH changes AS (
  SELECT
    hall, version, centre, "window", occurred_local, second, type AS seat, NULL AS serves
  FROM hall
  WHERE type IN ('window.opened', 'window.paused', 'window.resumed', 'window.closed')
  UNION ALL
  SELECT hall, version, centre, "window", occurred_local, second, NULL, true
  FROM tickets
  WHERE type = 'ticket.service_started'
  UNION ALL
  SELECT
    hall, version, centre, served_at, occurred_local, second, NULL, type = 'ticket.resumed'
  FROM tickets
  WHERE served_at IS NOT NULL
    AND (
      type IN ('ticket.parked', 'ticket.resumed')
      OR (type IN ('ticket.service_finished', 'ticket.transferred') AND before <> 'ticket.parked')
    )
), told AS (
  SELECT
    hall, version, centre, "window", occurred_local,
    second - lag(second) OVER story AS seconds,
    last_value(seat IGNORE NULLS) OVER earlier AS last_seat,
    last_value(serves IGNORE NULLS) OVER earlier AS served
  FROM changes
  WINDOW story AS (PARTITION BY hall, "window" ORDER BY version),
    earlier AS (
      PARTITION BY hall, "window" ORDER BY version
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    )
)
SELECT
  hall, version, centre, "window", occurred_local, seconds,
  coalesce(last_seat IN ('window.opened', 'window.resumed'), false) AS open,
  coalesce(served, false) AS serving
FROM told
