-- 用途   obligations (应办时限): every clock with its due, and whether it was kept or broken by the cut
-- 依据   domain.md 4.3, 6.1: what was recorded after a breach does not heal it; decision 0007: how far time had come
-- grain  one row a clock
-- parameters  tables clocks, clock_points, clock_dues, ticks, news, acceptances, homes, breach_holders
-- unit   local instants; broken: stopped after the due, or running when a tick after the last news
--        passed it (an acceptance that the law deems is news of the tick itself); laid: to whom
WITH reached AS (
  SELECT p.id, p.since, p.next IS NULL AS last, t."offset", t.reached
  FROM clock_points AS p
  ASOF LEFT JOIN ticks AS t ON t."partition" = p."partition" AND t."offset" < p.before
), bare AS (
  SELECT
    p.id, p.since, p.granted, p.granted_offset, d.due, x.due AS extended_due,
    lag(d.due) OVER (PARTITION BY p.id ORDER BY p.since) AS due_before
  FROM clock_points AS p
  JOIN clock_dues AS d ON d.id = p.id AND d.since = p.since AND NOT d.extended
  LEFT JOIN clock_dues AS x ON x.id = p.id AND x.since = p.since AND x.extended
), healed AS (
  SELECT
    id, since,
    bool_or(
      since = granted_offset AND coalesce(granted <= due_before, true)
    ) OVER (PARTITION BY id) AS counts,
    granted, due, extended_due
  FROM bare
), dated AS (
  SELECT
    h.id, h.since, r.last, r."offset", r.reached,
    CASE WHEN h.granted IS NOT NULL AND h.counts THEN h.extended_due ELSE h.due END AS due
  FROM healed AS h
  JOIN reached AS r USING (id, since)
), heard AS (
  SELECT n.*, t.reached
  FROM (SELECT n.*, c."partition" FROM news AS n JOIN clocks AS c USING (id)) AS n
  ASOF LEFT JOIN ticks AS t ON t."partition" = n."partition" AND t."offset" < n.origin
), touched AS (
  SELECT
    d.id, d.since, coalesce(bool_or(n.moment > d.due), false) AS late,
    max(n."offset") FILTER (WHERE n.moment IS NULL OR n.moment <= d.due) AS "offset"
  FROM dated AS d
  JOIN heard AS n USING (id)
  WHERE d.last AND coalesce(n.earliest <= d.due, true) AND coalesce(n.reached <= d.due, true)
  GROUP BY d.id, d.since
), begun_anew AS (
  SELECT id, max("offset") AS "offset"
  FROM news
  WHERE anew
  GROUP BY id
), told AS (
  SELECT
    d.id, d.since, d.due, coalesce(t.late, false) AS late,
    CASE WHEN d."offset" > greatest(
      CASE WHEN a.deemed AND d.since = a."offset" THEN -1 ELSE d.since END, t."offset", b."offset"
    ) THEN d.reached END AS reached
  FROM dated AS d
  JOIN clocks AS c USING (id)
  LEFT JOIN acceptances AS a USING (case_id)
  LEFT JOIN touched AS t ON t.id = d.id AND t.since = d.since
  LEFT JOIN begun_anew AS b ON b.id = d.id
), settled AS (
  SELECT
    id,
    CASE WHEN bool_or(due < reached) THEN arg_min(due, since) FILTER (WHERE due < reached)
      ELSE arg_max_null(due, since) END AS due,
    max(reached) AS reached, bool_or(late) AS late
  FROM told
  GROUP BY id
)
SELECT
  c.id, c."partition", c.case_id, c.clock, c.start, c.n, c.unit, c.stop, c.stopped, c.how, s.due,
  coalesce(c.stopped > s.due, s.late OR s.due < s.reached, false) AS broken,
  coalesce(p.centre, '') AS centre, coalesce(p."window", '') AS "window", a.project_type,
  h.centre AS laid_centre, h.dept AS laid_dept,
  CASE WHEN h.dept = '' AND h.centre = coalesce(p.centre, '') THEN p."window" END AS laid_window
FROM clocks AS c
JOIN settled AS s USING (id)
LEFT JOIN acceptances AS a USING (case_id)
LEFT JOIN homes AS p USING (case_id)
LEFT JOIN breach_holders AS h
  ON h.case_id = c.case_id AND h.clock = c.clock AND h.start = c.start
