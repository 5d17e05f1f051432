-- 用途   代办量, 代办按时率, 代办满意率: tasks done, done in time, overdue; called back, satisfied
-- 依据   domain.md K34: bucket = the end; overdue at the breach (resolution instant, 6.1)
-- grain  code, bucket (local hour, and local day), centre of the agent, window ''
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
), hourly AS (
  SELECT
    code, date_trunc('hour', moment) AS hour, coalesce(centre, '') AS centre, count(*) AS total
  FROM counted
  GROUP BY ALL
)
SELECT code, strftime(hour, '%Y-%m-%dT%H') AS bucket, centre, '' AS "window", total AS sum
FROM hourly
UNION ALL
SELECT code, strftime(hour, '%Y-%m-%d') AS bucket, centre, '' AS "window", sum(total) AS sum
FROM hourly
GROUP BY ALL
ORDER BY code, bucket, centre, "window"
