-- 用途   在办量: cases accepted and not yet concluded at the cut; 离开在办: those that left it
-- 依据   domain.md K04 (S)
-- grain  one row a case; a gauge has no moment
-- parameters  tables acceptances, conclusions
-- unit   件
SELECT 'in_progress' AS code, NULL::TIMESTAMP AS moment, centre, '' AS "window", 1 AS amount
FROM acceptances
ANTI JOIN conclusions USING (case_id)
UNION ALL
SELECT 'left', occurred_local, centre, '', 1
FROM conclusions
SEMI JOIN acceptances USING (case_id)
