-- 用途   离开在办: accepted cases at their conclusion, whatever its result; what 在办 lost
-- 依据   domain.md K04, by the hour
-- grain  code, bucket (local hour, and local day), centre of acceptance, window ''
-- parameters  tables facts, acceptances
-- unit   件
WITH hourly AS (
  SELECT
    date_trunc('hour', f.occurred_local) AS hour, coalesce(a.centre, '') AS centre,
    count(*) AS total
  FROM facts AS f
  JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'case.concluded'
  GROUP BY ALL
)
SELECT 'left' AS code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, '' AS "window",
  total AS sum
FROM hourly
UNION ALL
SELECT 'left' AS code, strftime(hour, '%Y-%m-%d') AS bucket, centre, '' AS "window",
  sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
