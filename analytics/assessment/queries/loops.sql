-- 用途   差评整改与回访: negatives found valid and rectified; rectifications and callbacks in time
-- 依据   domain.md K26 (on the day of the finding), K25, K27 (at the resolution instant, 6.1)
-- grain  one row a negative and code
-- parameters  table neg_loops
-- unit   件
WITH steps AS (
  SELECT
    'rectify_in_time' AS in_time, 'rectify_resolved' AS code, rectified AS done,
    rectify_due AS day, rectify_noticed AS noticed, centre, "window"
  FROM neg_loops
  UNION ALL
  SELECT
    'callback_in_time', 'callback_resolved', called_back, callback_due, callback_noticed, centre,
    "window"
  FROM neg_loops
  WHERE callback_due IS NOT NULL
), resolved AS (
  SELECT
    *, CAST(done AS DATE) <= day AS kept, coalesce(CAST(done AS DATE) > day, noticed) AS broken,
    day + INTERVAL '23:59:59.999' AS due
  FROM steps
)
SELECT 'verified_valid' AS code, verified AS moment, centre, "window", 1 AS amount
FROM neg_loops WHERE valid
UNION ALL
SELECT 'rectified', verified, centre, "window", 1
FROM neg_loops WHERE rectified IS NOT NULL
UNION ALL
SELECT unnest([in_time, code]), done, centre, "window", 1
FROM resolved WHERE kept
UNION ALL
SELECT code, due, centre, "window", 1
FROM resolved WHERE broken
