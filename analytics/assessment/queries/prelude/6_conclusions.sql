-- 用途   conclusions (办结), with what happened to the case until then, and who came to fetch it
-- 依据   domain.md K03, K10, K15–K18, K21: type and limits are those of its acceptance
-- grain  one row a concluded case
-- parameters  tables facts, acceptances, homes, pauses, workdays
-- unit   elapsed: working days since the acceptance, pauses out; NULL = unknown, or promised otherwise
WITH concluded AS (
  SELECT
    f."partition", f."offset", f.case_id, f.occurred_local,
    CAST(json_extract_string(f.data, '$.result_code') AS INTEGER) AS result, f.calendar
  FROM facts AS f
  WHERE f.type = 'case.concluded'
), course AS (
  SELECT
    c.case_id,
    any_value(f.channel) FILTER (WHERE f.type = 'case.submitted') AS channel,
    count(*) FILTER (WHERE f.type = 'case.supplement_noticed' AND f."offset" < c."offset")
      AS notices,
    count(*) FILTER (WHERE f.type = 'case.visited') AS visits,
    count(*) FILTER (WHERE f.type = 'case.visited' AND f.occurred_local <= c.occurred_local)
      AS visited,
    count(*) FILTER (WHERE f.type = 'case.delivered'
      AND json_extract_string(f.data, '$.method') IN ('window', 'locker')) AS handed_out
  FROM concluded AS c
  JOIN facts AS f USING (case_id)
  WHERE f.type IN
    ('case.submitted', 'case.supplement_noticed', 'case.visited', 'case.delivered')
  GROUP BY c.case_id
), promised AS (
  SELECT
    c.case_id, c.calendar, CAST(a.since AS DATE) AS started,
    CAST(c.occurred_local AS DATE) AS ended
  FROM concluded AS c
  JOIN acceptances AS a USING (case_id)
  WHERE a.source_class <> 'historical'
    AND coalesce(json_extract_string(a.promised, '$.unit'), 'workday') = 'workday'
    AND a.promised IS NOT NULL
), paused AS (
  SELECT p.case_id, p.calendar, greatest(z.started, p.started) AS started,
    least(coalesce(z.ended, p.ended), p.ended) AS ended
  FROM promised AS p
  JOIN pauses AS z USING (case_id)
), apart AS (
  SELECT
    case_id, calendar, ended,
    greatest(started, coalesce(max(ended) OVER (
      PARTITION BY case_id ORDER BY started, ended
      ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ), started)) AS started
  FROM paused
  WHERE started < ended
), stood_from AS MATERIALIZED (
  SELECT z.case_id, z.calendar, z.ended, w.nth
  FROM apart AS z
  JOIN workdays AS w ON w.calendar = z.calendar AND w.day = z.started
), stood_still AS (
  SELECT z.case_id, sum(greatest(0, e.nth - z.nth)) AS days
  FROM stood_from AS z
  JOIN workdays AS e ON e.calendar = z.calendar AND e.day = z.ended
  GROUP BY z.case_id
), begun AS MATERIALIZED (
  SELECT p.case_id, p.calendar, p.ended, w.nth, w.unknown
  FROM promised AS p
  JOIN workdays AS w ON w.calendar = p.calendar AND w.day = p.started
  WHERE NOT w.is_unknown
), used AS (
  SELECT
    p.case_id, CAST(greatest(0, e.nth - p.nth - coalesce(z.days, 0)) AS INTEGER) AS elapsed
  FROM begun AS p
  JOIN workdays AS e ON e.calendar = p.calendar AND e.day = p.ended
  LEFT JOIN stood_still AS z USING (case_id)
  WHERE e.unknown = p.unknown
)
SELECT
  c.case_id, c."offset", c.occurred_local, c.result, a.project_type, o.channel,
  coalesce(o.notices, 0) AS notices, coalesce(o.visits, 0) AS visits,
  coalesce(o.visited, 0) AS visited,
  coalesce(o.handed_out, 0) AS handed_out, u.elapsed,
  CASE WHEN p.case_id IS NOT NULL
    THEN CAST(json_extract_string(a.promised, '$.n') AS INTEGER) END AS promised,
  a.source_class = 'historical' AS historical,
  CAST(a.since AS DATE) = CAST(c.occurred_local AS DATE) AS same_day,
  coalesce(h.centre, '') AS centre, coalesce(h."window", '') AS "window"
FROM concluded AS c
LEFT JOIN course AS o USING (case_id)
LEFT JOIN homes AS h USING (case_id)
LEFT JOIN acceptances AS a USING (case_id)
LEFT JOIN promised AS p USING (case_id)
LEFT JOIN used AS u USING (case_id)
