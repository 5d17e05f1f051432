-- 用途   等候起于: tickets that wait, by the minute from which they wait; the earliest is the longest wait
-- 依据   domain.md K06, K07, R23: from issue, check-in or transfer, to the first call, the giving back or the day's end
-- grain  one row a fact that changes it; moment: the local day; window = local minute
-- parameters  table tickets
-- unit   人
WITH told AS (
  SELECT
    hall, ticket, version, centre, occurred_local,
    last_value(CASE
      WHEN type IN ('ticket.issued', 'ticket.transferred') THEN true
      WHEN type IN ('ticket.called', 'ticket.cancelled', 'ticket.expired') THEN false
    END IGNORE NULLS) OVER so_far AS waits,
    last_value(CASE
      WHEN type IN ('ticket.issued', 'ticket.transferred', 'ticket.checked_in')
        THEN strftime(occurred_local, '%H:%M')
    END IGNORE NULLS) OVER so_far AS since
  FROM tickets
  WINDOW so_far AS (PARTITION BY hall, ticket ORDER BY version)
), moved AS (
  SELECT centre, occurred_local, since AS minute, 1 AS amount
  FROM told
  WHERE waits
  UNION ALL
  SELECT
    centre, occurred_local, lag(since) OVER story AS minute,
    -CAST(coalesce(lag(waits) OVER story, false) AS INTEGER) AS amount
  FROM told
  WINDOW story AS (PARTITION BY hall, ticket ORDER BY version)
)
SELECT
  'waiting_from' AS code, CAST(occurred_local AS DATE) AS moment, centre, minute AS "window", amount
FROM moved
WHERE amount <> 0
