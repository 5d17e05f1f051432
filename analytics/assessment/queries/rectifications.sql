-- 用途   差评整改: negatives found valid, rectified, and rectified by their due (按期整改)
-- 依据   domain.md K26 (on the day of the finding), K27 (at the resolution instant, 6.1)
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table neg_loops
-- unit   件; a breach is resolved in the last hour of its due
WITH loops AS (
  SELECT
    *, CAST(rectified AS DATE) <= rectify_due AS in_time,
    CAST(rectified AS DATE) > rectify_due OR (rectified IS NULL AND rectify_noticed) AS late,
    CAST(rectify_due AS TIMESTAMP) + INTERVAL 23 HOUR AS breached
  FROM neg_loops
), counted AS (
  SELECT 'verified_valid' AS code, verified AS moment, centre, "window"
  FROM loops WHERE valid
  UNION ALL
  SELECT 'rectified' AS code, verified AS moment, centre, "window"
  FROM loops WHERE rectified IS NOT NULL
  UNION ALL
  SELECT 'rectify_in_time' AS code, rectified AS moment, centre, "window"
  FROM loops WHERE in_time
  UNION ALL
  SELECT 'rectify_resolved' AS code, rectified AS moment, centre, "window"
  FROM loops WHERE in_time
  UNION ALL
  SELECT 'rectify_resolved' AS code, breached AS moment, centre, "window"
  FROM loops WHERE late
), hourly AS (
  SELECT
    code, date_trunc('hour', moment) AS hour, coalesce(centre, '') AS centre,
    coalesce("window", '') AS "window", count(*) AS total
  FROM counted
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
