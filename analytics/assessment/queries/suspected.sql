-- 用途   体外循环疑似: concluded cases about which R04 or R05 was raised and not cancelled
-- 依据   domain.md K42: open or confirmed; 作废办结 and 删除办结 concluded nothing (K03)
-- grain  one row a case
-- parameters  tables alert_facts, conclusions
-- unit   件, at the conclusion
WITH newest AS (
  SELECT subject AS case_id, type
  FROM alert_facts
  WHERE rule IN ('R04', 'R05') AND starts_with(about_stream, 'case/')
  QUALIFY row_number() OVER (PARTITION BY subject, alert_id ORDER BY version DESC) = 1
), suspected AS (
  SELECT DISTINCT case_id
  FROM newest
  WHERE type <> 'alert.cancelled'
)
SELECT
  'suspected' AS code, c.occurred_local AS moment, c.centre, c."window", 1 AS amount
FROM conclusions AS c
JOIN suspected AS s USING (case_id)
WHERE c.result NOT IN (2, 3)
