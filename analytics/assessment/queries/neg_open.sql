-- 用途   未办结差评: negatives dispatched and not closed, under the due of their rectification, by what has to be done next
-- 依据   domain.md 3.6, 4.2 C11, C12, 8.1 negatives; of an open appeal the city decides first
-- grain  code, bucket (local day of the due), centre of acceptance, window = step
-- parameters  table neg_loops
-- unit   件
SELECT
  'neg_open' AS code, strftime(rectify_due, '%Y-%m-%d') AS bucket, coalesce(centre, '') AS centre,
  CASE
    WHEN appealing THEN 'appeal'
    WHEN upheld THEN 'reply'
    WHEN verified IS NULL THEN 'verify'
    WHEN valid AND rectified IS NULL THEN 'rectify'
    WHEN real_name AND called_back IS NULL THEN 'callback'
    ELSE 'reply'
  END AS "window", count(*) AS sum
FROM neg_loops
WHERE open
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
