-- 用途   重复收件: one applicant's item received twice within 24 hours, or while a case is open
-- 依据   domain.md 5.2 R11; the later of the two is the subject
-- grain  level, subject (the later case), about '', since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH submitted AS (
  SELECT
    c.id, c.stream_key, c.occurred_local, c.centre, c."window", c.dept,
    json_extract_string(c.data, '$.applicant_ref') AS applicant,
    json_extract_string(c.data, '$.item') AS item,
    (SELECT min(o.occurred_local) FROM counting AS o
      WHERE o.type = 'case.concluded' AND o.stream_key = c.stream_key) AS concluded
  FROM counting AS c
  WHERE c.type = 'case.submitted'
)
SELECT
  'remind' AS level, 'case/' || b.stream_key AS subject, '' AS about, b.occurred_local AS since,
  b.centre, b."window", b.dept, list_append(list(a.id ORDER BY a.id), any_value(b.id)) AS facts
FROM submitted AS a
JOIN submitted AS b
  ON a.applicant = b.applicant AND a.item = b.item AND a.centre IS NOT DISTINCT FROM b.centre
  AND a.stream_key <> b.stream_key
  AND (a.occurred_local, a.stream_key) < (b.occurred_local, b.stream_key)
WHERE coalesce(a.concluded > b.occurred_local, true)
  OR b.occurred_local - a.occurred_local <= INTERVAL 24 HOUR
GROUP BY b.stream_key, b.occurred_local, b.centre, b."window", b.dept
ORDER BY subject
