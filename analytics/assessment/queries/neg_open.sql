-- 用途   未办结差评: negatives dispatched and not closed, under the due of their rectification, by what has to be done next
-- 依据   domain.md 3.6, 4.2 C11, C12, 8.1 negatives; of an open appeal the city decides first
-- grain  one row a negative; moment: the local day of the due; window = step
-- parameters  table neg_loops
-- unit   件
SELECT
  'neg_open' AS code, CAST(rectify_due AS DATE) AS moment, centre,
  CASE
    WHEN appealing THEN 'appeal'
    WHEN upheld THEN 'reply'
    WHEN verified IS NULL THEN 'verify'
    WHEN valid AND rectified IS NULL THEN 'rectify'
    WHEN real_name AND called_back IS NULL THEN 'callback'
    ELSE 'reply'
  END AS "window", 1 AS amount
FROM neg_loops
WHERE open
