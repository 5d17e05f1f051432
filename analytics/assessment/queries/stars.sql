-- 用途   好差评各星级: ratings by stars, at the place the rated case was accepted
-- 依据   domain.md K23, K28; bucket = occurrence of the rating
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  tables facts, acceptances
-- unit   次
WITH hourly AS (
  SELECT
    'stars_' || json_extract_string(f.data, '$.stars') AS code,
    date_trunc('hour', f.occurred_local) AS hour,
    coalesce(a.centre, '') AS centre, coalesce(a."window", '') AS "window", count(*) AS total
  FROM facts AS f
  LEFT JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'rating.submitted'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
