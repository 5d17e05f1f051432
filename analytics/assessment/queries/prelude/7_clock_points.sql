-- 用途   from which offset on a clock had which due (到期): its beginning, and each fact that moved it
-- 依据   domain.md 4.2, 4.3; design.md 5: a changed calendar moves what is open when it is looked at next
-- grain  one row a clock and offset, with and without the extension granted by then
-- parameters  tables cut, clocks, pauses, facts, adoptions, ticks
-- unit   n of the clock's unit; next = the offset at which the due moved again, or the cut
WITH seen AS (
  SELECT e.stream_key AS case_id, max(e."offset") AS "offset"
  FROM events AS e
  JOIN cut USING ("partition")
  WHERE e."offset" < cut.until AND e.stream = 'case'
  GROUP BY e.stream_key
), ticked AS (
  SELECT t."partition", max(t."offset") AS "offset"
  FROM ticks AS t
  JOIN cut USING ("partition")
  WHERE t."offset" < cut.until
  GROUP BY t."partition"
), looked AS (
  SELECT
    c.id, c."partition", coalesce(c.stop, greatest(s."offset", t."offset")) AS "offset"
  FROM clocks AS c
  JOIN seen AS s USING (case_id)
  LEFT JOIN ticked AS t USING ("partition")
), calendars AS (
  SELECT l.id, coalesce(a.calendar, -1) AS calendar
  FROM looked AS l
  ASOF LEFT JOIN adoptions AS a ON a."partition" = l."partition" AND a."offset" < l."offset"
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
), told AS (
  SELECT
    c.*, m.since, a.calendar,
    lead(m.since) OVER (PARTITION BY id ORDER BY m.since) AS next
  FROM moves AS m
  JOIN clocks AS c USING (id)
  JOIN calendars AS a USING (id)
)
SELECT
  t.*, coalesce(t.next, u.until) AS before, g.moment AS granted, g."offset" AS granted_offset, g.days
FROM told AS t
JOIN cut AS u USING ("partition")
LEFT JOIN granted AS g
  ON g.case_id = t.case_id AND g."offset" <= t.since AND t.clock IN ('C2', 'C3')
