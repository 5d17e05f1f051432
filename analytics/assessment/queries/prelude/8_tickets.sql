-- 用途   the facts of tickets (号), with the visit transaction (办事批次) each belongs to
-- 依据   domain.md 3.4: a transfer opens a new visit transaction; a parked ticket waits for its resumption
-- grain  one row a fact of a ticket
-- parameters  table hall
-- unit   facts; `away` is the seconds from a parking to the fact that ends it
WITH visits AS (
  SELECT
    hall, version, centre, type, occurred_local, second, ticket, "window", outcome, cases,
    count(*) FILTER (WHERE type = 'ticket.transferred') OVER story AS visit,
    lag(type) OVER story AS before,
    lead(second) OVER story AS next_second,
    last_value(CASE type
      WHEN 'ticket.service_started' THEN "window"
      WHEN 'ticket.service_finished' THEN ''
      WHEN 'ticket.transferred' THEN ''
    END IGNORE NULLS) OVER (
      PARTITION BY hall, ticket ORDER BY version
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS served_at
  FROM hall
  WHERE ticket IS NOT NULL
  WINDOW story AS (PARTITION BY hall, ticket ORDER BY version)
)
SELECT
  hall, version, centre, type, occurred_local, second, ticket, "window", outcome, cases, visit, before,
  nullif(served_at, '') AS served_at,
  CASE WHEN type = 'ticket.parked' THEN next_second - second END AS away,
  count(*) FILTER (WHERE type = 'ticket.no_show') OVER (
    PARTITION BY hall, ticket, visit ORDER BY version
  ) > 0 AS passed
FROM visits
