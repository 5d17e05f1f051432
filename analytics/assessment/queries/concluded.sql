-- 用途   办结量, and how cases were concluded: 即办, 一次办结, 一次告知, 全程网办, 退件
-- 依据   domain.md K03, K15, K17–K19, K21; 作废办结 and 删除办结 (2, 3) concluded nothing
-- grain  one row a conclusion and code
-- parameters  table conclusions
-- unit   件
WITH finished AS (
  SELECT
    *, result NOT IN (2, 3) AS counts
  FROM conclusions
)
SELECT 'concluded' AS code, occurred_local AS moment, centre, "window", 1 AS amount
FROM finished WHERE counts
UNION ALL
SELECT 'quick', occurred_local, centre, "window", 1
FROM finished WHERE counts AND (project_type = 'instant' OR same_day)
UNION ALL
SELECT
  CASE WHEN visits <= 1 AND notices <= 1 THEN 'visits_once' ELSE 'visits_more' END,
  occurred_local, centre, "window", 1
FROM finished WHERE counts AND channel = 'window'
UNION ALL
SELECT
  CASE WHEN notices = 1 THEN 'told_once' ELSE 'told_more' END,
  occurred_local, centre, "window", 1
FROM finished WHERE notices > 0
UNION ALL
SELECT 'all_online', occurred_local, centre, "window", 1
FROM finished
WHERE counts AND channel IN ('web', 'mobile') AND visits = 0 AND handed_out = 0
UNION ALL
SELECT 'returned', occurred_local, centre, "window", 1
FROM finished WHERE result = 5
