-- 用途   审批决定: decisions whose working time is known, that time, and how it is spread
-- 依据   domain.md K10 (H); an unknown is not a zero; a working day is 480 minutes
-- grain  one row a decision and code
-- parameters  table decisions
-- unit   件 (decision_n, decision_from_*), 工作分钟 (decision_minutes)
SELECT
  unnest(['decision_n', 'decision_minutes', CASE
    WHEN minutes >= 20 * 480 THEN 'decision_from_20d'
    WHEN minutes >= 10 * 480 THEN 'decision_from_10d'
    WHEN minutes >= 5 * 480 THEN 'decision_from_5d'
    WHEN minutes >= 3 * 480 THEN 'decision_from_3d'
    WHEN minutes >= 2 * 480 THEN 'decision_from_2d'
    WHEN minutes >= 1 * 480 THEN 'decision_from_1d'
    ELSE 'decision_from_0d'
  END]) AS code,
  occurred_local AS moment, centre, "window", unnest([1, minutes, 1]) AS amount
FROM decisions
WHERE minutes IS NOT NULL
