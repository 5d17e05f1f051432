-- 用途   差评: ratings of one or two stars, at the place the rated case was accepted
-- 依据   domain.md K24; 国办发〔2019〕51号
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  tables facts, acceptances
-- unit   次
WITH hourly AS (
  SELECT
    'negatives' AS code, date_trunc('hour', f.occurred_local) AS hour,
    coalesce(a.centre, '') AS centre, coalesce(a."window", '') AS "window", count(*) AS total
  FROM facts AS f
  LEFT JOIN acceptances AS a USING (case_id)
  WHERE f.type = 'rating.submitted' AND CAST(json_extract_string(f.data, '$.stars') AS INTEGER) <= 2
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
