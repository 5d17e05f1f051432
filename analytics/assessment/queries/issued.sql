-- 用途   出件量: facts of cases, at the place the case was accepted
-- 依据   domain.md 3.3; bucket = occurrence of the issue
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  tables facts, acceptances
-- unit   件
WITH hourly AS (
  SELECT
    'issued' AS code, date_trunc('hour', f.occurred_local) AS hour,
    coalesce(a.centre, '') AS centre, coalesce(a."window", '') AS "window", count(*) AS total
  FROM facts AS f
  LEFT JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'case.issued'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
