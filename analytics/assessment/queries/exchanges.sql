-- 用途   数据上报: facts handed over to their platform in time, and those whose time passed
-- 依据   domain.md K43, C15 (T+1 08:00), 6.1: each obligation once; broken: at whom it was laid to
-- grain  one row a fact that has to be reported, once its obligation is settled
-- parameters  table obligations
-- unit   条
SELECT 'exchanged_in_time' AS code, stopped AS moment, centre, "window", 1 AS amount
FROM obligations
WHERE clock = 'C15' AND how = 'done' AND NOT broken
UNION ALL
SELECT 'exchange_broken', due, laid_centre, laid_window, 1
FROM obligations
WHERE clock = 'C15' AND broken
