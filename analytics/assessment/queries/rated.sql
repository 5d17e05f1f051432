-- 用途   可评, 参评: services that could be rated, and those that were, each once
-- 依据   domain.md K22: visits that ended with a case, and cases concluded without a visit, at the end
-- grain  one row a service and code
-- parameters  tables visits, conclusions, given
-- unit   件
WITH services AS (
  SELECT 'case' AS subject, case_id AS stream_key, NULL AS ticket, occurred_local, centre, "window"
  FROM conclusions
  WHERE visited = 0 AND result NOT IN (2, 3)
  UNION ALL
  SELECT 'ticket', hall, ticket, ended, centre, "window"
  FROM visits
  WHERE with_case
), rated AS (
  SELECT DISTINCT stream_key, subject, ticket
  FROM given
)
SELECT
  unnest(CASE WHEN r.subject IS NULL THEN ['rateable'] ELSE ['rateable', 'rated_services'] END)
    AS code,
  s.occurred_local AS moment, s.centre, s."window", 1 AS amount
FROM services AS s
LEFT JOIN rated AS r
  ON r.subject = s.subject AND r.stream_key = s.stream_key
  AND r.ticket IS NOT DISTINCT FROM s.ticket
