-- 用途   窗口办理时长: services with a normal outcome, and their time without parking
-- 依据   domain.md K09; 4.3: what the ledger finished by itself has outcome left and does not count
-- grain  one row an end of service and code
-- parameters  table tickets
-- unit   秒 (service_seconds), 人次 (service_n)
WITH began AS (
  SELECT
    f.hall, f.ticket, f.version, f.centre, f.served_at AS "window", f.occurred_local, f.second,
    max(s.version) AS since, max(s.second) AS since_second
  FROM tickets AS f
  JOIN tickets AS s
    ON s.hall = f.hall AND s.ticket = f.ticket AND s.visit = f.visit AND s.version < f.version
  WHERE f.type = 'ticket.service_finished' AND f.outcome = 'normal'
    AND s.type = 'ticket.service_started'
  GROUP BY ALL
), services AS (
  SELECT
    b.centre, b."window", b.occurred_local,
    b.second - b.since_second - coalesce(sum(p.away), 0) AS seconds
  FROM began AS b
  LEFT JOIN tickets AS p
    ON p.hall = b.hall AND p.ticket = b.ticket AND p.type = 'ticket.parked'
    AND p.version > b.since AND p.version < b.version
  GROUP BY b.hall, b.version, b.centre, b."window", b.occurred_local, b.second, b.since_second
)
SELECT
  unnest(['service_n', 'service_seconds']) AS code, occurred_local AS moment, centre, "window",
  unnest([1, seconds]) AS amount
FROM services
