-- 用途   代办量, 代办按时率, 代办满意率: tasks done, done in time, overdue; called back, satisfied
-- 依据   domain.md K34: bucket = the end; overdue at the breach (resolution instant, 6.1)
-- grain  one row a task or callback that counts; centre of the agent
-- parameters  tables agent_tasks, agent_facts
-- unit   件; a breach is resolved in the last hour of its due
WITH tasks AS (
  SELECT
    *, timed AND (waits OR CAST(ended AS DATE) <= due) AS in_time,
    timed AND NOT waits AND (CAST(ended AS DATE) > due OR (ended IS NULL AND noticed)) AS late
  FROM agent_tasks
), counted AS (
  SELECT 'agent_done' AS code, ended AS moment, centre
  FROM tasks WHERE outcome = 'done'
  UNION ALL
  SELECT 'agent_in_time' AS code, ended AS moment, centre
  FROM tasks WHERE outcome = 'done' AND in_time
  UNION ALL
  SELECT 'agent_overdue' AS code, CAST(due AS TIMESTAMP) + INTERVAL 23 HOUR AS moment,
    centre_when_due AS centre
  FROM tasks WHERE late
  UNION ALL
  SELECT 'agent_called_back' AS code, t.ended AS moment, t.centre
  FROM tasks AS t
  JOIN agent_facts AS f ON f.task = t.task AND f.type = 'agent.called_back'
  UNION ALL
  SELECT 'agent_satisfied' AS code, t.ended AS moment, t.centre
  FROM tasks AS t
  JOIN agent_facts AS f ON f.task = t.task AND f.type = 'agent.called_back'
  WHERE CAST(json_extract_string(f.data, '$.satisfied') AS BOOLEAN)
)
SELECT code, moment, centre, '' AS "window", 1 AS amount
FROM counted
