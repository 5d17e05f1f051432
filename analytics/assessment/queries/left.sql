-- 用途   离开在办: accepted cases at their conclusion, whatever its result; what 在办 lost by the hour
-- 依据   domain.md K04
-- grain  one row a conclusion of an accepted case
-- parameters  tables facts, acceptances
-- unit   件
SELECT 'left' AS code, f.occurred_local AS moment, a.centre, NULL AS "window", 1 AS amount
FROM facts AS f
JOIN acceptances AS a USING (case_id)
WHERE f.type = 'case.concluded'
