-- 用途   擅自撤出: a department left a centre without a document
-- 依据   domain.md 3.8a: left without doc_no → yellow
-- grain  level, subject (the centre), about (the department and since which day), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH entries AS (
  SELECT
    id, type, stream_key AS dept, occurred_local, data,
    json_extract_string(data, '$.centre_id') AS centre
  FROM counting
  WHERE type IN ('dept.entered', 'dept.left')
  QUALIFY row_number() OVER (PARTITION BY dept, centre ORDER BY version DESC) = 1
)
SELECT
  'yellow' AS level, 'centre/' || centre AS subject,
  'left.' || dept || '@' || strftime(occurred_local, '%Y-%m-%d') AS about, occurred_local AS since,
  centre, NULL AS "window", dept, [id] AS facts
FROM entries
WHERE type = 'dept.left' AND json_extract_string(data, '$.doc_no') IS NULL
ORDER BY subject, about
