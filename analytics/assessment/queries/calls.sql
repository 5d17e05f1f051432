-- 用途   取号量, 叫号量, 过号量: tickets issued, called for the first time, and called in vain
-- 依据   domain.md K05; at the window that called
-- grain  one row a fact of a ticket
-- parameters  table tickets
-- unit   张 (tickets_*), 次 (no_shows)
SELECT 'tickets_issued' AS code, occurred_local AS moment, centre, '' AS "window", 1 AS amount
FROM tickets
WHERE type = 'ticket.issued'
UNION ALL
SELECT 'tickets_called', arg_min(occurred_local, version), any_value(centre), arg_min("window", version), 1
FROM tickets
WHERE type = 'ticket.called'
GROUP BY hall, ticket
UNION ALL
SELECT 'no_shows', n.occurred_local, n.centre, c."window", 1
FROM tickets AS n
ASOF JOIN (SELECT hall, ticket, version, "window" FROM tickets WHERE type = 'ticket.called') AS c
  ON c.hall = n.hall AND c.ticket = n.ticket AND c.version < n.version
WHERE n.type = 'ticket.no_show'
