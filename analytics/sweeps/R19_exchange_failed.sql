-- 用途   数据未上报: an exchange of a case failed more than three times and never succeeded
-- 依据   domain.md 5.2 R19 (退回); what was not reported by its due (C15) the ledger raises itself
-- grain  level, subject (the case), about (the target), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
SELECT
  'yellow' AS level, 'case/' || stream_key AS subject,
  json_extract_string(data, '$.target') AS about, min(occurred_local) AS since,
  any_value(json_extract_string(stamp, '$.accept_centre')) AS centre, NULL AS "window",
  any_value(json_extract_string(stamp, '$.dept')) AS dept,
  list(id ORDER BY occurred_local, id)[:5] AS facts
FROM counting
WHERE type = 'case.exchanged'
GROUP BY stream_key, json_extract_string(data, '$.target')
HAVING count(*) FILTER (WHERE json_extract_string(data, '$.ok') = 'false') > 3
  AND NOT bool_or(json_extract_string(data, '$.ok') = 'true')
ORDER BY subject, about
