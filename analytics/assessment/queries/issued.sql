-- 用途   出件量: documents issued, at the place the case was accepted
-- 依据   domain.md 3.3
-- grain  one row an issue
-- parameters  tables facts, acceptances
-- unit   件
SELECT 'issued' AS code, f.occurred_local AS moment, a.centre, a."window", 1 AS amount
FROM facts AS f
LEFT JOIN acceptances AS a USING (case_id)
WHERE f.type = 'case.issued'
