-- 用途   在厅人数: the count of people in a hall, each against the count before it that day
-- 依据   domain.md 3.4 hall.headcount; the sum of a day is its newest count
-- grain  one row a count; moment: the local day
-- parameters  table hall
-- unit   人
SELECT
  'heads' AS code, CAST(occurred_local AS DATE) AS moment, centre, '' AS "window",
  heads - lag(heads, 1, 0) OVER (PARTITION BY hall ORDER BY version) AS amount
FROM hall
WHERE type = 'hall.headcount'
