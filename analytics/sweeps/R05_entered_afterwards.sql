-- 用途   体外循环-事后补录 (a): a case whose whole course was entered within ten minutes
-- 依据   domain.md 5.2 R05 (a): not instant, recorded within 10 min, occurred over more than a day
-- grain  level, subject (the case), about '', since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
SELECT
  'yellow' AS level, 'case/' || stream_key AS subject, '' AS about, min(occurred_local) AS since,
  any_value(centre) FILTER (WHERE type = 'case.accepted') AS centre,
  any_value("window") FILTER (WHERE type = 'case.accepted') AS "window",
  any_value(dept) AS dept, list(id ORDER BY occurred_local, id) AS facts
FROM counting
WHERE type IN ('case.submitted', 'case.accepted', 'case.decision_made', 'case.concluded')
GROUP BY stream_key
HAVING count(DISTINCT type) = 4
  AND max(recorded_at) - min(recorded_at) <= INTERVAL 10 MINUTE
  AND max(occurred_local) - min(occurred_local) > INTERVAL 1 DAY
  AND bool_and(coalesce(json_extract_string(stamp, '$.project_type'), '') <> 'instant')
ORDER BY subject
