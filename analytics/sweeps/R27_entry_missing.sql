-- 用途   进驻缺失: a department that has to be at a centre and is not, after its deadline
-- 依据   domain.md 5.2 R27, S2.3–S2.6; zones count as 重点中心镇 (5.1)
-- grain  level, subject (the centre), about (the department and since which day), since, centre, window, dept, facts
-- parameters  tables counting, centres
-- unit   alerts
WITH duties AS (
  SELECT
    id, stream_key AS dept, json_extract_string(data, '$.level') AS level,
    json_extract_string(data, '$.key_central_only') = 'true' AS key_central_only,
    CAST(json_extract_string(data, '$.deadline') AS DATE) AS deadline
  FROM counting
  WHERE type = 'dept.entry_required'
  QUALIFY row_number() OVER (
    PARTITION BY stream_key, json_extract_string(data, '$.level') ORDER BY version DESC) = 1
), entries AS (
  SELECT
    type, stream_key AS dept, occurred_local, json_extract_string(data, '$.centre_id') AS centre
  FROM counting
  WHERE type IN ('dept.entered', 'dept.left')
  QUALIFY row_number() OVER (
    PARTITION BY stream_key, json_extract_string(data, '$.centre_id') ORDER BY version DESC) = 1
), missing AS (
  SELECT
    d.id, d.dept, c.centre,
    greatest(CAST(d.deadline + 1 AS TIMESTAMP), e.occurred_local) AS since
  FROM duties AS d
  JOIN centres AS c ON c.level = d.level
  LEFT JOIN entries AS e ON e.dept = d.dept AND e.centre = c.centre
  WHERE coalesce(e.type = 'dept.left', true)
    AND CAST((SELECT max(occurred_local) FROM counting) AS DATE) > d.deadline
    AND (NOT d.key_central_only OR c.tier IN ('zone', 'key_central_town'))
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  'entry.' || dept || '@' || strftime(since, '%Y-%m-%d') AS about, since, centre,
  NULL AS "window", dept, [id] AS facts
FROM missing
ORDER BY subject, about
