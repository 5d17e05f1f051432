-- 用途   from which offset on a clock had which due (到期): its beginning, and each fact that moved it
-- 依据   domain.md 4.2, 4.3; design.md 5: a changed calendar moves what is open
-- grain  one row a clock and offset, with and without the extension granted by then
-- parameters  tables cut, clocks, pauses, facts, adoptions
-- unit   n of the clock's unit; next = the offset at which the due moved again, or the cut
WITH calendars AS (
  SELECT "partition", "offset"
  FROM adoptions
  QUALIFY calendar <> lag(calendar, 1, -1) OVER (PARTITION BY "partition" ORDER BY "offset")
), granted AS (
  SELECT
    case_id, "offset", occurred_local AS moment,
    CAST(json_extract_string(data, '$.days') AS INTEGER) AS days
  FROM facts
  WHERE type = 'case.extension_granted'
), moves AS (
  SELECT id, "offset" AS since
  FROM clocks
  UNION
  SELECT c.id, p.since
  FROM clocks AS c
  JOIN (
    SELECT case_id, lawful, unnest(["offset", ended_offset]) AS since FROM pauses
  ) AS p ON p.case_id = c.case_id AND p.since > c."offset"
  WHERE c.clock = 'C3' OR (c.clock = 'C2' AND p.lawful)
  UNION
  SELECT c.id, g."offset"
  FROM clocks AS c
  JOIN granted AS g USING (case_id)
  WHERE c.clock IN ('C2', 'C3')
  UNION
  SELECT c.id, k."offset"
  FROM clocks AS c
  JOIN calendars AS k ON k."partition" = c."partition" AND k."offset" > c."offset"
    AND k."offset" < coalesce(c.stop, k."offset" + 1)
  WHERE c.unit NOT IN ('instant', 'today')
), told AS (
  SELECT
    c.*, m.since, coalesce(a.calendar, -1) AS calendar,
    lead(m.since) OVER (PARTITION BY id ORDER BY m.since) AS next
  FROM moves AS m
  JOIN clocks AS c USING (id)
  ASOF LEFT JOIN adoptions AS a ON a."partition" = c."partition" AND a."offset" <= m.since
)
SELECT
  t.*, coalesce(t.next, u.until) AS before, g.moment AS granted, g."offset" AS granted_offset, g.days
FROM told AS t
JOIN cut AS u USING ("partition")
LEFT JOIN granted AS g
  ON g.case_id = t.case_id AND g."offset" <= t.since AND t.clock IN ('C2', 'C3')
