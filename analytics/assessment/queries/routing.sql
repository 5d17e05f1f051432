-- 用途   窗口受理与错窗受理: acceptances at a window, and at one that does not take the item there
-- 依据   domain.md R03, K40
-- grain  one row an acceptance and code
-- parameters  table routing
-- unit   件
SELECT
  unnest(CASE WHEN wrong THEN ['accepted_at_window', 'wrong_window']
    ELSE ['accepted_at_window'] END) AS code,
  occurred_local AS moment, centre, "window", 1 AS amount
FROM routing
