-- 用途   巡查问题整改率: findings of notices whose rectification was accepted in time, and those overdue
-- 依据   domain.md K45, 6.1: once, at min(accepted, breach); accepted by the city office (3.8)
-- grain  one row a finding that is resolved
-- parameters  tables inspection_facts, finding_dues
-- unit   个; overdue in the last hour of the due; centre = the inspected
WITH inspected AS (
  SELECT inspection, centre
  FROM inspection_facts
  WHERE type = 'inspection.conducted'
), accepted AS (
  SELECT
    inspection, occurred_local AS accepted,
    unnest(CAST(json_extract_string(data, '$.finding_ids[*]') AS VARCHAR[])) AS finding
  FROM inspection_facts
  WHERE type = 'rectification.accepted'
), noticed AS (
  SELECT DISTINCT inspection, json_extract_string(data, '$.finding_id') AS finding
  FROM inspection_facts
  WHERE type = 'inspection.clock_breached'
), resolved AS (
  SELECT
    i.centre, a.accepted, d.due,
    CASE WHEN a.accepted IS NULL THEN n.finding IS NOT NULL
      ELSE CAST(a.accepted AS DATE) > d.due END AS overdue
  FROM finding_dues AS d
  JOIN inspected AS i USING (inspection)
  LEFT JOIN accepted AS a USING (inspection, finding)
  LEFT JOIN noticed AS n USING (inspection, finding)
)
SELECT 'findings_rectified' AS code, accepted AS moment, centre, '' AS "window", 1 AS amount
FROM resolved WHERE accepted IS NOT NULL AND NOT overdue
UNION ALL
SELECT 'findings_overdue', CAST(due AS TIMESTAMP) + INTERVAL 23 HOUR, centre, '', 1
FROM resolved WHERE overdue
