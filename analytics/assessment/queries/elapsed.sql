-- 用途   办件用时: working days that promised cases took, pauses out, and how they are spread
-- 依据   domain.md K10 (H)
-- grain  one row a conclusion and code
-- parameters  table conclusions
-- unit   工作日 (elapsed_days), 件 (elapsed_from_*)
SELECT
  unnest(['elapsed_days', CASE
    WHEN elapsed >= 20 THEN 'elapsed_from_20d'
    WHEN elapsed >= 10 THEN 'elapsed_from_10d'
    WHEN elapsed >= 5 THEN 'elapsed_from_5d'
    WHEN elapsed >= 3 THEN 'elapsed_from_3d'
    WHEN elapsed >= 2 THEN 'elapsed_from_2d'
    WHEN elapsed >= 1 THEN 'elapsed_from_1d'
    ELSE 'elapsed_from_0d'
  END]) AS code,
  occurred_local AS moment, centre, "window", unnest([elapsed, 1]) AS amount
FROM conclusions
WHERE elapsed IS NOT NULL AND result IN (0, 1, 4)
  AND project_type IN ('promised', 'joint', 'escalated')
