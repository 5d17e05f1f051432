-- 用途   重复收件: one applicant's item received twice within 24 hours, or while a case is open
-- 依据   domain.md 5.2 R11: same applicant, item and region; the later of the two is the subject
-- grain  level, subject (the later case), about '', since, centre, window, dept, facts
-- parameters  tables counting, centres
-- unit   alerts; region = 区镇 of the centre
WITH ended AS (
  SELECT stream_key, min(occurred_local) AS ended
  FROM counting
  WHERE type IN ('case.concluded', 'case.withdrawn', 'case.terminated', 'case.not_accepted')
  GROUP BY stream_key
), submitted AS (
  SELECT
    c.id, c.stream_key, c.occurred_local, c.centre, c."window", c.dept,
    coalesce(k.town, c.centre) AS region,
    json_extract_string(c.data, '$.applicant_ref') AS applicant,
    json_extract_string(c.data, '$.item') AS item, e.ended
  FROM counting AS c
  LEFT JOIN centres AS k ON k.centre = c.centre
  LEFT JOIN ended AS e ON e.stream_key = c.stream_key
  WHERE c.type = 'case.submitted'
)
SELECT
  'remind' AS level, 'case/' || b.stream_key AS subject, '' AS about, b.occurred_local AS since,
  b.centre, b."window", b.dept, list_append(list(a.id ORDER BY a.id), any_value(b.id)) AS facts
FROM submitted AS a
JOIN submitted AS b
  ON a.applicant = b.applicant AND a.item = b.item AND a.region IS NOT DISTINCT FROM b.region
  AND a.stream_key <> b.stream_key
  AND (a.occurred_local, a.stream_key) < (b.occurred_local, b.stream_key)
WHERE coalesce(a.ended > b.occurred_local, true)
  OR b.occurred_local - a.occurred_local <= INTERVAL 24 HOUR
GROUP BY b.stream_key, b.occurred_local, b.centre, b."window", b.dept
ORDER BY subject
