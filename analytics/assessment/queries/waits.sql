-- 用途   等候时长与分布: waits of visit transactions that were served, their sum and their buckets
-- 依据   domain.md K07, K08: from issue, check-in or transfer, after a no-show from the last call, minus parked
-- grain  one row a start of service and code
-- parameters  table tickets
-- unit   秒 (wait_seconds), 人次 (wait_n, wait_from_*)
WITH began AS (
  SELECT
    s.hall, s.ticket, s.version, s.centre, s."window", s.occurred_local, s.second,
    max(b.version) AS since, max_by(b.second, b.version) AS since_second
  FROM tickets AS s
  JOIN tickets AS b
    ON b.hall = s.hall AND b.ticket = s.ticket AND b.visit = s.visit AND b.version < s.version
  WHERE s.type = 'ticket.service_started'
    AND (b.type IN ('ticket.issued', 'ticket.checked_in', 'ticket.transferred')
      OR (b.type = 'ticket.called' AND b.passed))
  GROUP BY ALL
), waits AS (
  SELECT
    b.centre, b."window", b.occurred_local,
    b.second - b.since_second - coalesce(sum(p.away), 0) AS seconds
  FROM began AS b
  LEFT JOIN tickets AS p
    ON p.hall = b.hall AND p.ticket = b.ticket AND p.type = 'ticket.parked'
    AND p.version > b.since AND p.version < b.version
  GROUP BY b.hall, b.version, b.centre, b."window", b.occurred_local, b.second, b.since_second
), counted AS (
  SELECT
    centre, "window", occurred_local,
    unnest(['wait_n', 'wait_seconds', CASE
      WHEN seconds >= 120 * 60 THEN 'wait_from_120m'
      WHEN seconds >= 90 * 60 THEN 'wait_from_90m'
      WHEN seconds >= 60 * 60 THEN 'wait_from_60m'
      WHEN seconds >= 45 * 60 THEN 'wait_from_45m'
      WHEN seconds >= 30 * 60 THEN 'wait_from_30m'
      WHEN seconds >= 20 * 60 THEN 'wait_from_20m'
      WHEN seconds >= 15 * 60 THEN 'wait_from_15m'
      WHEN seconds >= 10 * 60 THEN 'wait_from_10m'
      WHEN seconds >= 5 * 60 THEN 'wait_from_5m'
      ELSE 'wait_from_0m'
    END]) AS code,
    unnest([1, seconds, 1]) AS amount
  FROM waits
)
SELECT code, occurred_local AS moment, centre, "window", amount
FROM counted
