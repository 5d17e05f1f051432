-- 用途   一件事件: cases that were added to bundles, where the bundle was opened
-- 依据   domain.md K44, 3.3; bucket = when the case was added
-- grain  one row a case added
-- parameters  tables cut(partition, until), voided
-- unit   件
WITH told AS (
  SELECT e.stream_key AS bundle, e.type, e.occurred_local, e.centre
  FROM events AS e
  JOIN cut USING ("partition")
  ANTI JOIN voided USING (id)
  WHERE e."offset" < cut.until AND e.type IN ('bundle.opened', 'bundle.member_added')
)
SELECT 'bundle_cases' AS code, m.occurred_local AS moment, b.centre, '' AS "window", 1 AS amount
FROM told AS m
JOIN told AS b ON b.bundle = m.bundle AND b.type = 'bundle.opened'
WHERE m.type = 'bundle.member_added'
