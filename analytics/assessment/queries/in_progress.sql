-- 用途   在办量: cases accepted and not yet concluded at the cut
-- 依据   domain.md K04 (S)
-- grain  one row a case; a gauge has no moment
-- parameters  tables facts, acceptances
-- unit   件
SELECT 'in_progress' AS code, NULL::TIMESTAMP AS moment, centre, '' AS "window", 1 AS amount
FROM acceptances
ANTI JOIN (SELECT case_id FROM facts WHERE type = 'case.concluded') AS c USING (case_id)
