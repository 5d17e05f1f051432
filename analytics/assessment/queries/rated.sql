-- 用途   参评: services that were rated, each once
-- 依据   domain.md K22; at the end of the service, which is the conclusion of the case
-- grain  one row a case
-- parameters  tables given, conclusions
-- unit   件
SELECT 'rated_services' AS code, occurred_local AS moment, centre, "window", 1 AS amount
FROM conclusions
SEMI JOIN (SELECT stream_key AS case_id FROM given WHERE subject = 'case') AS r USING (case_id)
