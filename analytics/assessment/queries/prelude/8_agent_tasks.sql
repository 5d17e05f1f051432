-- 用途   the tasks (代办) that an agent took on: who held them, how they ended, when they were due
-- 依据   domain.md 3.7, 4.2 C14: as committed; waiting for the citizen that began by the due moves it
-- grain  one row a task that was accepted
-- parameters  table agent_facts
-- unit   local days; waits = it waits for the citizen at the cut or waited when it ended;
--        noticed = a tick came past the due, or a fact that was too late
WITH accepted AS (
  SELECT
    task, centre, source_class <> 'historical' AS timed,
    CAST(json_extract_string(data, '$.due') AS DATE) AS committed
  FROM agent_facts
  WHERE type = 'agent.accepted'
), noticed AS (
  SELECT task, min(version) AS noticed
  FROM agent_facts
  WHERE type = 'agent.clock_breached'
  GROUP BY task
), turns AS (
  SELECT
    task, version, type, CAST(occurred_local AS DATE) AS since,
    lead(CAST(occurred_local AS DATE)) OVER (PARTITION BY task ORDER BY version) AS until
  FROM agent_facts
  WHERE type IN ('agent.suspended', 'agent.resumed')
), waits AS (
  SELECT
    t.task, t.version, t.until, t.until - t.since AS days,
    t.since <= a.committed + CAST(coalesce(sum(t.until - t.since) OVER earlier, 0) AS INTEGER)
    AND (n.noticed IS NULL OR t.version < n.noticed) AS in_time
  FROM turns AS t
  JOIN accepted AS a USING (task)
  LEFT JOIN noticed AS n USING (task)
  WHERE t.type = 'agent.suspended'
  WINDOW earlier AS (
    PARTITION BY t.task ORDER BY t.version ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
  )
), waited AS (
  SELECT
    task, until, days, bool_and(in_time) OVER (PARTITION BY task ORDER BY version) AS counts
  FROM waits
), stood AS (
  SELECT task, CAST(coalesce(sum(days), 0) AS INTEGER) AS days, bool_or(until IS NULL) AS waits
  FROM waited
  WHERE counts
  GROUP BY task
), handed AS (
  SELECT task, version, CAST(occurred_local AS DATE) AS since, centre
  FROM agent_facts
  WHERE type = 'agent.handed_to_town'
), ended AS (
  SELECT task, occurred_local AS ended, json_extract_string(data, '$.outcome') AS outcome
  FROM agent_facts
  WHERE type = 'agent.ended'
), timed AS (
  SELECT
    a.task, a.timed, a.centre, a.committed + coalesce(s.days, 0) AS due,
    coalesce(s.waits, false) AS waits, n.noticed
  FROM accepted AS a
  LEFT JOIN stood AS s USING (task)
  LEFT JOIN noticed AS n USING (task)
)
SELECT
  t.task, t.timed, t.due, t.waits, t.noticed IS NOT NULL AS noticed, e.ended, e.outcome,
  CASE WHEN h.task IS NULL THEN t.centre ELSE h.centre END AS centre,
  CASE WHEN h.version < t.noticed AND h.since <= t.due THEN h.centre ELSE t.centre END
    AS centre_when_due
FROM timed AS t
LEFT JOIN handed AS h USING (task)
LEFT JOIN ended AS e USING (task)
ORDER BY t.task
