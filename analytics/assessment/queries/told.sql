-- 用途   补正与不予受理: cases told what is missing, for the first time, and cases not accepted
-- 依据   domain.md K19; at the place where they were told
-- grain  one row a case and code
-- parameters  table facts
-- unit   件
SELECT 'noticed' AS code, occurred_local AS moment, centre, "window", 1 AS amount
FROM facts
WHERE type = 'case.supplement_noticed'
QUALIFY row_number() OVER (PARTITION BY case_id ORDER BY "offset") = 1
UNION ALL
SELECT 'not_accepted', occurred_local, centre, "window", 1
FROM facts
WHERE type = 'case.not_accepted'
