-- 用途   数据未上报: an exchange of a case failed more than three times since it last succeeded
-- 依据   domain.md 5.2 R19 (退回); what was not reported by its due (C15) the ledger raises itself
-- grain  level, subject (the case), about (the target and since which day), since, centre, window, dept, facts
-- parameters  table counting
-- unit   alerts
WITH told AS (
  SELECT
    id, stream_key, version, occurred_local, json_extract_string(data, '$.target') AS target,
    json_extract_string(data, '$.ok') = 'true' AS ok,
    json_extract_string(stamp, '$.accept_centre') AS centre,
    json_extract_string(stamp, '$.dept') AS dept
  FROM counting
  WHERE type = 'case.exchanged'
), failed AS (
  SELECT *
  FROM told
  QUALIFY NOT bool_or(ok) OVER (
    PARTITION BY stream_key, target ORDER BY occurred_local, version
    ROWS BETWEEN CURRENT ROW AND UNBOUNDED FOLLOWING
  )
)
SELECT
  'yellow' AS level, 'case/' || stream_key AS subject,
  target || '@' || strftime(min(occurred_local), '%Y-%m-%d') AS about,
  min(occurred_local) AS since, any_value(centre) AS centre, NULL AS "window",
  any_value(dept) AS dept, list(id ORDER BY occurred_local, id)[:5] AS facts
FROM failed
GROUP BY stream_key, target
HAVING count(*) > 3
ORDER BY subject, about
