-- 用途   实名差评回访: callbacks of real-name negatives that came due, and those made in time
-- 依据   domain.md K25 (at the resolution instant, 6.1); unreached 3 times on 2 days is done
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  table neg_loops
-- unit   件; a breach is resolved in the last hour of its due
WITH loops AS (
  SELECT
    *, CAST(called_back AS DATE) <= callback_due AS in_time,
    CAST(called_back AS DATE) > callback_due OR (called_back IS NULL AND callback_noticed) AS late,
    CAST(callback_due AS TIMESTAMP) + INTERVAL 23 HOUR AS breached
  FROM neg_loops
  WHERE callback_due IS NOT NULL
), counted AS (
  SELECT 'callback_in_time' AS code, called_back AS moment, centre, "window"
  FROM loops WHERE in_time
  UNION ALL
  SELECT 'callback_resolved' AS code, called_back AS moment, centre, "window"
  FROM loops WHERE in_time
  UNION ALL
  SELECT 'callback_resolved' AS code, breached AS moment, centre, "window"
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
