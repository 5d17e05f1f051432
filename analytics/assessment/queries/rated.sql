-- 用途   参评: services that were rated, each once
-- 依据   domain.md K22; at the end of the service, which is the conclusion of the case
-- grain  one row a case
-- parameters  tables facts, conclusions, acceptances
-- unit   件
SELECT 'rated_services' AS code, c.occurred_local AS moment, a.centre, a."window", 1 AS amount
FROM conclusions AS c
LEFT JOIN acceptances AS a USING (case_id)
SEMI JOIN (SELECT case_id FROM facts WHERE type = 'rating.submitted') AS r USING (case_id)
