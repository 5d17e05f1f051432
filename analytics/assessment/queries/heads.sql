-- 用途   在厅人数: the count of people in a hall, each against the count before it that day
-- 依据   domain.md 3.4 hall.headcount; the sum of a day is its newest count
-- grain  code, bucket (local day), centre, window ''
-- parameters  table hall
-- unit   人
SELECT
  'heads' AS code, strftime(occurred_local, '%Y-%m-%d') AS bucket, centre, '' AS "window",
  sum(more) AS sum
FROM (
  SELECT
    centre, occurred_local,
    heads - lag(heads, 1, 0) OVER (PARTITION BY hall ORDER BY version) AS more
  FROM hall
  WHERE type = 'hall.headcount'
)
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
