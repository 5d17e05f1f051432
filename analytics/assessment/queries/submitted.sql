-- 用途   申请量, 网办: applications received, and those of them online
-- 依据   domain.md K01, K20: 网上 and 移动 are online; at the place they were received
-- grain  one row an application
-- parameters  table facts
-- unit   件
SELECT
  unnest(CASE WHEN channel IN ('web', 'mobile') THEN ['submitted', 'submitted_online']
    ELSE ['submitted'] END) AS code,
  occurred_local AS moment, centre, "window", 1 AS amount
FROM facts
WHERE type = 'case.submitted'
