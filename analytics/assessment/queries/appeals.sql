-- 用途   申诉: appeals decided, and those upheld
-- 依据   domain.md K29; bucket = the decision
-- grain  code, bucket (local hour, and local day), centre, window; '' = none
-- parameters  tables rating_facts, acceptances
-- unit   件
WITH decided AS (
  SELECT
    f.type, f.occurred_local, coalesce(a.centre, '') AS centre,
    coalesce(a."window", '') AS "window"
  FROM rating_facts AS f
  LEFT JOIN acceptances AS a USING (case_id)
  WHERE f.type IN ('appeal.upheld', 'appeal.denied')
), hourly AS (
  SELECT
    'appeals_decided' AS code, date_trunc('hour', occurred_local) AS hour, centre, "window",
    count(*) AS total
  FROM decided
  GROUP BY ALL
  UNION ALL
  SELECT
    'appeals_upheld' AS code, date_trunc('hour', occurred_local) AS hour, centre, "window",
    count(*) AS total
  FROM decided
  WHERE type = 'appeal.upheld'
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
