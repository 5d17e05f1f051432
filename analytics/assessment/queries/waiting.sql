-- 用途   当前等候人数: tickets whose visit transaction was not called and did not end before the cut
-- 依据   domain.md K06 (S)
-- grain  one row a ticket; a gauge has no moment
-- parameters  table tickets
-- unit   人
SELECT 'waiting' AS code, NULL::TIMESTAMP AS moment, centre, '' AS "window", 1 AS amount
FROM (
  SELECT
    hall, centre, ticket, visit,
    bool_or(type IN ('ticket.called', 'ticket.cancelled', 'ticket.expired')) AS over
  FROM tickets
  GROUP BY hall, centre, ticket, visit
  QUALIFY visit = max(visit) OVER (PARTITION BY hall, ticket)
)
WHERE NOT over
